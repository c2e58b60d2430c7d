"""Stretches of a stream of sessions, as the operators of sequential recommendation see a user's items.

B stretches of at most C sessions on end, padded; the last session of each is its target, all before it the region.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of one source.

    `sessions` are places in the source's training sessions, -1 for padding. `scored` says which count in the
    loss: a session that was moved or put in is seen by those after it, and not scored. `read` says which can
    be read. `before` is how many sessions of the source come before a stretch: where strangers come from, since
    a later one would tell its own labels ahead of time.
    """

    sessions: Tensor  # (B, C) int64
    scored: Tensor  # (B, C) bool
    read: Tensor  # (B, C) bool
    before: Tensor  # (B,) int64

    @property
    def mask(self) -> Tensor:
        """Where a session is, shape (B, C)."""
        return self.sessions >= 0

    @property
    def region(self) -> Tensor:
        """All sessions but the last, shape (B, C): what an operator may touch."""
        places = torch.arange(self.sessions.shape[1])  # (C,)
        return places < self.mask.sum(-1, keepdim=True) - 1  # (B, C)

    def strangers(self, drawn: Tensor) -> Tensor:
        """Earlier sessions of the source, one for each number in [0, 1) of `drawn`, (B, K); 0 where there is none."""
        before = self.before.unsqueeze(-1)  # (B, 1)
        return (drawn * before).long().minimum((before - 1).clamp_min(0))  # (B, K)


def cut(count: int, size: int, first: int) -> Stretches:
    """A source of `count` sessions in stretches of `size`, the first of them of `first` sessions."""
    ends = sorted({min(end, count) for end in range(first, count + size, size)})
    starts = [0, *ends[:-1]]
    places = torch.arange(max(size, first))  # (C,)
    begin, end = torch.tensor(starts).unsqueeze(-1), torch.tensor(ends).unsqueeze(-1)  # (B, 1) each
    sessions = torch.where(begin + places < end, begin + places, -1)  # (B, C)
    there = sessions >= 0  # (B, C)
    return Stretches(sessions, there, there, begin.squeeze(-1))


def pick(stretches: Stretches, places: Tensor) -> Stretches:
    """The sessions at `places`, shape (B, K), in that order; -1 is padding."""
    kept = places >= 0  # (B, K)
    at = places.clamp_min(0)  # (B, K)
    return replace(
        stretches,
        sessions=torch.where(kept, stretches.sessions.gather(1, at), -1),  # (B, K)
        scored=stretches.scored.gather(1, at) & kept,  # (B, K)
        read=stretches.read.gather(1, at) & kept,  # (B, K)
    )
