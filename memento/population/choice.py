"""The multinomial logit choice: an item of a slate, or none, with a probability that grows with its score.

``P(d) = exp(s_d) / (exp(s_none) + sum exp(s_k))`` (McFadden 1974; the choice model of RecSim NG's users). A slate of
which several may be taken is chosen from again and again, less what was taken, until none is (iterated logit).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento import rng

Floats = npt.NDArray[np.float64]
NONE = -1
"""The place of no choice."""


def chances(scores: Floats, none: float = 0.0) -> Floats:
    """The probability of each item, shape (A, K), for scores of that shape; the rest is that of none."""
    top = np.maximum(scores.max(axis=1), none)
    weights = rng.exp(scores - top[:, None])
    total = rng.exp(none - top)
    for item in range(scores.shape[1]):
        total = total + weights[:, item]
    return weights / total[:, None]


def alone(scores: Floats, none: float = 0.0) -> Floats:
    """The probability of each item where nothing but it is offered, in the shape of the scores."""
    size = rng.exp(-np.abs(scores - none))
    return np.where(scores >= none, 1.0, size) / (1.0 + size)


def choose(scores: Floats, draws: Floats, none: float = 0.0) -> npt.NDArray[np.int64]:
    """One choice for each row of scores, shape (A,), by uniform draws of that shape; `NONE` for none."""
    p = chances(scores, none)
    found = np.full(len(scores), NONE)
    passed = np.zeros(len(scores))
    for item in range(scores.shape[1]):
        taken = (found == NONE) & (draws < passed + p[:, item])
        found[taken] = item
        passed = passed + p[:, item]
    return found


def choose_several(scores: Floats, draws: Floats, none: float = 0.0) -> npt.NDArray[np.bool_]:
    """What is taken of each slate, shape (A, K); `draws`, shape (A, times), has a column for each choice."""
    taken = np.zeros(scores.shape, bool)
    open_ = np.ones(len(scores), bool)
    for time in range(draws.shape[1]):
        left = np.where(taken, -np.inf, scores)
        found = np.where(open_, choose(left, draws[:, time], none), NONE)
        open_ = found != NONE
        taken[np.flatnonzero(open_), found[open_]] = True
    return taken
