from __future__ import annotations

import pytest

from memento.errors import InvalidFile, NotFound, UsageError
from memento.models import LEARNERS
from memento.train.config import DEFAULTS, Config


def test_each_model_that_learns_has_defaults() -> None:
    assert set(DEFAULTS) == set(LEARNERS)
    for name in LEARNERS:
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
    with pytest.raises(UsageError, match="learns nothing"):
        Config.of("recency", {})


def test_shares_cannot_exceed_the_whole() -> None:
    with pytest.raises(InvalidFile, match="more than all"):
        Config(fit=0.9, validation=0.2)


def test_a_loss_is_one_of_the_catalogue() -> None:
    assert Config.of("linear", {"loss": "pairwise"}).loss == "pairwise"
    with pytest.raises(InvalidFile, match="did you mean pairwise"):
        Config.of("linear", {"loss": "pairwize"})
    with pytest.raises(InvalidFile, match="loss=3 is not one of"):
        Config.of("linear", {"loss": 3})


def test_what_is_true_or_false_is_nothing_else() -> None:
    for name in ("shuffle", "exact"):
        for value in ("maybe", 1, 0):
            with pytest.raises(InvalidFile, match=f"{name}={value!r} is not true or false"):
                Config.of("signet", {name: value})
