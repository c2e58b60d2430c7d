"""How well a scorer that is being trained ranks the sessions that choose its best epoch."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from memento.models.base import Model
from memento.train import ranking
from memento.train.batches import Resident

Ints = npt.NDArray[np.int64]


class Judge:
    """NDCG@10 of a scorer on fixed sessions of a resident rendering."""

    def __init__(self, resident: Resident, sessions: Ints) -> None:
        self.resident = resident
        self.sessions = np.sort(sessions)
        sizes = resident.sizes[self.sessions]
        self.offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        rows = [np.arange(resident.ends[s], resident.ends[s + 1]) for s in self.sessions]
        self.rows = np.concatenate(rows) if rows else np.zeros(0, np.int64)
        self.labels = resident.labels.cpu().numpy()[self.rows]

    def ndcg(self, scorer: Model) -> float:
        """The mean over sessions in which something is relevant; NaN where there is none."""
        return self.of(self.resident.score(scorer, self.sessions)[self.rows]) if len(self.sessions) else math.nan

    def of(self, scores: npt.ArrayLike) -> float:
        """The same from scores of their candidates, in order of time, shape (n,)."""
        if len(self.sessions) == 0:
            return math.nan
        each = ranking.ndcg(scores, self.labels, self.offsets)
        return float(np.nanmean(each)) if np.isfinite(each).any() else math.nan
