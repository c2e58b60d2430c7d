from __future__ import annotations

import pytest

from memento.errors import InvalidFile, NotFound
from memento.train.config import DEFAULTS, TRAINED, Config


def test_each_model_that_learns_has_defaults() -> None:
    assert set(DEFAULTS) == set(TRAINED)
    for name in TRAINED:
        config = Config.of(name, {"seed": 4, "epochs": None})
        assert (config.model, config.seed) == (name, 4)
        assert config.epochs == DEFAULTS[name]["epochs"]
        assert Config(**config.to_map()) == config


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidFile) as caught:
        Config(epochs=-1, batch=0, rate=0.0, temperature=float("nan"))
    assert len(caught.value.faults) == 4


def test_unknown_options_and_models_are_refused() -> None:
    with pytest.raises(InvalidFile, match="no option 'epoch'"):
        Config.of("linear", {"epoch": 3})
    with pytest.raises(NotFound):
        Config.of("linea", {})
    with pytest.raises(InvalidFile, match="learns nothing"):
        Config.of("recency", {})


def test_shares_cannot_exceed_the_whole() -> None:
    with pytest.raises(InvalidFile, match="more than all"):
        Config(fit=0.9, validation=0.2)
