from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.errors import UsageError
from memento.train.mixture import Mixture, apportion, parse


def test_a_revision_may_carry_a_weight() -> None:
    assert parse("main") == ("main", 1.0)
    assert parse("main~3:2.5") == ("main~3", 2.5)


@pytest.mark.parametrize("text", ["main:", "main:x", ":2", "main:0", "main:-1", "main:nan", "main:inf"])
def test_a_faulty_weight_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a revision with a weight"):
        parse(text)


@given(st.integers(0, 5000), st.lists(st.floats(0.01, 100), min_size=1, max_size=6))
def test_counts_are_exact_and_within_one_of_their_share(total: int, weights: list[float]) -> None:
    counts = apportion(total, weights)
    assert sum(counts) == total
    for count, weight in zip(counts, weights):
        assert abs(count - total * weight / sum(weights)) < 1 + 1e-6


def test_weights_of_any_size_are_shares() -> None:
    assert apportion(30, [1e308, 1e308, 1e-308]) == [15, 15, 0]
    assert apportion(30, [1e-308, 1e-308]) == [15, 15]


def test_one_source_is_passed_once_an_epoch() -> None:
    mixture = Mixture([np.arange(10, 30)], [3.0])
    first, second = mixture.epoch(0), mixture.epoch(1)
    assert sorted(first) == sorted(second) == list(range(10, 30))
    assert first.tolist() != second.tolist()
    assert mixture.epoch(0).tolist() == first.tolist()
    assert mixture.epoch(0, shuffle=False).tolist() == list(range(10, 30))


def test_sources_are_mixed_in_exact_numbers() -> None:
    small, large = np.arange(10), np.arange(100, 190)
    mixture = Mixture([small, large], [1.0, 1.0])
    assert mixture.counts == [50, 50]
    taken = np.concatenate([mixture.epoch(number) for number in range(9)])
    seen, times = np.unique(taken[taken >= 100], return_counts=True)
    assert seen.tolist() == large.tolist()
    assert set(times) == {5}
    assert set(np.unique(taken[taken < 100], return_counts=True)[1]) == {45}


def test_seeds_differ() -> None:
    sessions = [np.arange(50)]
    assert Mixture(sessions, [1.0], 1).epoch(0).tolist() != Mixture(sessions, [1.0], 2).epoch(0).tolist()


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(UsageError, match="no session to train on"):
        Mixture([np.zeros(0, np.int64)], [1.0])
