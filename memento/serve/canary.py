"""Whether training turned a ranking over: what Signet looks at before it saves a checkpoint.

Source: Signet 0.58.1, ``packages/predictor/src/training.rs``: the variance of all scores of the canary
sessions, and the mean share of the first five that stayed among the first five.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

FIRST = 5


def top(scores: npt.NDArray[Any]) -> list[int]:
    """The places of the first five candidates; equals in the order given."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:FIRST]]


def compare(before: Sequence[Sequence[int]], after: Sequence[npt.NDArray[Any]]) -> tuple[float, float]:
    """The variance of the scores `after` training, and the mean overlap of first fives with those `before`."""
    everything = np.concatenate(list(after))
    shares = [
        len(set(top(scores)) & set(old)) / min(FIRST, len(scores))
        for old, scores in zip(before, after, strict=True)
        if old
    ]
    variance = float(np.var(everything)) if len(everything) > 1 else 0.0
    return variance, sum(shares) / len(shares) if shares else 1.0
