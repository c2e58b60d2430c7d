from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from memento.train import ranking


def ragged(seed: int = 0, sessions: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(draw.integers(0, 30, sessions))]).astype(np.int64)
    scores = draw.integers(0, 6, offsets[-1]) / 5.0
    labels = draw.uniform(size=offsets[-1]) * (draw.uniform(size=offsets[-1]) < 0.4)
    return scores, labels, offsets


@pytest.mark.parametrize("cutoff", [1, 3, 10])
def test_ndcg_equals_scikit_learn_also_where_scores_tie(cutoff: int) -> None:
    scores, labels, offsets = ragged()
    ours = ranking.ndcg(scores, labels, offsets, cutoff)
    checked = 0
    for s, (low, high) in enumerate(itertools.pairwise(offsets)):
        if high - low > 1 and labels[low:high].max() > 0:
            theirs = ndcg_score(labels[None, low:high], scores[None, low:high], k=cutoff)
            assert ours[s] == pytest.approx(theirs, abs=1e-12)
            checked += 1
    assert checked > 150


SCORES = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 2.0])
LABELS = np.array([0.0, 1.0, 0.0, 1.0, 0.7, 0.0])
OFFSETS = np.array([0, 6])


def over_all_orders(scores: np.ndarray, figure: Callable[[list[bool]], float]) -> float:
    """The mean of a figure over every order of six candidates that the scores allow."""
    allowed = [
        p for p in itertools.permutations(range(6)) if all(scores[a] >= scores[b] for a, b in itertools.pairwise(p))
    ]
    return float(np.mean([figure([LABELS[row] >= 0.5 for row in p]) for p in allowed]))


@pytest.mark.parametrize("scores", [SCORES, np.zeros(6), np.arange(6.0)])
def test_mrr_and_recall_are_exact_means_over_ties(scores: np.ndarray) -> None:
    expected = over_all_orders(scores, lambda hits: 1 / (hits.index(True) + 1))
    assert ranking.mrr(scores, LABELS, OFFSETS)[0] == pytest.approx(expected, abs=1e-12)
    expected = over_all_orders(scores, lambda hits: sum(hits[:3]) / 3)
    assert ranking.recall(scores, LABELS, OFFSETS, cutoff=3)[0] == pytest.approx(expected, abs=1e-12)


def test_perfect_scores_reach_one_and_reversed_ones_do_not() -> None:
    _, labels, offsets = ragged(1)
    best = ranking.ndcg(labels, labels, offsets)
    assert best[np.isfinite(best)] == pytest.approx(1.0)
    assert np.nanmean(ranking.ndcg(-labels, labels, offsets)) < 0.7


def test_sessions_without_anything_relevant_are_nan() -> None:
    labels = np.array([0.0, 0.0, 0.4, 1.0])
    offsets = np.array([0, 2, 3, 4, 4])
    scores = np.arange(4.0)
    assert np.isnan(ranking.ndcg(scores, labels, offsets)).tolist() == [True, False, False, True]
    assert np.isnan(ranking.mrr(scores, labels, offsets)).tolist() == [True, True, False, True]
    assert np.isnan(ranking.recall(scores, labels, offsets)).tolist() == [True, True, False, True]


def test_negative_labels_gain_nothing() -> None:
    offsets = np.array([0, 3])
    with_negative = ranking.ndcg([3, 2, 1], [1.0, -0.3, 0.5], offsets)
    without = ranking.ndcg([3, 2, 1], [1.0, 0.0, 0.5], offsets)
    assert with_negative[0] == pytest.approx(without[0])


def test_nan_scores_come_last() -> None:
    assert ranking.ndcg([np.nan, 0.0], [0.0, 1.0], np.array([0, 2]))[0] == pytest.approx(1.0)


def test_no_sessions_at_all() -> None:
    empty = np.array([0])
    for figure in (ranking.ndcg, ranking.mrr, ranking.recall):
        assert figure([], [], empty).shape == (0,)


@given(st.integers(0, 10_000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    scores, labels, offsets = ragged(seed, 6)
    moved_scores, moved_labels = scores.copy(), labels.copy()
    draw = np.random.default_rng(seed)
    for low, high in itertools.pairwise(offsets):
        order = low + draw.permutation(high - low)
        moved_scores[low:high], moved_labels[low:high] = scores[order], labels[order]
    for figure in (ranking.ndcg, ranking.mrr, ranking.recall):
        np.testing.assert_allclose(
            figure(scores, labels, offsets), figure(moved_scores, moved_labels, offsets), atol=1e-12
        )
