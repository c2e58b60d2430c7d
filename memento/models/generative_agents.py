"""Baseline: how Generative Agents retrieve, as the paper has it.

Source: Park and others 2023, "Generative Agents: Interactive Simulacra of Human Behavior", section 4.1.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from memento.models.base import Batch, Ranker

DECAY = 0.995
"""What an hour leaves of recency."""


class GenerativeAgents(Ranker):
    """Recency, importance and relevance, each stretched to 0 … 1 over the candidates, and added up.

    Recency is ``0.995 ** hours``. The paper counts hours since the last access; a rendering tells when a
    memory was made, not when it was last read, so they are counted from there. Relevance is the cosine
    of the memory's embedding and the session's context.
    """

    name: ClassVar[str] = "generative-agents"

    def score(self, batch: Batch) -> Tensor:
        """Scores from 0 to 3, shape (B, C)."""
        hours = 24 * torch.expm1(batch.features[..., 0].double())  # (B, C)
        recency = stretched(torch.pow(DECAY, hours), batch.mask)  # (B, C)
        importance = stretched(batch.features[..., 1], batch.mask)  # (B, C)
        score = recency + importance + stretched(relevance(batch), batch.mask)  # (B, C)
        return score.to(batch.features)  # (B, C)


def relevance(batch: Batch) -> Tensor:
    """The cosine of each candidate's embedding and the context, shape (B, C); 0 where one of them is missing."""
    context = functional.normalize(batch.contexts, dim=-1).unsqueeze(-1)  # (B, D, 1)
    return (functional.normalize(batch.candidates, dim=-1) @ context).squeeze(-1)  # (B, C)


def stretched(values: Tensor, mask: Tensor) -> Tensor:
    """`values`, shape (B, C), moved and scaled so that those of a session span 0 … 1; 0.5 where all are equal."""
    low = values.masked_fill(~mask, torch.inf).amin(-1, keepdim=True)  # (B, 1)
    high = values.masked_fill(~mask, -torch.inf).amax(-1, keepdim=True)  # (B, 1)
    span = high - low  # (B, 1)
    share = (values - low) / torch.where(span > 0, span, torch.ones_like(span))  # (B, C)
    return torch.where(span > 0, share, torch.full_like(share, 0.5))  # (B, C)
