"""What augmentations take from outside a session: candidates of other sessions, means, and the clock of each stream."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento.train.batches import Resident
from memento.train.lesson import SESSION_COLUMNS, Lesson

Ints = npt.NDArray[np.int64]


class Pool:
    """The candidates of the training sessions `fit`, one array of sessions for each source of `resident`."""

    def __init__(self, resident: Resident, fit: Sequence[Ints]) -> None:
        self.resident = resident
        self.fit = [np.asarray(part, np.int64) for part in fit]
        chosen = np.concatenate(self.fit) if self.fit else np.zeros(0, np.int64)
        rows = [np.arange(resident.ends[s], resident.ends[s + 1]) for s in chosen.tolist()]
        self.rows = torch.from_numpy(np.concatenate(rows) if rows else np.zeros(1, np.int64)).to(resident.device)
        self.mean = resident.features[self.rows].double().mean(0).float()  # (17,)

    def strangers(self, lesson: Lesson, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Candidates of other sessions, one for each number in [0, 1) of `drawn` (B, K).

        Their columns, shape (B, K, 17), under the clock and gap of the session that they come to, and
        their embeddings, shape (B, K, D).
        """
        rows = self.rows[(drawn * len(self.rows)).long().clamp_max(len(self.rows) - 1)]  # (B, K)
        features = self.resident.features[rows].clone()  # (B, K, 17)
        features[..., SESSION_COLUMNS] = lesson.features[:, :1, SESSION_COLUMNS]  # (B, K, 7)
        return features, self.resident.embeddings[self.resident.memory_rows[rows]]
