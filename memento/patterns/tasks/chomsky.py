"""Regular tasks of the Chomsky hierarchy (Deletang et al. 2023), as PD-SSM's paper trains and tests them.

Train lengths are 3 to 40, test lengths 40 to 256. Every place is scored, with the answer for the word up to it.
"""

from __future__ import annotations

import numpy as np

from memento.patterns.tasks.task import IGNORED, Drawn, Ints, Task, even

TRAIN, TEST = (3, 40), (40, 256)
CYCLE, MODULUS = 5, 5


def parity(key: int, count: int, length: int) -> Drawn:
    """Whether the number of ones so far is odd."""
    bits = even(key, "bits", (count, length), 2)
    return bits, np.cumsum(bits, axis=1) % 2


def even_pairs(key: int, count: int, length: int) -> Drawn:
    """Whether the number of changes (01 and 10) so far is even: the first letter and the last are the same."""
    bits = even(key, "bits", (count, length), 2)
    return bits, (bits == bits[:, :1]).astype(np.int64)


def cycle_navigation(key: int, count: int, length: int) -> Drawn:
    """Where a walk on a circle of five is: 0 stays, 1 steps forward, 2 back."""
    moves = even(key, "moves", (count, length), 3)
    return moves, np.cumsum(np.array([0, 1, -1])[moves], axis=1) % CYCLE


def modular_arithmetic(key: int, count: int, length: int) -> Drawn:
    """The value modulo five of an expression without brackets, after each number; times binds closer than plus.

    Tokens 0 to 4 are numbers, 5 is +, 6 is -, 7 is *. Odd lengths end with a number, even ones with an operator.
    """
    numbers = even(key, "numbers", (count, (length + 1) // 2), MODULUS)
    operators = even(key, "operators", (count, length // 2), 3)
    inputs = np.empty((count, length), np.int64)
    inputs[:, ::2] = numbers
    inputs[:, 1::2] = MODULUS + operators
    targets = np.full((count, length), IGNORED, np.int64)
    targets[:, ::2] = _values(numbers, operators)
    return inputs, targets


def _values(numbers: Ints, operators: Ints) -> Ints:
    """The value after each number: a sum that is done, and the term that may still be multiplied."""
    done, term = np.zeros(len(numbers), np.int64), numbers[:, 0].copy()
    found = np.empty_like(numbers)
    found[:, 0] = term
    for place in range(1, numbers.shape[1]):
        operator, number = operators[:, place - 1], numbers[:, place]
        times = operator == 2
        done = np.where(times, done, done + term) % MODULUS
        term = np.where(times, term * number, np.where(operator == 0, number, -number)) % MODULUS
        found[:, place] = (done + term) % MODULUS
    return found


_SOURCE = "Deletang et al. 2023; Terzic et al. 2025 (PD-SSM)"
TASKS = (
    Task("parity", 2, 2, parity, "a transition of -1", _SOURCE),
    Task("even-pairs", 2, 2, even_pairs, "the first letter and the last", _SOURCE),
    Task("cycle-navigation", 3, CYCLE, cycle_navigation, "a state of five", _SOURCE),
    Task("modular-arithmetic", MODULUS + 3, MODULUS, modular_arithmetic, "a sum and a term, five values each", _SOURCE),
)
