"""Baseline with parameters: one weight a column."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from memento.models.base import COLUMNS, Batch, Model, Scale


class Linear(Model):
    """``logit = w · scaled features``; what is equal for a whole session cancels in the softmax."""

    name: ClassVar[str] = "linear"

    def __init__(self) -> None:
        super().__init__()
        self.scale = Scale()
        self.weight = nn.Parameter(torch.zeros(COLUMNS))  # (17,)

    def fit_scale(self, features: Tensor) -> None:
        """Measure mean and deviation of each column on `features`, shape (N, 17)."""
        self.scale.fit(features)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C)."""
        scaled: Tensor = self.scale(batch.features)  # (B, C, 17)
        return scaled @ self.weight  # (B, C)
