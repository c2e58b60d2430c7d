from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from memento.errors import InvalidFile, UsageError
from memento.render.rendering import Rendering
from memento.train import train
from memento.train.batches import Resident
from memento.train.curriculum import CATALOG, GROUPS, Candidates, Features, Length, Snr
from memento.train.lesson import Draws, Lesson, lesson_of

Toys = Callable[..., Rendering]


@pytest.fixture(scope="module")
def resident(toys: Toys) -> Resident:
    return Resident([toys(sessions=30, candidates=(1, 20))])


@pytest.fixture
def lesson(resident: Resident) -> Lesson:
    return lesson_of(resident.batch(np.arange(30)))


def draws(epoch: int = 0) -> Draws:
    return Draws(0, epoch, np.arange(30))


def test_few_candidates_hold_the_best_one_and_keep_their_labels(resident: Resident, lesson: Lesson) -> None:
    few = Candidates().apply(lesson, 5, draws())
    assert few.mask.sum(-1).tolist() == np.minimum(resident.sizes, 5).tolist()
    assert few.labels is not None
    assert lesson.labels is not None
    assert few.rows is not None
    assert torch.equal(few.labels.amax(-1), lesson.labels.masked_fill(~lesson.mask, -9).amax(-1).clamp_min(0))
    assert torch.equal(few.labels[few.mask], resident.labels[few.rows[few.mask]])
    assert torch.equal(few.features[few.mask], resident.features[few.rows[few.mask]])


def test_candidates_are_drawn_anew_for_each_epoch_and_are_a_part_of_those_of_a_later_step(lesson: Lesson) -> None:
    few, more, again = (Candidates().apply(lesson, d, draws(e)) for d, e in ((4, 0), (9, 0), (4, 1)))
    assert few.rows is not None
    assert more.rows is not None
    assert again.rows is not None
    for here, there in zip(few.rows.tolist(), more.rows.tolist(), strict=True):
        assert set(here) <= set(there) | {-1}
    assert not torch.equal(few.rows, again.rows)


def test_at_the_greatest_difficulty_nothing_is_changed(lesson: Lesson) -> None:
    assert Candidates(high=20).apply(lesson, 20, draws()) is lesson
    assert Features().apply(lesson, len(GROUPS), torch.zeros(17)) is lesson
    assert Features(high=5).apply(lesson, 5, torch.zeros(17)) is lesson
    assert Features(schedule="discrete", levels="1/2", at="0.5").apply(lesson, 2, torch.zeros(17)) is lesson
    assert Snr().apply(lesson, 30, 12.0) is lesson
    assert Length().limit(200) is None


def test_inactive_columns_tell_nothing(lesson: Lesson) -> None:
    mean = torch.arange(17.0)
    one = Features().apply(lesson, 1, mean)
    assert torch.equal(one.features[..., 0], lesson.features[..., 0])
    assert torch.equal(one.features[one.mask][:, 1:], mean[1:].expand(int(one.mask.sum()), -1))
    assert not one.candidates.any()
    assert not one.contexts.any()
    two = Features().apply(lesson, 2, mean)
    assert torch.equal(two.candidates, lesson.candidates)
    assert torch.equal(two.features[..., 12], lesson.features[..., 12])


def test_every_column_is_in_one_group() -> None:
    assert sorted(column for _, columns in GROUPS for column in columns) == list(range(17))


def test_noise_is_made_less_by_the_ratio_asked_for(lesson: Lesson) -> None:
    own = 10.0
    easy = Snr().apply(lesson, 0, own)
    assert easy.labels is not None
    assert lesson.labels is not None
    assert lesson.clean is not None
    before, after = (lesson.labels - lesson.clean)[lesson.mask], (easy.labels - lesson.clean)[lesson.mask]
    power = 10 * torch.log10((before**2).sum() / (after**2).sum())
    assert power == pytest.approx(20.0, abs=1e-3)
    assert Snr().apply(lesson, 25, own) is lesson


def test_labels_without_a_clean_version_have_no_noise_to_lessen(toys: Toys) -> None:
    observed = toys(sessions=10, clean=None)
    with pytest.raises(UsageError, match="labels without noise"):
        train([(observed, 1.0)], epochs=1, curriculum="snr")


def test_phases_at_shares_of_the_run() -> None:
    phases = Candidates(schedule="discrete", levels="5/10/20/50", at="0.1/0.3/0.6").difficulty(50_000)
    assert [phases(step) for step in (5_000, 5_001, 15_001, 30_001)] == [5, 10, 20, 50]


@pytest.mark.parametrize("faulty", [{"low": 9, "high": 3}, {"schedule": "discrete"}, {"schedule": "cubic"},
                                    {"schedule": "discrete", "levels": "1/2", "at": "0.5/0.4"},
                                    {"schedule": "discrete", "levels": "1/x", "at": "0.5"},
                                    {"schedule": "discrete", "levels": "1/inf", "at": "0.5"}])  # fmt: skip
def test_faulty_curricula_are_refused(faulty: dict[str, object]) -> None:
    with pytest.raises(InvalidFile):
        CATALOG["candidates"].from_map(faulty)
