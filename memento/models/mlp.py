"""A multilayer perceptron on the columns of one candidate."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from memento.models.base import COLUMNS, Batch, Model, Scale
from memento.models.dropout import Dropout


class Mlp(Model):
    """Two hidden layers: 96,001 parameters at a width of 300. `dropout` acts in training alone.

    The hour is a column beside the slots, so that unlike a linear gate it can learn what matters when.
    It has no text: neither embeddings nor the context, so no topic; and it sees one candidate at a time.
    """

    name: ClassVar[str] = "mlp"

    def __init__(self, width: int = 300, dropout: float = 0.1) -> None:
        super().__init__(width=width, dropout=dropout)
        self.scale = Scale()
        self.layers = nn.Sequential(
            nn.Linear(COLUMNS, width),
            nn.SiLU(),
            Dropout(dropout),
            nn.Linear(width, width),
            nn.SiLU(),
            Dropout(dropout),
            nn.Linear(width, 1),
        )

    def fit_scale(self, features: Tensor) -> None:
        """Measure mean and deviation of each column on `features`, shape (N, 17)."""
        self.scale.fit(features)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C)."""
        scaled = self.scale(batch.features)  # (B, C, 17)
        logits: Tensor = self.layers(scaled).squeeze(-1)  # (B, C)
        return logits
