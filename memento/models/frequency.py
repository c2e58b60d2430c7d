"""Baseline: the most accessed memory first."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from memento.models.base import Batch, Ranker


class Frequency(Ranker):
    """Scores by column 2, the logarithm of the access count."""

    name: ClassVar[str] = "frequency"

    def score(self, batch: Batch) -> Tensor:
        """Scores, shape (B, C)."""
        return batch.features[..., 2]  # (B, C)
