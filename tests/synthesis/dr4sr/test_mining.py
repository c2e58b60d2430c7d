from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from memento.errors import UsageError
from memento.synthesis.dr4sr.mining import held, mine, pairs


def brute(sequences: list[list[int]], alpha: int, beta: int) -> dict[tuple[int, ...], int]:
    """Every choice of places of every sequence, one by one."""
    support: Counter[tuple[int, ...]] = Counter()
    for row in sequences:
        mine_: set[tuple[int, ...]] = set()
        for size in range(2, alpha + 1):
            for places in combinations(range(len(row)), size):
                if 1 <= places[-1] - places[0] <= alpha - 1:
                    mine_.add(tuple(row[place] for place in places))
        support.update(mine_)
    return {pattern: count for pattern, count in support.items() if count >= beta}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("alpha", "beta"), [(2, 1), (3, 2), (5, 2), (5, 3)])
def test_what_is_mined_is_what_counting_everything_finds(seed: int, alpha: int, beta: int) -> None:
    draw = np.random.default_rng(seed)
    sequences = [draw.integers(1, 6, draw.integers(1, 9)).tolist() for _ in range(12)]
    found = mine([np.array(row) for row in sequences], alpha, beta)
    got = {tuple(r.tolist()): s for r, s in zip(found.rows(), found.support.tolist(), strict=True)}
    assert got == brute(sequences, alpha, beta)
    assert got
    assert found.items.tolist() == sorted(found.items.tolist())


def test_support_counts_sequences_and_windows_are_kept() -> None:
    found = mine([np.array([1, 2, 1, 2]), np.array([3, 3])], 5, 1)
    assert dict(zip(map(tuple, found.items[:, :2].tolist()), found.support.tolist(), strict=False))[(1, 2)] == 1
    far = [np.array([1, 9, 9, 9, 9, 2])] * 2
    assert [1, 2] not in [row.tolist() for row in mine(far, 5, 2).rows()]
    assert [1, 2] in [row.tolist() for row in mine(far, 6, 2).rows()]


def test_nothing_in_nothing_out_and_bad_windows_are_refused() -> None:
    assert len(mine([], 5, 2)) == 0
    assert len(mine([np.array([1]), np.array([1])], 5, 2)) == 0
    for alpha, beta in ((1, 2), (9, 2), (5, 0)):
        with pytest.raises(UsageError, match="alpha"):
            mine([np.array([1, 2])], alpha, beta)


def is_held(row: list[int], pattern: list[int]) -> bool:
    left = iter(row)
    return all(any(item == other for other in left) for item in pattern)


@pytest.mark.parametrize("seed", range(4))
def test_each_sequence_is_paired_with_ten_of_the_patterns_it_holds(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sequences = [draw.integers(1, 6, draw.integers(2, 9)) for _ in range(12)]
    patterns = mine(sequences)
    rows = patterns.rows()
    for row in sequences:
        expected = [is_held(row.tolist(), pattern.tolist()) for pattern in rows]
        assert held(row, patterns.items).tolist() == expected
    found = pairs(sequences, patterns, seed)
    assert np.array_equal(found, pairs(sequences, patterns, seed))
    assert not np.array_equal(found, pairs(sequences, patterns, seed + 1))
    for place, row in enumerate(sequences):
        chosen = found[found[:, 0] == place, 1]
        there = np.count_nonzero(held(row, patterns.items))
        assert len(chosen) == min(10, there) == len(set(chosen.tolist()))
        assert all(is_held(row.tolist(), rows[pattern].tolist()) for pattern in chosen)
