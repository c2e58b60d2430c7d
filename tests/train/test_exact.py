"""The option exact of training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from memento.errors import InvalidFile
from memento.render.rendering import Rendering
from memento.train import checkpoint, train
from memento.train.batches import scores
from memento.train.config import Config
from memento.train.signet import double

from .signet_reference import Session, Trainer, logits

Toys = Callable[..., Rendering]


def sessions_of(rendering: Rendering) -> list[Session]:
    rows = rendering.embeddings.astype(np.float64)
    return [
        Session(
            context=rendering.contexts[s].astype(np.float64).tolist(),
            embeddings=rows[a:b].tolist(),
            features=rendering.features[a:b].astype(np.float64).tolist(),
            labels=rendering.labels[a:b].astype(np.float64).tolist(),
        )
        for s, (a, b) in enumerate(zip(rendering.offsets[:-1], rendering.offsets[1:], strict=True))
    ]


@pytest.fixture(scope="module")
def small() -> Rendering:
    from .conftest import toy

    return toy(sessions=12, candidates=(3, 6), dimension=16)


def test_it_trains_as_the_sidecar_newest_first_and_keeps_the_last_epoch(small: Rendering) -> None:
    run = train([(small, 1.0)], model="signet", exact=True, fit=0.75, validation=0.25)
    reference = Trainer({name: value.numpy() for name, value in double(16).state_dict().items()})
    fitted = sessions_of(small)[:9][::-1]
    losses = [reference.epochs(fitted, 1) for _ in range(3)]
    assert [epoch.loss for epoch in run.history] == pytest.approx(losses, abs=1e-10)
    assert run.best == 2
    given = torch.cat([logits(reference.weights, s) for s in sessions_of(small)]).detach().numpy()
    np.testing.assert_allclose(scores(run.scorer, small), given, atol=1e-6)


def test_its_checkpoint_keeps_every_bit(small: Rendering, tmp_path: Path) -> None:
    run = train([(small, 1.0)], model="signet", exact=True, epochs=1)
    checkpoint.save(run, tmp_path / "s")
    loaded = checkpoint.load(tmp_path / "s").scorer
    for name, value in run.scorer.state_dict().items():
        assert value.dtype == torch.float64
        assert torch.equal(loaded.state_dict()[name], value)
    assert checkpoint.load(tmp_path / "s").config == run.config


def test_its_defaults_are_the_sidecar_s() -> None:
    config = Config.of("signet", {"exact": True})
    assert (config.epochs, config.batch, config.rate, config.decay, config.shuffle) == (3, 1, 1e-3, 0.0, False)


@pytest.mark.parametrize(
    ("model", "options"),
    [("interaction", {}), ("signet", {"batch": 4}), ("signet", {"decay": 0.1}), ("signet", {"shuffle": True})],
)
def test_what_the_sidecar_cannot_do_is_refused(model: str, options: dict[str, object]) -> None:
    with pytest.raises(InvalidFile, match="exact takes"):
        Config.of(model, {"exact": True, **options})
