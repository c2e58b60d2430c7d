"""Frequent ordered sub-sequences, and which of them each sequence is paired with.

A pattern is an ordered choice of a sequence's items whose last and first stand 1 to alpha - 1 places
apart, so that it fits a window of alpha items; its support is the number of sequences that hold it,
however often. After Seq2Pat (Wang et al., AAAI 2022), as DR4SR uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.synthesis.dr4sr.sequences import PAD, Ints

ALPHA, BETA, PAIRS = 5, 2, 10
WIDEST = 8


@dataclass(frozen=True)
class Patterns:
    """P patterns: `items`, shape (P, alpha), filled up with 0, in lexicographic order; `support`, shape (P,)."""

    items: Ints
    support: Ints

    def __len__(self) -> int:
        return len(self.items)

    @property
    def lengths(self) -> Ints:
        """Items of each pattern, shape (P,)."""
        return np.asarray(np.count_nonzero(self.items != PAD, axis=1), np.int64)

    def rows(self) -> list[Ints]:
        """The patterns without filling."""
        return [row[:length] for row, length in zip(self.items, self.lengths.tolist(), strict=True)]


def mine(sequences: Sequence[Ints], alpha: int = ALPHA, beta: int = BETA) -> Patterns:
    """All patterns within a window of `alpha` items that at least `beta` sequences hold.

    Every way to choose items of a window that begins with the first of them is one gather over all
    sequences at once: 2**(alpha - 1) - 1 of them, each of as many rows as there are items. Raises
    `UsageError` for a window that is not 2 to 8 wide, or a support below 1.
    """
    if not 2 <= alpha <= WIDEST or beta < 1:
        raise UsageError(
            f"alpha={alpha}, beta={beta}: no window and support to mine by", f"alpha is 2 to {WIDEST}, beta 1 or more"
        )
    if not sequences:
        return Patterns(np.empty((0, alpha), np.int64), np.empty(0, np.int64))
    blank = np.full(alpha - 1, PAD, np.int64)
    flat = np.concatenate([part for row in sequences for part in (row, blank)])  # (M,)
    owner = np.repeat(np.arange(len(sequences)), [len(row) + alpha - 1 for row in sequences])  # (M,)
    starts = np.flatnonzero(flat != PAD)
    found, holders = [], []
    for size in range(1, alpha):
        for ahead in combinations(range(1, alpha), size):
            rows = starts[flat[np.minimum(starts + ahead[-1], len(flat) - 1)] != PAD]
            chosen = np.zeros((len(rows), alpha), np.int64)
            for place, step in enumerate((0, *ahead)):
                chosen[:, place] = flat[rows + step]
            found.append(chosen)
            holders.append(owner[rows])
    every, holder = np.concatenate(found), np.concatenate(holders)
    code = _numbered(every)
    once = np.unique(np.stack([code, holder], 1), axis=0)[:, 0] if len(code) else code
    support = np.bincount(once, minlength=int(code.max(initial=-1)) + 1)
    first = np.unique(code, return_index=True)[1]
    frequent = np.flatnonzero(support >= beta)
    return Patterns(every[first[frequent]], support[frequent].astype(np.int64))


def _numbered(rows: Ints) -> Ints:
    """A number for each row, equal for equal rows, in lexicographic order; shape (M,)."""
    code = np.zeros(len(rows), np.int64)
    base = int(rows.max(initial=0)) + 1
    for column in rows.T:
        code = np.unique(code * base + column, return_inverse=True)[1].astype(np.int64)
    return code


def held(sequence: Ints, patterns: Ints) -> npt.NDArray[np.bool_]:
    """Which patterns, shape (P, alpha), are ordered sub-sequences of one sequence, gaps of any width; shape (P,)."""
    length, items = len(sequence), int(max(patterns.max(initial=0), sequence.max(initial=0))) + 1
    after = np.full((length + 2, items), length + 1, np.int64)
    for place in range(length - 1, -1, -1):
        after[place] = after[place + 1]
        after[place, sequence[place]] = place + 1
    after[length] = length + 1
    after[:, PAD] = np.arange(length + 2)
    at = np.zeros(len(patterns), np.int64)
    for column in patterns.T:
        at = after[at, column]
    return np.asarray(at <= length, bool)


def pairs(sequences: Sequence[Ints], patterns: Patterns, seed: int, count: int = PAIRS) -> Ints:
    """What the regenerator learns from: (sequence, pattern) pairs, shape (M, 2).

    For each sequence the patterns are shuffled, and the first `count` that it holds are kept.
    """
    found = []
    base = rng.key(seed, "dr4sr", "pairs")
    numbers = np.arange(len(patterns), dtype=np.uint64)
    for place, sequence in enumerate(sequences):
        there = np.flatnonzero(held(sequence, patterns.items))
        order = rng.bits(rng.pair_keys(rng.key(base, place), numbers[there]))
        chosen = there[np.argsort(order, kind="stable")[:count]]
        found += [(place, pattern) for pattern in chosen.tolist()]
    return np.array(found, np.int64).reshape(-1, 2)
