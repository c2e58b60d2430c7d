"""The contract of every augmentation, then what is special to each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from memento.models.interaction import Interaction
from memento.render.rendering import Rendering
from memento.train.augment import CATALOG
from memento.train.augment.operators import (
    Augmentation,
    Crop,
    Delete,
    Insert,
    Mask,
    Reorder,
    Replace,
    SlideWindow,
    SubsetSplit,
)
from memento.train.augment.pool import Pool
from memento.train.batches import Resident
from memento.train.lesson import Draws, Lesson, lesson_of
from memento.train.losses import listnet

Toys = Callable[..., Rendering]
NAMES = pytest.mark.parametrize("name", list(CATALOG))


@pytest.fixture(scope="module")
def pool(toys: Toys) -> Pool:
    resident = Resident([toys(sessions=40, candidates=(1, 24))])
    return Pool(resident, [np.arange(40)])


def lesson(pool: Pool, sessions: np.ndarray) -> Lesson:
    return lesson_of(pool.resident.batch(sessions))


def apply(operator: Augmentation, pool: Pool, sessions: np.ndarray | None = None, epoch: int = 0) -> Lesson:
    chosen = np.arange(40) if sessions is None else sessions
    return operator.apply(lesson(pool, chosen), Draws(7, epoch, chosen), pool)


def listed(made: Lesson) -> list[list[int]]:
    """The rows of each session that count."""
    assert made.rows is not None
    return [rows[keep].tolist() for rows, keep in zip(made.rows.numpy(), (made.counts > 0).numpy(), strict=True)]


@NAMES
def test_what_counts_is_of_the_session_with_its_own_label_and_the_best_is_there(name: str, pool: Pool) -> None:
    before, made = lesson(pool, np.arange(40)), apply(CATALOG[name](share=1.0), pool)
    assert made.labels is not None
    assert made.rows is not None
    counting = made.counts > 0
    assert torch.equal(made.labels[counting], pool.resident.labels[made.rows[counting]])
    assert torch.equal(made.candidates[counting], before_embeddings(pool, made)[counting])
    for old, new in zip(listed(before), listed(made), strict=True):
        assert set(new) <= set(old)
        assert new
    best = before.rows[torch.arange(40), before.target]  # type: ignore[index]
    assert torch.equal(made.rows[torch.arange(40), made.target], best)


def before_embeddings(pool: Pool, made: Lesson) -> torch.Tensor:
    assert made.rows is not None
    return pool.resident.embeddings[pool.resident.memory_rows[made.rows]]


@NAMES
def test_a_session_is_changed_alike_whatever_stands_beside_it(name: str, pool: Pool) -> None:
    operator = CATALOG[name]()
    together = apply(operator, pool)
    alone = apply(operator, pool, np.array([13, 5]))
    for row, session in enumerate((13, 5)):
        width = int(alone.mask[row].sum())
        assert int(together.mask[session].sum()) == width
        kept = alone.mask[row], together.mask[session]
        assert torch.equal(alone.features[row][kept[0]], together.features[session][kept[1]])
        assert torch.equal(alone.counts[row][kept[0]], together.counts[session][kept[1]])


@NAMES
def test_epochs_differ_and_share_zero_changes_nothing(name: str, pool: Pool) -> None:
    first, second = (apply(CATALOG[name](share=1.0), pool, epoch=epoch) for epoch in (0, 1))
    same = first.features.shape == second.features.shape and torch.equal(first.features, second.features)
    assert not (same and torch.equal(first.counts, second.counts))
    untouched, given = apply(CATALOG[name](share=0.0), pool), lesson(pool, np.arange(40))
    assert torch.equal(untouched.features, given.features)
    assert torch.equal(untouched.counts, given.counts)


@NAMES
def test_about_the_share_asked_for_is_changed(name: str, pool: Pool) -> None:
    sessions = np.flatnonzero(pool.resident.sizes > 5)
    changed = 0
    for epoch in range(20):
        chosen = CATALOG[name](share=0.3).chosen(Draws(7, epoch, sessions))
        changed += int(chosen.sum())
    assert changed / (20 * len(sessions)) == pytest.approx(0.3, abs=0.07)


def test_a_window_is_on_end_and_of_its_size(pool: Pool) -> None:
    before, made = lesson(pool, np.arange(40)), apply(SlideWindow(share=1.0, size=5), pool)
    for old, new, best in zip(listed(before), listed(made), before.target.tolist(), strict=True):
        region = [row for place, row in enumerate(old) if place != best]
        window = [row for row in new if row != old[best]]
        assert len(window) == min(5, len(region))
        start = region.index(window[0]) if window else 0
        assert window == region[start : start + len(window)]


def test_every_window_comes_up_alike(pool: Pool) -> None:
    session = (
        np.flatnonzero(pool.resident.sizes == 24)[:1]
        if (pool.resident.sizes == 24).any()
        else np.array([int(pool.resident.sizes.argmax())])
    )
    free = int(pool.resident.sizes[session[0]]) - 1 - 10 + 1
    starts = set()
    for epoch in range(300):
        made = apply(SlideWindow(share=1.0, size=10), pool, session, epoch)
        starts.add(tuple(listed(made)[0]))
    assert len(starts) == free


def test_a_crop_holds_its_share_on_end(pool: Pool) -> None:
    made = apply(Crop(share=1.0, ratio=0.6), pool)
    sizes = pool.resident.sizes - 1
    assert [len(rows) - 1 for rows in listed(made)] == np.ceil(sizes * 0.6 - 1e-6).astype(int).tolist()


def test_a_subset_keeps_three_quarters_and_never_the_target_alone(pool: Pool) -> None:
    kept = [len(rows) - 1 for epoch in range(30) for rows in listed(apply(SubsetSplit(share=1.0), pool, epoch=epoch))]
    region = np.tile(pool.resident.sizes - 1, 30)
    assert sum(kept) / region.sum() == pytest.approx(0.75, abs=0.02)
    assert all(count >= 1 for count, most in zip(kept, region, strict=True) if most)


def test_a_deletion_takes_a_tenth_and_never_all(pool: Pool) -> None:
    sizes = pool.resident.sizes - 1
    gone = pool.resident.sizes - [len(rows) for rows in listed(apply(Delete(share=1.0), pool))]
    expected = np.ceil(sizes * 0.1 - 1e-6).astype(int)
    assert gone.tolist() == np.where(expected >= sizes, np.maximum(sizes - 1, 0), expected).tolist()


def test_another_order_is_the_same_loss_to_a_model_of_sets(pool: Pool) -> None:
    before, made = lesson(pool, np.arange(40)), apply(Reorder(share=1.0, ratio=0.7), pool)
    assert listed(before) != listed(made)
    assert [sorted(rows) for rows in listed(before)] == [sorted(rows) for rows in listed(made)]
    assert torch.equal(before.target, made.target)
    model = Interaction().eval()
    torch.nn.init.normal_(model.head.weight)
    losses = [listnet(model(batch), batch.labels, batch.mask) for batch in (before, made)]
    assert losses[0].item() == pytest.approx(losses[1].item(), abs=1e-6)


@pytest.mark.parametrize("operator", [Insert(share=1.0), Replace(share=1.0)])
def test_strangers_come_under_the_clock_of_the_session_and_do_not_count(operator: Augmentation, pool: Pool) -> None:
    made = apply(operator, pool)
    strange = made.mask & (made.counts == 0)
    assert strange.any()
    clock = made.features[:, :1, 3:10].expand(-1, made.mask.shape[1], -1)
    assert torch.equal(made.features[strange][:, 3:10], clock[strange])
    ages = set(pool.resident.features[:, 0].tolist())
    assert set(made.features[strange][:, 0].tolist()) <= ages


def test_what_is_masked_cannot_be_read(pool: Pool) -> None:
    made = apply(Mask(share=1.0, ratio=0.3), pool)
    gone = made.mask & (made.counts == 0)
    assert not made.candidates[gone].any()
    assert torch.equal(made.features[gone][:, 0], pool.mean[0].expand(int(gone.sum())))
