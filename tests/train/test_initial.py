"""Training that begins at the weights of another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from memento.errors import InvalidFile, UsageError
from memento.render.rendering import Rendering
from memento.train import train
from memento.train.batches import Resident
from memento.train.config import Config
from memento.train.trainer import Material


@pytest.mark.parametrize("model", ["interaction", "mlp"])
def test_a_step_of_nearly_no_length_leaves_the_scorer_as_it_began(toys: Callable[..., Rendering], model: str) -> None:
    """Scales and account are the first training's, in what is trained and in the running mean that is kept."""
    early, late = toys(sessions=20, seed=1), toys(sessions=20, seed=2)
    first = train([(early, 1.0)], model=model, epochs=2)
    same = train([(late, 1.0)], model=model, epochs=1, initial=first, rate=1e-8, decay=0.0, average=0.99)
    for name, value in first.scorer.named_buffers():
        assert torch.equal(value, dict(same.scorer.named_buffers())[name]), name
    given, kept = (Resident([early]).score(run.scorer) for run in (first, same))
    np.testing.assert_allclose(given, kept, atol=1e-4)


def test_it_is_judged_on_what_it_is_served_with(toys: Callable[..., Rendering]) -> None:
    """The inputs that `sequence` makes of the past hang on the account that it began with."""
    early, late = toys(sessions=20, seed=1), toys(sessions=20, seed=2)
    first = train([(early, 1.0)], model="sequence", epochs=1)
    config = Config.of("sequence", {"epochs": 1})
    scorer, _, judge = Material([(late, 1.0)], config.fit, config.validation).parts(config, first.scorer)
    inputs = scorer.inputs(Resident([late]))
    assert inputs is not None
    assert judge.resident.inputs is not None
    assert torch.equal(judge.resident.inputs, inputs)


@pytest.mark.parametrize(("model", "options"), [("lambdamart", {}), ("signet", {"exact": True})])
def test_a_training_that_begins_from_nothing_takes_no_checkpoint(
    toys: Callable[..., Rendering], model: str, options: dict[str, bool]
) -> None:
    small = toys(sessions=12)
    first = train([(small, 1.0)], model="linear", epochs=1)
    with pytest.raises(UsageError, match="begins from nothing"):
        train([(small, 1.0)], model=model, initial=first, **options)


def test_an_unfinished_training_belongs_to_the_checkpoint_that_it_began_at(
    toys: Callable[..., Rendering], tmp_path: Path
) -> None:
    early, late = toys(sessions=20, seed=1), toys(sessions=20, seed=2)
    one, other = (train([(early, 1.0)], model="linear", epochs=1, seed=seed) for seed in (0, 1))
    other.scorer.weight.data += 1.0
    kept = tmp_path / "kept.partial"
    train([(late, 1.0)], model="linear", epochs=2, initial=one, state=kept)
    with pytest.raises(InvalidFile, match="checkpoint"):
        train([(late, 1.0)], model="linear", epochs=2, initial=other, state=kept)
    with pytest.raises(InvalidFile, match="1 sources here, and 2 there"):
        train([(late, 1.0)], model="linear", epochs=2, state=kept)
    assert len(train([(late, 1.0)], model="linear", epochs=2, initial=one, state=kept).history) == 2
