from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from memento.errors import NotFound
from memento.render.rendering import Rendering
from memento.train import train
from memento.train.batches import Resident
from memento.train.config import Config
from memento.train.lesson import Draws, Lesson, lesson_of
from memento.train.negatives import FLOOR, Fenrec, mixed
from memento.train.recipe import weighted

Toys = Callable[..., Rendering]


@pytest.fixture(scope="module")
def lesson(toys: Toys) -> Lesson:
    return lesson_of(Resident([toys(sessions=20, candidates=(1, 12))]).batch(np.arange(20)))


def made(lesson: Lesson, epoch: int = 3, **options: object) -> Lesson:
    return Fenrec(warmup=2, **options).apply(lesson, Draws(0, epoch, np.arange(20)))  # type: ignore[arg-type]


@given(st.integers(0, 10_000), st.floats(0.0, 1.0))
def test_a_mixed_negative_is_never_further_from_the_anchor_and_keeps_its_length(seed: int, share: float) -> None:
    draw = torch.Generator().manual_seed(seed)
    anchor, negative = torch.randn(2, 5, 16, generator=draw).double()
    hard = mixed(anchor, negative, share)
    before, after = (functional.cosine_similarity(anchor, n, dim=-1) for n in (negative, hard))
    assert torch.all(after >= before - 1e-9)
    assert torch.allclose(hard.norm(dim=-1), negative.norm(dim=-1))


def test_nothing_happens_before_the_warm_up_is_over(lesson: Lesson) -> None:
    assert made(lesson, epoch=1) is lesson
    assert made(lesson, epoch=2).mask.shape[1] == lesson.mask.shape[1] + 4


def test_in_embedding_space_only_the_embedding_is_new(lesson: Lesson) -> None:
    hard = made(lesson, space="embedding", count=2)
    width = lesson.mask.shape[1]
    assert hard.labels is not None
    assert lesson.labels is not None
    best = lesson.labels[torch.arange(20), lesson.target]
    for session in range(20):
        own = {tuple(row) for row in lesson.features[session].tolist()}
        for place in range(width, width + 2):
            if hard.mask[session, place]:
                assert tuple(hard.features[session, place].tolist()) in own
                assert hard.labels[session, place] <= best[session] - 0.2 + 1e-6
                assert float(hard.counts[session, place]) == pytest.approx(0.1)
    assert torch.equal(hard.features[:, :width], lesson.features)


def test_in_feature_space_the_best_is_copied_and_one_thing_flipped(lesson: Lesson) -> None:
    hard = made(lesson, space="feature", count=2)
    width = lesson.mask.shape[1]
    row = torch.arange(20)
    best = lesson.features[row, lesson.target]
    retired, stale = hard.features[:, width], hard.features[:, width + 1]
    same = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16]
    assert torch.equal(retired[:, same], best[:, same])
    assert torch.all(retired[:, 11] == 1)
    assert torch.equal(stale[:, [*same, 11]], best[:, [*same, 11]])
    assert torch.all(stale[:, 0] > lesson.features[..., 0].amax(-1))
    assert hard.labels is not None
    assert lesson.labels is not None
    top = lesson.labels[row, lesson.target]
    assert torch.allclose(hard.labels[:, width], (top - 0.3).clamp_min(FLOOR))


def test_a_best_candidate_retired_already_gets_no_retired_copy(lesson: Lesson) -> None:
    features = lesson.features.clone()
    features[..., 11] = 1.0
    hard = made(Lesson(features, lesson.mask, lesson.contexts, lesson.candidates, lesson.labels), space="feature")
    assert not hard.mask[:, -2].any()
    assert hard.mask[:, -1].all()


def test_a_candidate_of_weight_w_stands_for_w_of_itself(lesson: Lesson) -> None:
    """Two copies at half weight are one candidate."""
    assert lesson.labels is not None
    logits = torch.randn(20, lesson.mask.shape[1], generator=torch.Generator().manual_seed(1))
    config = Config()
    plain = weighted(logits, lesson, config)
    twice = Lesson(
        lesson.features.repeat(1, 2, 1), lesson.mask.repeat(1, 2), lesson.contexts, lesson.candidates.repeat(1, 2, 1),
        labels=lesson.labels.repeat(1, 2), weights=torch.full((20, 2 * lesson.mask.shape[1]), 0.5),
    )  # fmt: skip
    assert weighted(logits.repeat(1, 2), twice, config).item() == pytest.approx(plain.item(), abs=1e-5)


@pytest.mark.parametrize("loss", ["listnet", "soft", "pairwise", "bce"])
def test_what_counts_nothing_moves_no_loss(lesson: Lesson, loss: str) -> None:
    assert lesson.labels is not None
    logits = torch.randn(20, lesson.mask.shape[1], generator=torch.Generator().manual_seed(1))
    weights = torch.ones_like(logits).scatter(1, (lesson.target.unsqueeze(-1) + 1) % logits.shape[1], 0.0)
    spoiled = logits + 50.0 * (weights == 0)
    one, two = (
        weighted(values, Lesson(lesson.features, lesson.mask, lesson.contexts, lesson.candidates, lesson.labels,
                                weights=weights), Config(loss=loss))
        for values in (logits, spoiled)
    )  # fmt: skip
    assert one.item() == pytest.approx(two.item(), abs=1e-6)


def test_an_unknown_kind_is_refused(toys: Toys) -> None:
    with pytest.raises(NotFound, match="kind of negatives"):
        train([(toys(sessions=3), 1.0)], epochs=1, negatives="fenrek")
