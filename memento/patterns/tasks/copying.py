"""Selective copying and induction heads (Gu and Dao 2023; github MinhZou/selective-copying-mamba).

Answers are tokens of the input, and so begin at 1: 0 is the noise of the one and the trigger of the other.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from memento import rng
from memento.patterns.tasks.task import IGNORED, Drawn, Task, even

ALPHABET, TOKENS = 16, 16
_LETTERS = 16


def copying(
    key: int, count: int, length: int, tokens: int = TOKENS, alphabet: int = ALPHABET, *, variable: bool = True,
    variable_length: bool = False, reverse: bool = False,
) -> Drawn:  # fmt: skip
    """Data tokens 1 to alphabet - 2 among `length` noise tokens 0, then as many markers alphabet - 1.

    The answer at the markers is the data in order, or reversed. With `variable` the data lie at sorted random places,
    else in front; with `variable_length` 1 to `tokens` of them are drawn and the rest of the answers is not scored.
    """
    data = 1 + even(key, "data", (count, tokens), alphabet - 2)
    size = length + tokens
    places = np.broadcast_to(np.arange(tokens), (count, tokens)).copy()
    if variable and count:
        order = rng.uniform(rng.pair_keys(rng.key(key, "places"), np.arange(count * size, dtype=np.uint64)))
        places = np.sort(np.argsort(order.reshape(count, size), axis=1, kind="stable")[:, :tokens], axis=1)
    held = np.full(count, tokens)
    if variable_length:
        held = 1 + even(key, "held", (count,), tokens)
    there = np.arange(tokens) < held[:, None]
    inputs = np.zeros((count, size + tokens), np.int64)
    np.put_along_axis(inputs, places, np.where(there, data, 0), axis=1)
    inputs[:, size:] = alphabet - 1
    answers = np.where(there, data, IGNORED)
    if reverse:
        turned = np.take_along_axis(data, np.maximum(held[:, None] - 1 - np.arange(tokens), 0), axis=1)
        answers = np.where(there, turned, IGNORED)
    targets = np.full_like(inputs, IGNORED)
    targets[:, size:] = answers
    return inputs, targets


def induction(key: int, count: int, length: int) -> Drawn:
    """`length` even tokens without the trigger 0; one place gets it, and it comes again at the end.

    The answer there is the token that followed it: A B … A -> B.
    """
    inputs = 1 + even(key, "tokens", (count, length + 1), _LETTERS - 1)
    place = even(key, "place", (count,), length - 2)
    rows = np.arange(count)
    inputs[rows, place] = 0
    inputs[:, -1] = 0
    targets = np.full_like(inputs, IGNORED)
    targets[:, -1] = inputs[rows, place + 1]
    return inputs, targets


_MAMBA = "Gu and Dao 2023, arXiv 2312.00752"
TASKS = (
    Task("selective-copying", ALPHABET, ALPHABET - 2, copying, "transitions that depend on the input", _MAMBA),
    Task(
        "copying",
        ALPHABET,
        ALPHABET - 2,
        partial(copying, variable=False),
        "a fixed delay: also for time-invariant models",
        _MAMBA,
    ),
    Task(
        "selective-copying-reversed",
        ALPHABET,
        ALPHABET - 2,
        partial(copying, reverse=True),
        "a stack of the data",
        _MAMBA,
    ),
    Task(
        "selective-copying-varied",
        ALPHABET,
        ALPHABET - 2,
        partial(copying, variable_length=True),
        "as above, 1 to 16 data",
        _MAMBA,
    ),
    Task("induction-heads", _LETTERS, _LETTERS - 1, induction, "recall of what followed the trigger", _MAMBA, 3),
)
