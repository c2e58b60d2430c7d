"""What a model is given and what it gives back.

Shapes: B sessions in a batch, C candidates a session (padded), D numbers an embedding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

COLUMNS = 17
"""Feature columns of a candidate, in the order of `memento.render.columns`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some sessions with their candidates, padded to one length; padding is zero and masked.

    `labels` and `clean` are training targets and the planted relevance without noise, where known;
    `rows` is each candidate's row in its rendering; `tokens` are bags of text buckets, padded with
    -1, for candidates without an embedding; `projects` are project slots.
    """

    features: Tensor  # (B, C, 17)
    mask: Tensor  # (B, C) bool, true where a candidate is
    contexts: Tensor  # (B, D)
    candidates: Tensor  # (B, C, D)
    labels: Tensor | None = None  # (B, C)
    clean: Tensor | None = None  # (B, C)
    rows: Tensor | None = None  # (B, C) int64
    tokens: Tensor | None = None  # (B, C, T) int64
    projects: Tensor | None = None  # (B,) int64


@runtime_checkable
class Scorer(Protocol):
    """Anything that ranks: a higher score is a better candidate within its session."""

    name: ClassVar[str]

    @property
    def config(self) -> Mapping[str, Any]:
        """What it takes to build it again, as plain values."""
        ...

    def score(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C); only differences within a session mean anything."""
        ...


class Model(nn.Module):
    """A scorer with parameters. Subclasses give `forward(batch) -> logits (B, C)`."""

    name: ClassVar[str]

    def __init__(self, **config: Any) -> None:
        super().__init__()
        self.config: Mapping[str, Any] = config

    @property
    def size(self) -> int:
        """How many numbers it learns."""
        return sum(parameter.numel() for parameter in self.parameters())

    def fit_scale(self, features: Tensor) -> None:
        """Take from training features, shape (N, 17), what has to be known before the first step."""

    def score(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C), without gradient and without dropout."""
        was_training = self.training
        self.eval()
        with torch.inference_mode():
            logits: Tensor = self(batch)  # (B, C)
        self.train(was_training)
        return logits


class Ranker:
    """A scorer without parameters."""

    name: ClassVar[str]

    @property
    def config(self) -> Mapping[str, Any]:
        """Nothing is needed to build it again."""
        return {}


class Scale(nn.Module):
    """Columns shifted and divided to mean 0 and deviation 1, as measured on training data."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, columns: int = COLUMNS) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(columns))
        self.register_buffer("deviation", torch.ones(columns))

    def fit(self, features: Tensor) -> None:
        """Measure on `features`, shape (N, 17); a column that never varies is only shifted."""
        exact = features.double()  # (N, 17)
        deviation = exact.std(0, correction=0)  # (17,)
        self.mean.copy_(exact.mean(0))
        self.deviation.copy_(torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation)))

    def forward(self, features: Tensor) -> Tensor:
        """The scaled columns, same shape (…, 17)."""
        return (features - self.mean) / self.deviation  # (…, 17)
