"""Baseline: what was relevant before is relevant again.

Source: the copy mode of CyGNet, Zhu and others 2021, "Learning from History: Modeling Temporal Knowledge Graphs with
Sequential Copy-Generation Networks", AAAI: it copies what was seen with the same subject and relation. Here the share
of relevance takes the place of a count, since what is offered more often is not more relevant for that.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento.models.base import Batch, Ranker, Sessions

QUARTERS = 4
"""Parts of a day; what was relevant within one counts first."""
PRIOR = 1.0
"""How many earlier offers what is known more broadly weighs as much as."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Copy(Ranker):
    """The mean label that a memory had in earlier sessions of the same quarter of the day.

    Where there were few it leans on the mean of the memory at any hour, that on the mean of the fact
    (entity and aspect, by their slots), and that on the mean of all: ``(sum + broader) / (count + 1)``.
    Labels count from 0 to 1. Only sessions that stand earlier in the same rendering are known, their
    labels among them; a batch that comes without them scores 0.
    """

    name: ClassVar[str] = "copy"

    def inputs(self, sessions: Sessions) -> Tensor:
        """The score of every candidate from the sessions before its own, shape (N + 1, 1)."""
        features = sessions.features.double().cpu().numpy()  # (N + 1, 17)
        labels = sessions.labels.double().cpu().numpy().clip(0.0, 1.0)  # (N + 1,)
        starts, sizes = sessions.offsets.tolist(), sessions.lengths.tolist()
        levels = [_Level(keys) for keys in _keys(features, sessions.memories.cpu().numpy())]
        scores = np.zeros((len(labels), 1))  # (N + 1, 1)
        for stream in sessions.streams:
            for level in levels:
                level.forget()
            for session in stream:
                rows = slice(starts[session], starts[session] + sizes[session])
                scores[rows, 0] = _known(levels, rows)
                for level in levels:
                    level.add(rows, labels[rows])
        for session in sessions.apart:
            rows = slice(starts[session], starts[session] + sizes[session])
            scores[rows, 0] = _known(levels, rows)
        return torch.from_numpy(scores).to(sessions.features)  # (N + 1, 1)

    def score(self, batch: Batch) -> Tensor:
        """Scores, shape (B, C)."""
        return torch.zeros_like(batch.features[..., 0]) if batch.inputs is None else batch.inputs[..., 0]  # (B, C)


def _known(levels: list[_Level], rows: slice) -> Floats:
    """The mean label of some rows from broad to narrow, shape (C,)."""
    known = np.zeros(rows.stop - rows.start)  # (C,)
    for level in levels:
        known = level.mean(rows, known)  # (C,)
    return known


class _Level:
    """Sums of labels by one kind of key, `keys` (N + 1,)."""

    def __init__(self, keys: Ints) -> None:
        found, place = np.unique(keys, return_inverse=True)
        self.place = place.reshape(-1)  # (N + 1,)
        self.size = len(found)
        self.forget()

    def forget(self) -> None:
        self.sums, self.counts = np.zeros(self.size), np.zeros(self.size)

    def mean(self, rows: slice, broader: Floats) -> Floats:
        """The mean label of the keys of some rows, with what is known more broadly as a prior; shape (C,)."""
        at = self.place[rows]  # (C,)
        return np.asarray((self.sums[at] + PRIOR * broader) / (self.counts[at] + PRIOR))  # (C,)

    def add(self, rows: slice, labels: Floats) -> None:
        """One more session: each key of it counts as often as it was offered."""
        np.add.at(self.sums, self.place[rows], labels)
        np.add.at(self.counts, self.place[rows], 1.0)


def _keys(features: Floats, memories: Ints) -> list[Ints]:
    """By what is remembered, from broad to narrow, (N + 1,) each: all, fact, memory, memory and quarter of the day."""
    hour = np.round(np.arctan2(features[:, 3], features[:, 4]) * 12 / np.pi).astype(np.int64) % 24  # (N + 1,)
    quarter = hour * QUARTERS // 24  # (N + 1,)
    slots = np.round(features[:, 12:14] * 255).astype(np.int64)  # (N + 1, 2)
    fact = slots[:, 0] * 1_000_003 + slots[:, 1]  # (N + 1,) beyond 255 as well, which Signet takes
    return [np.zeros(len(fact), np.int64), fact, memories, memories * QUARTERS + quarter]
