"""What a model knows of a candidate ahead of training, under everything that a recipe does to a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from memento.models.base import Model
from memento.models.interaction import GIVEN
from memento.models.sequence import PAST, Sequence, _flagged
from memento.render.rendering import Rendering
from memento.train import Config
from memento.train.augment.operators import Augmentation, Crop, Delete, Insert, Mask, Replace, SlideWindow, SubsetSplit
from memento.train.augment.pool import Pool
from memento.train.batches import Resident
from memento.train.lesson import Draws, Lesson, join, lesson_of, reread
from memento.train.negatives import Fenrec
from memento.train.recipe import Lessons
from memento.train.trainer import Material, fresh

Toys = Callable[..., Rendering]
SESSIONS = np.arange(24)


@pytest.fixture(scope="module")
def small(toys: Toys) -> Rendering:
    return toys(sessions=60, candidates=(3, 14), memories=25)


def prepared(rendering: Rendering, name: str = "sequence", **options: str) -> tuple[Model, Lessons]:
    material = Material([(rendering, 1.0)], 0.7, 0.1)
    config = Config.of(name, {"epochs": 6, **options})
    scorer, feed, _ = material.parts(config)
    assert isinstance(feed, Lessons)
    return scorer, feed


@pytest.fixture(scope="module")
def both(small: Rendering) -> tuple[Sequence, Resident]:
    scorer, feed = prepared(small, augment="crop")
    assert feed.resident.inputs is not None
    assert isinstance(scorer, Sequence)
    return scorer, feed.resident.seen_by(scorer)


@pytest.fixture(scope="module")
def scorer(both: tuple[Sequence, Resident]) -> Sequence:
    return both[0]


@pytest.fixture(scope="module")
def seen(both: tuple[Sequence, Resident]) -> Resident:
    return both[1]


def known(seen: Resident, rows: torch.Tensor) -> torch.Tensor:
    """What earlier sessions showed of candidates, by their rows."""
    assert seen.inputs is not None
    return seen.inputs[rows][..., GIVEN:]


def apply(operator: Augmentation | Fenrec, seen: Resident, epoch: int = 0) -> Lesson:
    lesson = lesson_of(seen.batch(SESSIONS, 8))
    draws = Draws(7, epoch, SESSIONS)
    if isinstance(operator, Fenrec):
        return operator.apply(lesson, draws)
    return operator.apply(lesson, draws, Pool(seen, [SESSIONS]))


def test_inputs_of_a_session_as_it_is_are_those_worked_out_ahead(scorer: Sequence, seen: Resident) -> None:
    """Holds what is taken for the set's part of `inputs`, and for the past's, against the model's own."""
    assert seen.inputs is not None
    assert seen.inputs.shape[-1] == GIVEN + PAST + 1
    lesson = lesson_of(seen.batch(SESSIONS, 8))
    again = reread(lesson, scorer)
    assert again.inputs is not None
    assert lesson.inputs is not None
    assert torch.allclose(again.inputs[again.mask], lesson.inputs[lesson.mask], atol=1e-6)
    assert again.inputs[..., GIVEN:].abs().sum() > 0


@pytest.mark.parametrize("operator", [Crop, SubsetSplit, Delete, SlideWindow])
def test_a_candidate_that_stays_keeps_its_past_and_is_held_against_those_beside_it(
    operator: type[Augmentation], scorer: Sequence, seen: Resident
) -> None:
    made = reread(apply(operator(share=1.0, **({"size": 4} if operator is SlideWindow else {})), seen), scorer)
    assert made.inputs is not None
    assert made.rows is not None
    assert made.mask.sum() < seen.batch(SESSIONS).mask.sum()
    assert torch.equal(made.inputs[..., GIVEN:][made.mask], known(seen, made.rows)[made.mask])
    told = replace(made, features=_flagged(made.features, made.inputs[..., -1:]))
    assert torch.equal(made.inputs[..., :GIVEN], scorer.given(told))
    stale = seen.inputs[made.rows][..., :GIVEN]  # type: ignore[index]
    assert not torch.allclose(stale[made.mask], made.inputs[..., :GIVEN][made.mask], atol=1e-3)


@pytest.mark.parametrize("operator", [Replace, Mask, Insert])
def test_a_stranger_and_what_cannot_be_read_have_no_past(
    operator: type[Augmentation], scorer: Sequence, seen: Resident
) -> None:
    made = reread(apply(operator(share=1.0), seen), scorer)
    assert made.inputs is not None
    assert made.rows is not None
    past = made.inputs[..., GIVEN:]
    away = made.mask & (made.counts == 0)
    assert away.any()
    assert past[away].abs().sum() == 0
    own = made.mask & (made.counts > 0)
    assert torch.equal(past[own], known(seen, made.rows)[own])


def test_a_hard_negative_has_the_past_of_what_it_is_made_of(seen: Resident) -> None:
    width = seen.batch(SESSIONS).mask.shape[1]
    made = apply(Fenrec(space="feature", count=2, warmup=0), seen)
    best = known(seen, seen.batch(SESSIONS).rows[torch.arange(24), made.target])  # type: ignore[index]
    assert made.inputs is not None
    there = made.mask[:, width:]
    assert there.any()
    assert torch.equal(made.inputs[:, width:, GIVEN:][there], best.unsqueeze(1).expand(-1, 2, -1)[there])


@pytest.mark.parametrize("options", [
    {"augment": "crop:share=1.0"}, {"negatives": "fenrec:warmup=0"}, {"curriculum": "candidates:low=2:high=9"},
    {"augment": "warp:share=1.0"}, {"augment": "insert:share=1.0"},
])  # fmt: skip
def test_no_recipe_takes_the_past_from_a_model_that_has_one(small: Rendering, options: dict[str, str]) -> None:
    _, feed = prepared(small, **options)
    batch = feed.batch(feed.steps(0)[0], 0, 0)
    assert batch.inputs is not None
    assert batch.inputs[..., GIVEN:].abs().sum() > 0
    assert batch.window == 8


def test_views_of_a_contrast_have_a_past_too(small: Rendering) -> None:
    _, feed = prepared(small, contrast="cl4srec")
    lesson = feed.batch(feed.steps(0)[0], 0, 0)
    assert isinstance(lesson, Lesson)
    assert lesson.views is not None
    for view in lesson.views:
        assert view.inputs is not None
        assert view.inputs[..., GIVEN:].abs().sum() > 0
        assert view.window == 8


def test_the_past_comes_with_the_columns_that_it_goes_by(small: Rendering) -> None:
    _, feed = prepared(small, curriculum="features:share=1.0")
    epochs = [feed.batch(feed.steps(number)[0], number, 0) for number in range(6)]
    reached = [feed.difficulty("features", number) for number in range(6)]
    pasts = [bool(batch.inputs[..., GIVEN:].abs().sum() > 0) for batch in epochs if batch.inputs is not None]
    assert pasts == [difficulty >= 6 for difficulty in reached]
    assert {True, False} == set(pasts)


def test_what_is_put_into_a_session_tells_later_ones_nothing(small: Rendering, seen: Resident) -> None:
    scorer = fresh(Config.of("sequence", {}), 64).eval()
    for parameter in scorer.parameters():
        torch.nn.init.normal_(parameter, std=0.2, generator=torch.Generator().manual_seed(1))
    plain = lesson_of(seen.batch(np.arange(8), 8))
    first = torch.zeros(8, 1, dtype=torch.bool)
    first[0] = True
    stranger = seen.batch(np.array([30]))
    made = join(
        plain,
        features=stranger.features[:, :1] * first.unsqueeze(-1),
        mask=first,
        candidates=stranger.candidates[:, :1] * first.unsqueeze(-1),
        labels=torch.where(first, 5.0, 0.0),
        weights=torch.where(first, 0.1, 0.0),
    )
    width = plain.mask.shape[1]
    with torch.no_grad():
        before, told, untold = (scorer(batch) for batch in (plain, made.told(), made))
    assert made.features[0, -1, 3:10].tolist() != [0.0] * 7
    later = plain.mask[1:]
    # The clock of the stranger is another, and the summary reads the mean clock: it may move a little, labels not.
    same = replace(made, features=torch.cat([plain.features, plain.features[:, :1] * first.unsqueeze(-1)], 1))
    with torch.no_grad():
        exact = scorer(same.told())
    assert torch.allclose(exact[1:, :width][later], before[1:][later], atol=1e-5)
    assert not torch.allclose(untold[1:, :width][later], told[1:, :width][later], atol=1e-2)
