"""Our scorer for questions of texts: the interaction model, and what each candidate explains of the question.

The cosine of question and candidate counts a word that all candidates say as much as one that only this one
says, and takes a long text for a vague one. Here the question's vector is told as a sum of the candidates'
vectors, by ridge regression: words that many say are explained by all of them a little, those of one by that
one (kernel ridge regression, Saunders, Gammerman and Vovk 1998; the part of inverse document frequency,
from vectors alone). And how near a candidate is to the mean of all tells how much it says. Neither hangs on
which words there are, so both carry over to conversations about other things.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from memento.models.base import Batch, Sessions, tabulate
from memento.models.interaction import GIVEN, Interaction

PENALTIES = (0.1, 0.5)
"""Ridge penalties, as shares of the mean square of candidates about their mean."""
EXPLAINED = len(PENALTIES) + 1


class Retrieval(Interaction):
    """About 100,000 parameters at the defaults, which are those of `Interaction`."""

    name: ClassVar[str] = "retrieval"

    def __init__(self, dimension: int = 64, width: int = 64, heads: int = 4, dropout: float = 0.3) -> None:
        super().__init__(dimension, width, heads, dropout, more=EXPLAINED, direct=EXPLAINED)

    def inputs(self, sessions: Sessions) -> Tensor:
        """`given` and `explained` of every candidate, shape (N + 1, G + E)."""
        return tabulate(sessions, lambda batch: torch.cat([self.given(batch), explained(batch)], -1))

    def _more(self, batch: Batch, identity: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        known = explained(batch) if batch.inputs is None else batch.inputs[..., GIVEN:]  # (B, C, E)
        return [known], [known]


def explained(batch: Batch) -> Tensor:
    """The weight of each candidate in the sum that tells the context best, for each penalty, shape (B, C, E).

    The last number is how near the candidate is to the mean of all.
    """
    mask = batch.mask.unsqueeze(-1).to(batch.candidates)  # (B, C, 1)
    count = mask.sum(1, keepdim=True).clamp_min(1)  # (B, 1, 1)
    mean = (batch.candidates * mask).sum(1, keepdim=True) / count  # (B, 1, D)
    apart = (batch.candidates - mean) * mask  # (B, C, D)
    context = functional.normalize(batch.contexts, dim=-1).unsqueeze(-1)  # (B, D, 1)
    near = apart @ context  # (B, C, 1)
    gram = apart @ apart.transpose(1, 2)  # (B, C, C)
    size = gram.diagonal(dim1=1, dim2=2).sum(-1)[:, None, None] / count  # (B, 1, 1)
    one = torch.eye(gram.shape[1]).to(gram)  # (C, C)
    weights = [torch.linalg.solve(gram + (p * size).clamp_min(1e-6) * one, near) for p in PENALTIES]  # (B, C, 1) each
    return torch.cat([*weights, 5.0 * (batch.candidates * mean).sum(-1, keepdim=True) * mask], -1)  # (B, C, E)
