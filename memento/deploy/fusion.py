"""Reciprocal rank fusion of the baseline's order and the scorer's.

Source: Signet 0.58.1, ``predictor-scoring.ts``, `rrfFuse`; Cormack, Clarke and Büttcher 2009.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

K = 12
"""The constant of the fusion, "tuned for ~50 candidate scale" (`rrfK`)."""


def ranks(scores: npt.ArrayLike) -> Ints:
    """The rank of each candidate from 1, highest score first, equals in the order given; shape (C,)."""
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    found = np.empty(len(order), np.int64)
    found[order] = np.arange(1, len(order) + 1)
    return found


def fuse(baseline: Ints, predicted: Ints | None, alpha: float, k: int = K) -> Floats:
    """``alpha / (k + baseline rank) + (1 - alpha) / (k + predicted rank)``, shape (C,).

    Ranks count from 1; 0 is a candidate that one of the two does not rank, which comes after all (C + 1). Without
    a scorer the baseline's order is kept: ``1 / (k + rank)``.
    """
    first = np.where(baseline > 0, baseline, len(baseline) + 1)
    if predicted is None:
        return np.asarray(1.0 / (k + first))
    second = np.where(predicted > 0, predicted, len(predicted) + 1)
    return np.asarray(alpha / (k + first) + (1.0 - alpha) / (k + second))
