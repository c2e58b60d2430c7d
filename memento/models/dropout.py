"""Dropout whose draws can be keyed."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Draws:
    """Where the dropouts of one model draw from: `generator`, or torch's own where that is None.

    With `rows`, shape (b,), the first axis holds only those of `whole` rows: masks are drawn for all
    of them and cut, so that several processes that share a batch drop what one would.
    """

    def __init__(self, generator: torch.Generator | None = None) -> None:
        self.generator = generator
        self.rows: Tensor | None = None
        self.whole = 0

    def mask(self, like: Tensor, keep: float) -> Tensor:
        """1 with probability `keep`, else 0, shaped as `like`."""
        if self.rows is None or len(self.rows) != len(like):
            return torch.empty_like(like).bernoulli_(keep, generator=self.generator)  # as like
        drawn = like.new_empty(self.whole, *like.shape[1:])  # (whole, …)
        return drawn.bernoulli_(keep, generator=self.generator)[self.rows]  # (b, …)


class Dropout(nn.Module):
    """A share `p` of numbers set to 0 in training, the others divided by ``1 - p`` (Srivastava and others 2014).

    As `torch.nn.Dropout`, but for where it draws from: `draws`, which training sets.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.draws: Draws | None = None

    def forward(self, x: Tensor) -> Tensor:
        """The same shape; unchanged outside of training."""
        if not self.training or self.p == 0.0:
            return x
        if self.draws is None:
            return nn.functional.dropout(x, self.p)
        return x * self.draws.mask(x, 1.0 - self.p).div_(1.0 - self.p)


def draw_from(model: nn.Module, draws: Draws | None) -> None:
    """Lets all dropouts of a model draw from `draws`."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.draws = draws
