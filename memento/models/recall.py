"""What earlier sessions showed of a memory: how relevant it was at this hour, on this weekday, at all.

Each label that came to light is kept under its memory, its entity, its hour and weekday. A candidate
is then told the mean of what was seen of it under like circumstances, and how often that was. Nothing
is learned here; the weights that read these numbers are the model's. Labels come as residuals: less
what the candidate's columns account for, so that a memory that was new once is not taken for a good one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from memento.models.base import Sessions
from memento.models.interaction import SLOTS, SUPERSEDED, slots_of
from memento.models.rows import Rows

HOURS, WEEKDAYS = 24, 7
REACH = 3
"""Hours around the clock on either side that count as near, each distance pooled with the smaller ones."""
_FAMILIES = 5 + 2 * (REACH + 1)
_SHRINK = (1, 4)
RECALL = 3 * _FAMILIES
"""Numbers a candidate: for each family of like circumstances two shrunk means, and how sure they are."""


class Moments(NamedTuple):
    """Where and when candidates stand, shape (n,) int64 each."""

    memory: Tensor
    entity: Tensor
    aspect: Tensor
    hour: Tensor
    weekday: Tensor


def moments(features: Tensor, memory: Tensor) -> Moments:
    """The moments of candidates from their columns, shape (n, 17), and their rows of memory, shape (n,)."""
    slots = slots_of(features)  # (n, 2)
    return Moments(memory, slots[:, 0], slots[:, 1], _turn(features[:, 3:5], HOURS), _turn(features[:, 5:7], WEEKDAYS))


def recall(sessions: Sessions, residuals: Tensor) -> Tensor:
    """What each candidate's past says, from the sessions known before its own; shape (N + 1, R).

    `residuals`, shape (N,), are labels less what was to be expected.
    """
    N = sessions.candidates
    at = moments(sessions.features[:N], sessions.memories[:N])
    kept = torch.stack([residuals.double(), torch.ones_like(residuals, dtype=torch.float64)], -1)  # (N, 2)
    earlier = _looking_back(sessions, kept)
    found = [
        *earlier(at.memory, [at.memory]),
        *earlier(at.entity, [at.entity]),
        *earlier(at.entity * SLOTS + at.aspect, [at.entity * SLOTS + at.aspect]),
    ]
    near = [_around(at.hour, distance) for distance in range(REACH + 1)]
    day = at.memory * WEEKDAYS + at.weekday  # (N,)
    found += earlier(day, [day])
    for key in (at.memory, day):
        asked = [key * HOURS + hour for hours in near for hour in hours]
        found += _pooled(earlier(key * HOURS + at.hour, asked))
    key = at.entity * HOURS
    found.append(_pooled(earlier(key + at.hour, [key + hour for hours in near[:2] for hour in hours]))[-1])
    table = _numbers(torch.stack(found, 1)).to(sessions.features.dtype)  # (N, R)
    return torch.cat([table, table.new_zeros(1, RECALL)])  # (N + 1, R)


def replaced(sessions: Sessions) -> Tensor:
    """1 where a session known before showed the candidate's memory as superseded, shape (N + 1, 1)."""
    N = sessions.candidates
    memories = sessions.memories[:N]  # (N,)
    flags = (sessions.features[:N, SUPERSEDED : SUPERSEDED + 1] > 0).double()  # (N, 1)
    (shown,) = _looking_back(sessions, flags)(memories, [memories])  # (N, 1)
    return torch.cat([shown.sign(), shown.new_zeros(1, 1)]).to(sessions.features)  # (N + 1, 1)


def _looking_back(sessions: Sessions, kept: Tensor) -> Callable[[Tensor, list[Tensor]], list[Tensor]]:
    """Sums of `kept`, shape (N, K), by keys, shape (N,), over what each candidate's session knows of.

    What it gives takes the keys to keep under and those to ask for, and gives (N, K) for each of the latter.
    """
    index = torch.arange(len(sessions.lengths), device=kept.device)  # (S,)
    session = index.repeat_interleave(sessions.lengths)  # (N,)
    since, until = sessions.past[session].unbind(-1)  # (N,) each
    span = len(sessions.lengths) + 1

    def earlier(keys: Tensor, asked: list[Tensor]) -> list[Tensor]:
        ordered, places = (keys * span + session).sort(stable=True)  # (N,) each
        sums = torch.cat([kept.new_zeros(1, kept.shape[1]), kept[places].cumsum(0)])  # (N + 1, K)
        return [
            sums[torch.searchsorted(ordered, key * span + until)]
            - sums[torch.searchsorted(ordered, key * span + since)]
            for key in asked
        ]

    return earlier


class Ledger:
    """The same, kept up one session at a time: sums and counts by memory and entity, weekday and hour."""

    def __init__(self) -> None:
        self._memories, self._entities, self._facts = (Rows(WEEKDAYS, HOURS, 2) for _ in range(3))
        self._replaced: set[int] = set()

    def replaced(self, memories: Tensor) -> Tensor:
        """1 where a memory was shown as superseded, shape (n,)."""
        return torch.tensor([float(memory in self._replaced) for memory in memories.tolist()])

    def read(self, at: Moments) -> Tensor:
        """What is known of the candidates of a session, shape (n, R)."""
        hour, weekday = int(at.hour[0]), int(at.weekday[0])
        around = [hour % HOURS] + [h % HOURS for d in range(1, REACH + 1) for h in (hour - d, hour + d)]
        memories, entities = self._memories.read(at.memory), self._entities.read(at.entity)  # (n, 7, 24, 2) each
        facts = self._facts.read(at.entity * SLOTS + at.aspect)  # (n, 7, 24, 2)
        by_hour, today, entity_hour = memories.sum(1), memories[:, weekday], entities.sum(1)  # (n, 24, 2) each
        found = [by_hour.sum(1), entity_hour.sum(1), facts.sum((1, 2)), today.sum(1)]  # (n, 2) each
        for table in (by_hour, today):
            found += _pooled([table[:, h] for h in around])
        found.append(_pooled([entity_hour[:, h] for h in around[:3]])[-1])
        return _numbers(torch.stack(found, 1))  # (n, R)

    def write(self, at: Moments, residuals: Tensor, flags: Tensor) -> None:
        """Keep what a session's labels showed, and which of its memories were superseded, shape (n,) each."""
        self._replaced.update(at.memory[flags > 0].tolist())
        told = torch.stack([residuals.double(), torch.ones_like(residuals, dtype=torch.float64)], -1)  # (n, 2)
        place = int(at.weekday[0]), int(at.hour[0])
        self._memories.add(at.memory, told, place)
        self._entities.add(at.entity, told, place)
        self._facts.add(at.entity * SLOTS + at.aspect, told, place)


def _turn(wave: Tensor, steps: int) -> Tensor:
    """The whole step whose sine and cosine stand in `wave`, shape (n, 2)."""
    angle = torch.atan2(wave[:, 0], wave[:, 1])  # (n,)
    return (angle * (steps / (2 * math.pi))).round().long() % steps  # (n,)


def _around(hour: Tensor, distance: int) -> list[Tensor]:
    return [(hour + step) % HOURS for step in sorted({-distance, distance})]


def _pooled(found: list[Tensor]) -> list[Tensor]:
    """Running sums over growing distance: distance 0 is one entry, each further one two."""
    pooled, total = [found[0]], found[0]
    for place in range(1, len(found), 2):
        total = total + found[place] + found[place + 1]
        pooled.append(total)
    return pooled


def _numbers(found: Tensor) -> Tensor:
    """Sums and counts, shape (n, F, 2), as means shrunk towards 0 as if by so many more, and sureness; (n, 3F)."""
    total, count = found.unbind(-1)  # (n, F) each
    return torch.cat([*(total / (count + more) for more in _SHRINK), count / (count + 3)], -1)  # (n, 3F)
