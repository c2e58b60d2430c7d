"""What entities are called, as all memories that were offered so far tell it: a session may but name one.

The memories of one entity share its name, so that their mean embedding says it. Both it and a session's context
count less what is usual, their means over what was met so far, since what all texts say tells none from another.
The memories that a session offers count for itself too; no label has a part in it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from memento.models.base import Sessions, rows_of
from memento.models.interaction import slots_of
from memento.models.rows import Rows

SHARPNESS = 20.0
NAMED = 3
"""Numbers a candidate: how near its entity's name is to the context, beside the nearest here, and how sure that is."""


def named(sessions: Sessions, block: int = 256) -> Tensor:
    """How near what the past calls each candidate's entity is to its session's context, shape (N + 1, NAMED)."""
    N, S = sessions.candidates, len(sessions.lengths)
    index = torch.arange(S, device=sessions.past.device)  # (S,)
    session = index.repeat_interleave(sessions.lengths)  # (N,)
    entity = slots_of(sessions.features[:N])[:, 0]  # (N,)
    first = _first_met(sessions, session)  # (F,) rows
    told = _counted(sessions.embeddings[sessions.memory_rows[first]])  # (F, D + 1)
    span = S + 1
    ordered, places = (entity[first] * span + session[first]).sort(stable=True)  # (F,) each
    by_entity, of_all = _running(told[places]), _running(told)  # (F + 1, D + 1) each
    contexts = sessions.contexts.double()  # (S, D)
    usual = _running(contexts)  # (S + 1, D)
    table = sessions.features.new_zeros(N + 1, NAMED)
    for start in range(0, S, block):
        chosen = index[start : start + block]  # (b,)
        rows = rows_of(sessions, chosen)  # (n,)
        at, key = session[rows], entity[rows] * span  # (n,) each
        since, until = sessions.past[chosen].unbind(-1)  # (b,) each
        place = at - start  # (n,)
        known = _between(by_entity, ordered, key + since[place], key + until[place])  # (n, D + 1)
        known += _between(by_entity, ordered, key + at, key + at + 1)
        met = _between(of_all, session[first], since, until)  # (b, D + 1)
        met += _between(of_all, session[first], chosen, chosen + 1)
        before = (until - since).clamp_min(1).unsqueeze(-1)  # (b, 1)
        context = contexts[chosen] - (usual[until] - usual[since]) / before  # (b, D)
        table[rows] = _numbers(known, met[place], context[place], place, len(chosen)).to(table)
    return table


class NameBook:
    """The same, kept up one session at a time, for embeddings of `dimension` numbers."""

    def __init__(self, dimension: int) -> None:
        self._met: set[int] = set()
        self._entities = Rows(dimension + 1)
        self._all = torch.zeros(dimension + 1, dtype=torch.float64)
        self._contexts = torch.zeros(dimension, dtype=torch.float64)
        self._sessions = 0

    def read(self, memories: Tensor, entities: Tensor, embeddings: Tensor, context: Tensor) -> Tensor:
        """What is known of the entities of a session's candidates, shape (n,), for its context, (D,); (n, NAMED).

        The session's own memories, shape (n,), and their embeddings, (n, D), count as met; nothing is kept.
        """
        known, met = self._entities.read(entities), self._all  # (n, D + 1), (D + 1,)
        new = self._new(memories, embeddings)  # (m,)
        if len(new):
            told = _counted(embeddings[new])  # (m, D + 1)
            slots, place = torch.unique(entities, return_inverse=True)  # (k,), (n,)
            own = told.new_zeros(len(slots), told.shape[1]).index_add_(0, place[new], told)  # (k, D + 1)
            known, met = known + own[place], met + told.sum(0)
        less = context.double() - self._contexts / max(1, self._sessions)  # (D,)
        return _numbers(known, met.expand_as(known), less.expand(len(known), -1), torch.zeros_like(entities), 1)

    def write(self, memories: Tensor, entities: Tensor, embeddings: Tensor, context: Tensor) -> None:
        """Keep what a session offered, shapes as in `read`, and what it was about."""
        new = self._new(memories, embeddings)  # (m,)
        if len(new):
            told = _counted(embeddings[new])  # (m, D + 1)
            self._entities.add(entities[new], told)
            self._all = self._all + told.sum(0)
            self._met.update(memories[new].tolist())
        self._contexts = self._contexts + context.double()
        self._sessions += 1

    def _new(self, memories: Tensor, embeddings: Tensor) -> Tensor:
        """The first place of each memory that was not met before, and has an embedding now, shape (m,)."""
        there = (embeddings != 0).any(-1).tolist()
        first: dict[int, int] = {}
        for place, memory in enumerate(memories.tolist()):
            if there[place] and memory not in self._met:
                first.setdefault(memory, place)
        return torch.tensor(list(first.values()), dtype=torch.int64)


def _first_met(sessions: Sessions, session: Tensor) -> Tensor:
    """The rows at which memories are met first in their stream, or in their session where it stands apart, (F,).

    A memory without an embedding tells no name, and is met with the first that it has.
    """
    memories = sessions.memories[: len(session)]  # (N,)
    there = (sessions.embeddings != 0).any(-1)[sessions.memory_rows[: len(session)]]  # (N,)
    apart = session >= len(sessions.lengths) - len(sessions.apart)  # (N,)
    new = ~apart | ~torch.isin(memories, memories[~apart & there])  # (N,)
    rows = (new & there).nonzero().squeeze(-1)  # (n,)
    begun = torch.where(apart, session, sessions.past[session, 0])[rows]  # (n,)
    found, number = torch.unique(torch.stack([begun, memories[rows]], -1), dim=0, return_inverse=True)  # (F, 2), (n,)
    first = rows.new_full((len(found),), len(session)).scatter_reduce_(0, number, rows, "amin")  # (F,)
    return first.sort().values


def _counted(embeddings: Tensor) -> Tensor:
    """Embeddings, shape (n, D), with 1 beside each that there is and 0 beside none; 64 bits, (n, D + 1)."""
    there = (embeddings != 0).any(-1, keepdim=True)  # (n, 1)
    return torch.cat([embeddings, there.to(embeddings)], -1).double()  # (n, D + 1)


def _running(values: Tensor) -> Tensor:
    """Sums over the first rows, of none to of all, shape (n, K) to (n + 1, K)."""
    return torch.cat([values.new_zeros(1, values.shape[1]), values.cumsum(0)])


def _between(sums: Tensor, keys: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Sums over the sorted `keys` from `low` up to `high`, from running `sums`."""
    return sums[torch.searchsorted(keys, high.contiguous())] - sums[torch.searchsorted(keys, low.contiguous())]


def _numbers(known: Tensor, met: Tensor, context: Tensor, place: Tensor, count: int) -> Tensor:
    """From sums and counts by entity and of all, shape (n, D + 1) each, and contexts, (n, D); (n, NAMED).

    `place`, shape (n,), says in which of `count` sessions each stands.
    """
    many = known[:, -1:]  # (n, 1)
    name = known[:, :-1] / many.clamp_min(1) - met[:, :-1] / met[:, -1:].clamp_min(1)  # (n, D)
    near = functional.cosine_similarity(name, context, dim=-1, eps=1e-9) * (many.squeeze(-1) > 0.5)  # (n,)
    nearest = near.new_full((count,), -1.0).scatter_reduce(0, place, near, "amax")  # (count,)
    return torch.stack([near, torch.exp(SHARPNESS * (near - nearest[place])), (many / (many + 3)).squeeze(-1)], -1)
