"""Topic diversity: what is much like a candidate above it counts for less.

Source: Signet 0.58.1, ``predictor-scoring.ts``, `applyTopicDiversity`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

THRESHOLD = 0.85
"""Cosine above which two candidates are about the same."""
DECAY = 0.5
FLOOR = 0.1


def diversify(
    fused: Floats,
    embeddings: npt.NDArray[np.float32],
    threshold: float = THRESHOLD,
    decay: float = DECAY,
    floor: float = FLOOR,
) -> Floats:
    """Fused scores, each times ``(1 - floor) * decay ** n + floor`` for n alike candidates above it, shape (C,).

    `embeddings` (C, D); zeros are no embedding: such a candidate is like none. Candidates are gone through in fused
    order, equals in the order given, and each is compared with all before it.
    """
    order = np.argsort(-fused, kind="stable")
    near = alike(embeddings, threshold)[np.ix_(order, order)]
    above = np.tril(near, -1).sum(axis=1)
    adjusted = np.empty(len(fused))
    adjusted[order] = fused[order] * np.where(above > 0, (1.0 - floor) * decay**above + floor, 1.0)
    return adjusted


def alike(embeddings: npt.NDArray[np.float32], threshold: float = THRESHOLD) -> npt.NDArray[np.bool_]:
    """Which pairs have a cosine above the threshold, shape (C, C)."""
    exact = embeddings.astype(np.float64)
    norms = np.sqrt((exact * exact).sum(axis=1))
    unit = exact / np.where(norms > 0, norms, 1.0)[:, None]
    return np.asarray(unit @ unit.T > threshold)


def redundancy(embeddings: npt.NDArray[np.float32]) -> float:
    """The share of pairs of some candidates that are alike; 0 for fewer than two."""
    count = len(embeddings)
    if count < 2:
        return 0.0
    near = alike(embeddings)
    return float(np.tril(near, -1).sum() / (count * (count - 1) / 2))
