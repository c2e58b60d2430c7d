"""Baseline: an order drawn by chance, the same one every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from memento import rng
from memento.models.base import Batch


class Random:
    """Scores by a draw keyed by `seed` and the candidate's row, so that batching changes nothing."""

    name: ClassVar[str] = "random"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    @property
    def config(self) -> Mapping[str, Any]:
        """The seed."""
        return {"seed": self.seed}

    def score(self, batch: Batch) -> Tensor:
        """Scores in [0, 1), shape (B, C)."""
        if batch.rows is None:
            rows = torch.arange(batch.mask.numel()).reshape(batch.mask.shape)  # (B, C)
        else:
            rows = batch.rows  # (B, C)
        base = np.full(rows.numel(), rng.key(self.seed, "random scorer"), np.uint64)  # (B*C,)
        keys = rng.pair_keys(base, rows.reshape(-1).cpu().numpy().astype(np.uint64))  # (B*C,)
        drawn = torch.from_numpy(rng.uniform(keys)).reshape(rows.shape)  # (B, C)
        return drawn.to(batch.features)  # (B, C)
