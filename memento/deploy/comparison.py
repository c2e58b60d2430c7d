"""Which order was better, as the daemon can tell: NDCG@10 against the relevance of what was injected.

Source: Signet 0.58.1, ``predictor-comparison.ts`` (`computeNdcg`, `runSessionComparison`, `detectDrift`,
`shouldTriggerTraining`). Relevance is known of injected memories alone and counts 0 for all others, so whichever order
had more say in what was injected is favoured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

CUTOFF = 10
DRIFT_RATE = 0.3
"""A share of wins below this is drift."""
DRIFT_WINDOW = 10
"""Comparisons that are looked back at (`driftResetWindow`)."""
TRAIN_EVERY = 10
"""Comparisons from one training to the next (`trainIntervalSessions`)."""
PASS = 0.95
"""What a day leaves of a memory's importance in its effective score (``hooks.ts``, `effectiveScore`)."""


def effective(importance: npt.ArrayLike, age_days: npt.ArrayLike, pinned: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The baseline's score: 1 where pinned, else ``importance * 0.95 ** age``."""
    fading = np.asarray(importance, np.float64) * PASS ** np.asarray(age_days, np.float64)
    return np.asarray(np.where(np.asarray(pinned, bool), 1.0, fading))


def ndcg(order: Sequence[int], relevance: npt.NDArray[np.float64], known: Sequence[int], cutoff: int = CUTOFF) -> float:
    """NDCG of an order of candidates, gains linear; the ideal is over all `known` candidates, others count 0.

    0 where nothing relevant is known.
    """
    gains = dict.fromkeys(known, 0.0) | {place: float(relevance[place]) for place in known}
    reached = sum(gains.get(place, 0.0) / math.log2(rank + 2) for rank, place in enumerate(order[:cutoff]))
    best = sorted(gains.values(), reverse=True)[:cutoff]
    ideal = sum(gain / math.log2(rank + 2) for rank, gain in enumerate(best))
    return reached / ideal if ideal != 0 else 0.0


def drifting(wins: Sequence[bool], window: int = DRIFT_WINDOW) -> bool:
    """Whether the last comparisons were won too seldom; not before there are so many."""
    recent = wins[-window:]
    return len(recent) >= window and sum(recent) / len(recent) < DRIFT_RATE
