"""What training minimises: one loss a session, four to choose from, the mean over sessions.

Every loss takes `logits` and `labels` (B, C), a `mask` (B, C), true where a candidate is, and a
`temperature`; every session must have a candidate. Padding counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from memento.catalog import Catalog, Row

TEMPERATURE = 0.5
_EPSILON = 1e-9

Loss = Callable[[Tensor, Tensor, Tensor | None, float], Tensor]

CATALOG = Catalog(
    "loss",
    {
        "listnet": Row("memento.train.losses:listnet", "labels and logits as distributions at one temperature"),
        "soft": Row("memento.train.losses:soft", "cross entropy against labels as a distribution at a temperature"),
        "pairwise": Row("memento.train.losses:pairwise", "every pair the right way round (RankNet)"),
        "bce": Row("memento.train.losses:bce", "every candidate by itself, its label as a probability"),
    },
)
"""Every loss by name."""


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

    Least where logits equal labels up to a shift. Source: Cao and others 2007 (top-one ListNet);
    Signet 0.58.1 ``autograd.rs``.
    """
    each: Tensor = _ListNet.apply(logits, labels, _known(logits, mask), temperature)  # type: ignore[no-untyped-call]
    return each.mean()  # of (B,)


def soft(logits: Tensor, labels: Tensor, mask: Tensor | None = None, temperature: float = TEMPERATURE) -> Tensor:
    """The mean over sessions of ``-sum p log softmax(logits)`` with ``p = softmax(labels / T)``, a scalar.

    The temperature sharpens the labels alone, so that logits take any scale that they need; the
    gradient is ``softmax(logits) - p``. Least where logits equal ``labels / T`` up to a shift, and there
    it is the entropy of p, not 0. Source: cross entropy against soft targets, Hinton, Vinyals and Dean
    2015, with their temperature on the side of the teacher.
    """
    hidden = ~_known(logits, mask)  # (B, C)
    target = torch.softmax((labels / temperature).masked_fill(hidden, -torch.inf), -1)  # (B, C)
    given = torch.log_softmax(logits.masked_fill(hidden, -torch.inf), -1)  # (B, C)
    return -(target * given.masked_fill(hidden, 0.0)).sum(-1).mean()  # of (B,)


def pairwise(logits: Tensor, labels: Tensor, mask: Tensor | None = None, temperature: float = TEMPERATURE) -> Tensor:
    """The mean over sessions of ``log(1 + exp(-(s_i - s_j)))`` over their pairs with ``y_i > y_j``, a scalar.

    The gradient of a pair is ``-sigmoid(s_j - s_i)`` for i and the opposite for j. Pairs of equal labels
    say nothing, and a session of such pairs alone counts 0. How far two labels lie apart plays no part,
    and so `temperature` does not. Source: RankNet, Burges and others 2005, its target 1.
    """
    known = _known(logits, mask)  # (B, C)
    pairs = (labels.unsqueeze(-1) > labels.unsqueeze(-2)) & known.unsqueeze(-1) & known.unsqueeze(-2)  # (B, C, C)
    margin = (logits.unsqueeze(-1) - logits.unsqueeze(-2)).masked_fill(~pairs, 0.0)  # (B, C, C)
    terms = functional.softplus(-margin).masked_fill(~pairs, 0.0)  # (B, C, C)
    return (terms.sum((-2, -1)) / pairs.sum((-2, -1)).clamp_min(1)).mean()  # of (B,)


def bce(logits: Tensor, labels: Tensor, mask: Tensor | None = None, temperature: float = TEMPERATURE) -> Tensor:
    """The mean over sessions of the mean over candidates of ``-y log q - (1 - y) log(1 - q)``, a scalar.

    ``q = sigmoid(logit)`` and y is the label, held within 0 and 1; the gradient of a candidate is
    ``(q - y) / n``. Candidates are judged one by one, so that what a whole session shares matters here;
    `temperature` plays no part. Source: logistic regression on probabilities, Cox 1958.
    """
    known = _known(logits, mask)  # (B, C)
    terms = functional.binary_cross_entropy_with_logits(logits, labels.clamp(0.0, 1.0), reduction="none")  # (B, C)
    return (terms.masked_fill(~known, 0.0).sum(-1) / known.sum(-1)).mean()  # of (B,)


def _known(logits: Tensor, mask: Tensor | None) -> Tensor:
    return torch.ones_like(logits, dtype=torch.bool) if mask is None else mask  # (B, C)
