"""Labels softened by those of the sessions to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from memento.models.base import Batch
from memento.render.rendering import Rendering
from memento.train import Config, checkpoint, train
from memento.train.batches import Resident
from memento.train.lesson import Lesson, lesson_of
from memento.train.recipe import Lessons, weighted
from memento.train.targets import Future
from memento.train.trainer import Material, fresh

Toys = Callable[..., Rendering]


def three(toys: Toys, memories: list[list[int]], labels: list[list[float]]) -> Resident:
    """Sessions with these memories as candidates, and these labels."""
    rendering = toys(sessions=len(memories), candidates=len(memories[0]))
    rows = np.concatenate(memories).astype(np.int32)
    told = np.concatenate(labels).astype(np.float32)
    return Resident([replace(rendering, memory_rows=rows, labels=told)])


def softened(resident: Resident, sessions: int, **options: Any) -> torch.Tensor:
    table = Future(**options).table(resident, [np.arange(sessions)])
    lesson = Future(**options).apply(lesson_of(resident.batch(np.arange(sessions))), table)
    assert lesson.targets is not None
    return lesson.targets


def test_a_memory_that_comes_again_takes_a_share_of_its_later_labels(toys: Toys) -> None:
    resident = three(toys, [[1, 2, 3], [1, 2, 4], [1, 5, 6]], [[1.0, 0.0, 0.5], [0.2, 0.6, 0.9], [0.7, 0.1, 0.3]])
    found = softened(resident, 3, gamma=0.5, ahead=2)
    # Memories 1 and 2 had .5 on the mean in the first session and .4 in the second: what comes is moved by .1.
    assert found[0].tolist() == pytest.approx(
        [(1.0 + 0.5 * (0.2 + 0.1) + 0.25 * (0.7 + 0.3)) / 1.75, (0.0 + 0.5 * (0.6 + 0.1)) / 1.5, 0.5]
    )
    assert found[1].tolist() == pytest.approx([(0.2 + 0.5 * (0.7 - 0.5)) / 1.5, 0.6, 0.9])
    assert found[2].tolist() == pytest.approx([0.7, 0.1, 0.3])
    near = softened(resident, 3, gamma=0.5, ahead=1)
    assert near[0].tolist() == pytest.approx([(1.0 + 0.5 * 0.3) / 1.5, (0.0 + 0.5 * 0.7) / 1.5, 0.5])


def test_a_session_that_is_all_higher_says_nothing_more(toys: Toys) -> None:
    memories = [[1, 2, 3], [1, 2, 3]]
    low = three(toys, memories, [[0.1, 0.2, 0.3], [0.3, 0.2, 0.4]])
    high = three(toys, memories, [[0.1, 0.2, 0.3], [0.9, 0.8, 1.0]])
    assert torch.allclose(softened(low, 2)[0], softened(high, 2)[0], atol=1e-6)


def test_only_training_sessions_are_looked_ahead_to_and_no_other_source(toys: Toys) -> None:
    resident = Resident([toys(sessions=6, candidates=8, seed=1), toys(sessions=6, candidates=8, seed=2)])
    whole = Future().table(resident, [np.arange(6), np.arange(6, 12)])
    cut = Future().table(resident, [np.arange(4), np.arange(6, 12)])
    ends = resident.ends
    assert cut[ends[3] : ends[6]].tolist() == [[1.0, 0.0]] * int(ends[6] - ends[3])
    assert torch.equal(whole[: ends[2]], cut[: ends[2]])
    assert cut[-1].tolist() == [1.0, 0.0]
    assert not torch.equal(whole, cut)


def lessons(rendering: Rendering, model: str = "sequence", **options: str) -> Lessons:
    config = Config.of(model, {"epochs": 4, **options})
    _, feed, _ = Material([(rendering, 1.0)], 0.7, 0.1).parts(config)
    assert isinstance(feed, Lessons)
    return feed


def test_the_loss_teaches_targets_and_a_past_tells_labels(toys: Toys) -> None:
    """A later session of a window must not be told its own labels by the targets of the one before it."""
    feed = lessons(toys(sessions=60, candidates=9, memories=20), targets="future", negatives="fenrec:warmup=0")
    lesson = feed.batch(feed.steps(0)[0], 0, 0)
    assert isinstance(lesson, Lesson)
    assert lesson.targets is not None
    assert lesson.labels is not None
    assert lesson.rows is not None
    own = lesson.rows >= 0
    assert torch.equal(lesson.labels[own], feed.resident.labels[lesson.rows[own]])
    assert not torch.equal(lesson.targets[own], lesson.labels[own])
    made = lesson.mask & ~own
    assert made.any()
    assert torch.equal(lesson.targets[made], lesson.labels[made])
    shown: list[Batch] = []
    scorer = fresh(Config.of("sequence", {}), 64)
    scorer.register_forward_pre_hook(lambda module, given: shown.append(given[0]))
    config = feed.config
    feed.recipe.objective(config)(scorer, lesson)
    assert shown[0].labels is not None
    assert torch.equal(shown[0].labels[own], feed.resident.labels[lesson.rows[own]])
    logits = lesson.targets * 1.0
    assert weighted(logits, lesson, config) < weighted(lesson.labels * 1.0, lesson, config)


def test_a_training_with_all_of_fenrec_is_the_same_again(toys: Toys) -> None:
    rendering = toys(sessions=40, candidates=(2, 9))
    options = {"negatives": "fenrec:warmup=1", "contrast": "fenrec:warmup=1", "targets": "future"}
    one, two = (train([(rendering, 1.0)], epochs=3, **options) for _ in range(2))
    assert checkpoint.digest(one) == checkpoint.digest(two)
    assert one.config.targets == "future:gamma=0.2:ahead=2"
