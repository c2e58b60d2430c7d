"""What entities are called, from the embeddings of their memories: a session may name one that it offers little of."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from memento.models.base import Batch, Sessions, rows_of

SLOTS = 256


class Names(nn.Module):
    """What entities are called: the sum of the embeddings of those memories of each that training met.

    The memories of one entity share its name, so their mean says it, also of a memory without an embedding of its
    own. Both it and the context count less what is usual, since what all texts say tells none from another. Nothing
    is usual and no entity known until fitted: then the candidates of a session say what its entities are called.
    """

    sums: Tensor
    counts: Tensor
    memory: Tensor
    context: Tensor

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.register_buffer("sums", torch.zeros(SLOTS, dimension))  # (256, D)
        self.register_buffer("counts", torch.zeros(SLOTS))  # (256,)
        self.register_buffer("memory", torch.zeros(dimension))  # (D,) the usual one
        self.register_buffer("context", torch.zeros(dimension))  # (D,) the usual one

    def fit(self, sessions: Sessions, chosen: Tensor) -> None:
        """Take the entities of the memories that the sessions `chosen`, shape (n,), offer, each once."""
        if not len(chosen):
            return
        rows = rows_of(sessions, chosen)  # (n,)
        memories, first = np.unique(sessions.memory_rows[rows].cpu().numpy(), return_index=True)  # (m,) each
        at = rows[torch.from_numpy(first).to(rows.device)]  # (m,)
        embedded = sessions.embeddings[torch.from_numpy(memories).to(rows.device)]  # (m, D)
        there = (embedded != 0).any(-1)  # (m,)
        slots = slots_of(sessions.features[at])[:, 0]  # (m,)
        self.sums.zero_().index_add_(0, slots, embedded)
        self.counts.zero_().index_add_(0, slots, there.to(self.counts))
        self.memory.copy_(embedded.double().sum(0) / there.sum().clamp_min(1))
        self.context.copy_(sessions.contexts[chosen].double().mean(0))

    def forward(self, batch: Batch, slots: Tensor, same: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors of each candidate's entity, (B, C, D), and of the context, (B, D, 1).

        `slots` are of entities, shape (B, C); `same` is 1 where two candidates share one, (B, C, C).
        """
        there = (batch.candidates != 0).any(-1, keepdim=True).to(same)  # (B, C, 1)
        sums = same @ batch.candidates + self.sums[slots]  # (B, C, D)
        counts = same @ there + self.counts[slots].unsqueeze(-1)  # (B, C, 1)
        entity = sums / counts.clamp_min(1) - self.memory * counts.sign()  # (B, C, D)
        context = (batch.contexts - self.context).unsqueeze(-1)  # (B, D, 1)
        return functional.normalize(entity, dim=-1), functional.normalize(context, dim=1)


def slots_of(features: Tensor) -> Tensor:
    """The slots of entity and aspect of each candidate, shape (…, 2) int64, from its columns, shape (…, 17)."""
    return (features[..., 12:14] * (SLOTS - 1)).round().long().clamp(0, SLOTS - 1)  # (…, 2)
