"""Baseline: the effective score, by which Signet ranks without its predictor."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from memento.models.base import Batch, Ranker

KEPT = 0.95
"""What a day leaves of a memory's importance."""


class Effective(Ranker):
    """``importance * 0.95 ** age in days``, from columns 1 and 0.

    Signet gives a pinned memory 1.0 and drops what scores 0.2 or less; no column tells what is pinned,
    and every candidate is ranked here. Source: Signet 0.58.1, ``hooks.ts``.
    """

    name: ClassVar[str] = "effective"

    def score(self, batch: Batch) -> Tensor:
        """Scores, shape (B, C)."""
        age = torch.expm1(batch.features[..., 0].double())  # (B, C) days
        score = batch.features[..., 1] * torch.pow(KEPT, age)  # (B, C)
        return score.to(batch.features)  # (B, C)
