"""The figures of a ranking, session by session: NDCG@10, MRR and recall@10.

Each is exact where scores tie (see `memento.train.ranking`) and NaN for a session in which nothing
is relevant; such sessions are left out of means and counted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento.train import ranking
from memento.train.ranking import CUTOFF, RELEVANT, mrr, ndcg, recall

__all__ = ["CUTOFF", "NAMES", "RELEVANT", "chance", "mrr", "ndcg", "recall", "table"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NAMES = ("ndcg", "mrr", "recall")
"""Figures in the order in which they are shown."""


def table(
    scores: npt.ArrayLike, labels: npt.ArrayLike, offsets: Ints, cutoff: int = CUTOFF, relevant: float = RELEVANT
) -> dict[str, Floats]:
    """Every figure of every session: name -> shape (S,).

    `scores` and `labels` (N,); gains are the labels themselves (linear), negative ones 0; for MRR
    and recall a candidate is relevant from a label of `relevant` up.
    """
    values = np.asarray(labels, np.float64)
    sorted_by = ranking.order(scores, offsets)
    return {
        "ndcg": ranking.ndcg_of(sorted_by, values, offsets, cutoff),
        "mrr": ranking.mrr_of(sorted_by, values, offsets, relevant),
        "recall": ranking.recall_of(sorted_by, values, offsets, cutoff, relevant),
    }


def chance(labels: npt.ArrayLike, offsets: Ints, cutoff: int = CUTOFF, relevant: float = RELEVANT) -> dict[str, Floats]:
    """What a random order gets on average, exactly: name -> shape (S,)."""
    return table(np.zeros(int(offsets[-1])), labels, offsets, cutoff, relevant)
