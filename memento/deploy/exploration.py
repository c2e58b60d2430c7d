"""Exploration: now and then the candidate about which baseline and scorer disagree most takes the last place.

Source: Signet 0.58.1, ``predictor-scoring.ts``, `maybeExplore`. The daemon draws by `Math.random`; here the draw is
keyed by the session.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

RATE = 0.05
"""`explorationRate`: the share of sessions that explore."""


def explore(
    order: list[int],
    injected: list[int],
    scores: npt.NDArray[np.float64],
    baseline: Ints,
    predicted: Ints,
    drawn: float,
    rate: float = RATE,
) -> tuple[int, int] | None:
    """The candidate that comes in and the one that leaves for it, None where none does.

    `order` is that of the fused `scores` (C,); of equal disagreements the first in it comes in, and of equal scores
    the first in it leaves. `drawn` is uniform in [0, 1).
    """
    if not injected or drawn > rate:
        return None
    inside = set(injected)
    best, found = 0, None
    for place in order:
        apart = abs(int(baseline[place]) - int(predicted[place]))
        if place not in inside and apart > best:
            best, found = apart, place
    if found is None:
        return None
    lowest = min((place for place in order if place in inside), key=lambda place: scores[place])
    return found, lowest
