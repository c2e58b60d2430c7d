"""Baseline: how Generative Agents retrieve, as the released code has it, which is not what the paper says.

Source: github.com/joonspk-research/generative_agents, ``reverie/backend_server/persona/cognitive_modules/retrieve.py``
and ``memory_structures/scratch.py``.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from memento.models.base import Batch, Ranker
from memento.models.generative_agents import relevance, stretched

DECAY = 0.99
RECENCY, RELEVANCE, IMPORTANCE = 0.5, 3.0, 2.0
"""Weights of the three terms, each stretched to 0 … 1."""


class GenerativeAgentsReleased(Ranker):
    """The three terms weighed 0.5, 3 and 2, and recency the wrong way round.

    The code sorts by last access, oldest first, and gives the n-th in that order ``0.99 ** n``: the oldest
    comes out on top. Of candidates of one age each has the mean of their places. Hours count from the
    memory's creation, as in `GenerativeAgents`.
    """

    name: ClassVar[str] = "generative-agents-released"

    def score(self, batch: Batch) -> Tensor:
        """Scores from 0 to 5.5, shape (B, C)."""
        age = batch.features[..., 0]  # (B, C)
        known = batch.mask.unsqueeze(-2)  # (B, 1, C)
        older = ((age.unsqueeze(-2) > age.unsqueeze(-1)) & known).sum(-1)  # (B, C)
        level = ((age.unsqueeze(-2) == age.unsqueeze(-1)) & known).sum(-1)  # (B, C)
        place = older + (level + 1) / 2  # (B, C) from 1
        score = (
            RECENCY * stretched(torch.pow(DECAY, place), batch.mask)
            + RELEVANCE * stretched(relevance(batch), batch.mask)
            + IMPORTANCE * stretched(batch.features[..., 1], batch.mask)
        )  # (B, C)
        return score.to(batch.features)  # (B, C)
