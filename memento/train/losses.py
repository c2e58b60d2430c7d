"""What training minimises: ListNet over the candidates of each session."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

TEMPERATURE = 0.5
_EPSILON = 1e-9


class _ListNet(torch.autograd.Function):
    """``KL(p || r)`` a session with the gradient that the Signet source uses, ``(r - p) / T``.

    The 1e-9 inside the logarithms guards the value alone; leaving it out of the gradient moves that
    by less than 1e-9 times the number of candidates.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, mask: Tensor, temperature: float) -> Tensor:
        hidden = ~mask  # (B, C)
        target = torch.softmax((labels / temperature).masked_fill(hidden, -torch.inf), -1)  # (B, C)
        given = torch.softmax((logits / temperature).masked_fill(hidden, -torch.inf), -1)  # (B, C)
        ctx.save_for_backward(given - target)
        ctx.temperature = temperature
        terms = target * (torch.log(target + _EPSILON) - torch.log(given + _EPSILON))  # (B, C)
        return terms.sum(-1)  # (B,)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (difference,) = ctx.saved_tensors  # (B, C)
        return gradients[0].unsqueeze(-1) * difference / ctx.temperature, None, None, None  # (B, C)


def listnet(logits: Tensor, labels: Tensor, mask: Tensor | None = None, temperature: float = TEMPERATURE) -> Tensor:
    """The mean over sessions of ``KL(softmax(labels / T) || softmax(logits / T))``, a scalar.

    `logits`, `labels` (B, C); `mask` (B, C) is true where a candidate is, and every session must
    have one. Source: Cao and others 2007 (top-one ListNet); Signet 0.58.1 ``autograd.rs``.
    """
    if mask is None:
        mask = torch.ones_like(logits, dtype=torch.bool)  # (B, C)
    each: Tensor = _ListNet.apply(logits, labels, mask, temperature)  # type: ignore[no-untyped-call]  # (B,)
    return each.mean()
