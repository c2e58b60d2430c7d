from __future__ import annotations

import numpy as np
import pytest

from memento.validate import metrics


@pytest.fixture(scope="module")
def ragged() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    offsets = np.concatenate([[0], np.cumsum(draw.integers(1, 25, 80))]).astype(np.int64)
    return draw.normal(size=offsets[-1]), draw.uniform(size=offsets[-1]), offsets


def test_the_table_holds_each_figure(ragged: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    scores, labels, offsets = ragged
    table = metrics.table(scores, labels, offsets)
    assert tuple(table) == metrics.NAMES
    np.testing.assert_array_equal(table["ndcg"], metrics.ndcg(scores, labels, offsets))
    np.testing.assert_array_equal(table["mrr"], metrics.mrr(scores, labels, offsets))
    np.testing.assert_array_equal(table["recall"], metrics.recall(scores, labels, offsets))


def test_chance_is_the_mean_of_random_orders(ragged: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    _, labels, offsets = ragged
    draw = np.random.default_rng(1)
    drawn = [metrics.table(draw.uniform(size=len(labels)), labels, offsets) for _ in range(300)]
    chance = metrics.chance(labels, offsets)
    for name in metrics.NAMES:
        mean = np.nanmean([np.nanmean(table[name]) for table in drawn])
        assert np.nanmean(chance[name]) == pytest.approx(mean, abs=0.006)


def test_recall_at_ten_is_one_in_short_sessions() -> None:
    labels = np.array([0.9, 0.1, 0.6])
    assert metrics.recall([0.0, 1.0, 0.5], labels, np.array([0, 3]))[0] == 1.0
