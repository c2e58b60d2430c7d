"""What a task is: sequences drawn by key, their answers, and what guessing reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento import rng

Ints = npt.NDArray[np.int64]
Drawn = tuple[Ints, Ints]
IGNORED = -1


@dataclass(frozen=True)
class Task:
    """A task over tokens 0 to `vocabulary` - 1 with `answers` answers.

    They are the numbers 0 to `answers` - 1, or, where an answer is a token of the input (copying, induction heads), the
    tokens 1 to `answers`: a model needs `answers` + 1 outputs for either.
    `make(key, count, length)` draws; `chance` is the accuracy of guessing, the best is 1 for a model that keeps the
    state. `needs` says what that takes; `source` is the paper.
    """

    name: str
    vocabulary: int
    answers: int
    make: Callable[[int, int, int], Drawn]
    needs: str
    source: str
    shortest: int = 1

    @property
    def chance(self) -> float:
        """The accuracy of guessing evenly."""
        return 1.0 / self.answers

    def draw(self, key: int, count: int, length: int) -> Drawn:
        """`count` sequences of `length` with their targets, (count, L) each; L may add markers.

        Raises `ValueError` for a length that the task does not have.
        """
        if length < self.shortest or count < 0:
            raise ValueError(f"{self.name} has lengths from {self.shortest}, not {length}, and counts from 0")
        return self.make(key, count, length)


def even(key: int, stream: str, shape: tuple[int, ...], bound: int) -> Ints:
    """Whole numbers below `bound`, each keyed by its place, of some shape."""
    keys = rng.pair_keys(rng.key(key, stream), np.arange(int(np.prod(shape)), dtype=np.uint64))
    return rng.integers(keys, bound).reshape(shape)


def accuracy(answers: Ints, targets: Ints) -> float:
    """The share of scored targets that are met."""
    scored = targets != IGNORED
    return float((answers == targets)[scored].mean()) if scored.any() else 0.0
