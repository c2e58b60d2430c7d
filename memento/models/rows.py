"""A table that grows by keys."""

from __future__ import annotations

import torch
from torch import Tensor

_FIRST = 64


class Rows:
    """Sums of 64 bits under whole numbers as keys, a row of `shape` each; zeros under a key never met."""

    def __init__(self, *shape: int) -> None:
        self._places: dict[int, int] = {}
        self._table = torch.zeros(_FIRST, *shape, dtype=torch.float64)  # (R, …), row 0 stays blank

    def read(self, keys: Tensor) -> Tensor:
        """The rows of keys, shape (n,) to (n, …)."""
        places = [self._places.get(key, 0) for key in keys.tolist()]
        return self._table[torch.tensor(places, dtype=torch.int64)]  # (n, …)

    def add(self, keys: Tensor, values: Tensor, at: tuple[int, ...] = ()) -> None:
        """Adds values, shape (n, …), to what stands under keys, shape (n,), at a place of their rows."""
        places = [self._places.setdefault(key, len(self._places) + 1) for key in keys.tolist()]
        while len(self._places) >= len(self._table):
            self._table = torch.cat([self._table, torch.zeros_like(self._table)])
        spot = tuple(torch.full((len(places),), part) for part in at)
        self._table.index_put_((torch.tensor(places, dtype=torch.int64), *spot), values.double(), accumulate=True)
