"""Stretches of a stream of sessions, as the operators of sequential recommendation see a user's items.

B stretches of at most C sessions on end, padded; the last session of each is its target, all before it the region.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Ints = npt.NDArray[np.int64]


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


def up_to(parts: Sequence[Ints], lasts: Ints, size: int) -> Stretches:
    """Stretches of at most `size` sessions on end that end with those of `lasts`, each of one source of `parts`.

    `sessions` are those that `parts` name.
    """
    sessions = torch.full((len(lasts), size), -1)  # (B, C)
    before = torch.zeros(len(lasts), dtype=torch.int64)  # (B,)
    for row, last in enumerate(lasts.tolist()):
        part = next(part for part in parts if len(part) and part[0] <= last <= part[-1])
        end = int(np.searchsorted(part, last)) + 1
        found = part[max(0, end - size) : end]
        sessions[row, : len(found)] = torch.from_numpy(found.astype(np.int64))
        before[row] = end - len(found)
    return Stretches(sessions, sessions >= 0, sessions >= 0, before)


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


def choose(several: Sequence[Stretches], which: Tensor) -> Stretches:
    """Each stretch as one of `several` has it, which of them `which`, shape (B,), says."""
    width = max(one.sessions.shape[1] for one in several)

    def stacked(name: str, blank: int) -> Tensor:
        tables = [
            torch.nn.functional.pad(getattr(one, name), (0, width - one.sessions.shape[1]), value=blank)
            for one in several
        ]
        return torch.stack(tables, 1)[torch.arange(len(which)), which]  # (B, C)

    return replace(several[0], sessions=stacked("sessions", -1), scored=stacked("scored", 0), read=stacked("read", 0))


def ends(stretches: Stretches, size: int) -> Stretches:
    """The last sessions of each stretch, shape (B, T): `size` of them, or as many as the shortest has."""
    length = stretches.mask.sum(-1, keepdim=True)  # (B, 1)
    T = min(size, int(length.min()))
    return pick(stretches, length - T + torch.arange(T))  # (B, T)
