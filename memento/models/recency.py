"""Baseline: the newest memory first."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from memento.models.base import Batch, Ranker


class Recency(Ranker):
    """Scores by column 0, the logarithm of age, downwards."""

    name: ClassVar[str] = "recency"

    def score(self, batch: Batch) -> Tensor:
        """Scores, shape (B, C)."""
        return -batch.features[..., 0]  # (B, C)
