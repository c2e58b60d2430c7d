"""Moving the sessions of a world in time, with all that happens when they do.

A session keeps its length. A memory that a session left is created when that session ends, and what a newer
memory replaced is retired with it, since a retirement is the creation of the newer one. Hours, weekdays,
gaps and ages follow from the times and are never moved by themselves, so their sines and cosines stay on
the unit circle.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from memento.errors import UsageError
from memento.world.records import FIRST_TIME, LAST_TIME
from memento.world.table import Rows
from memento.world.world import World

Floats = npt.NDArray[np.float64]
DAY = 86_400


def by_time(world: World) -> Rows:
    """The rows of sessions in order of their start, shape (S,)."""
    return np.argsort(world.sessions["started_at"], kind="stable").astype(np.int64)


def moved(world: World, started: npt.NDArray[np.int64]) -> World:
    """The world whose sessions start at other times, s UTC, shape (S,).

    Raises `UsageError` where a time would leave the calendar.
    """
    sessions, memories = world.sessions, world.memories
    if len(started) and not (int(started.min()) >= FIRST_TIME and int(started.max()) + 36_000 <= LAST_TIME):
        raise UsageError("the sessions cannot move so far: a time would leave the calendar")
    length = sessions["ended_at"] - sessions["started_at"]
    started = _apart(sessions["started_at"], started, length)
    ended = started + length
    origin = sessions.rows(memories["origin"].tolist())
    left = origin >= 0
    created = memories["created_at"].copy()
    created[left] = ended[origin[left]] + (created[left] - sessions["ended_at"][origin[left]])
    created = np.where(left, created, _between(sessions["started_at"], started, created))
    clock = max(world.manifest.clock, int(ended.max(initial=world.manifest.clock)))
    tables = {
        **world.tables,
        "sessions": sessions.replace(started_at=started, ended_at=ended),
        "memories": memories.replace(created_at=created),
    }
    return World.build(replace(world.manifest, clock=clock), tables)


def _between(old: npt.NDArray[np.int64], new: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> Rows:
    """Times that no session is the cause of, moved with the session that began last before them, (M,).

    What was between two sessions stays there; what came before the first does, too.
    """
    order = np.argsort(old, kind="stable")
    starts, moved_starts = old[order], np.maximum.accumulate(new[order])
    place = np.searchsorted(starts, times, side="right") - 1
    inside = np.maximum(place, 0)
    follows = np.append(moved_starts[1:], 2**62)[inside]
    after = np.minimum(times + moved_starts[inside] - starts[inside], np.maximum(follows, moved_starts[inside]))
    first = moved_starts[:1].min(initial=2**62)
    return np.asarray(np.where(place >= 0, after, np.minimum(times, first)), np.int64)


def _apart(old: npt.NDArray[np.int64], new: npt.NDArray[np.int64], length: npt.NDArray[np.int64]) -> Rows:
    """Starts that keep what overlapped together, and what did not apart, shape (S,).

    Sessions that overlap move as one, by as much as the first of them; none begins before one has ended that it
    began after. So a session is given nothing that has gone by then, and nothing that is not there yet.
    """
    order = np.argsort(old, kind="stable")
    before, after, lasts = old[order].tolist(), new[order].tolist(), length[order].tolist()
    by, end, latest = 0, -(2**62), -(2**62)
    for row, start in enumerate(before):
        if start >= end:
            by = max(after[row], latest) - start
        after[row] = start + by
        end = max(end, start + lasts[row])
        latest = max(latest, after[row] + lasts[row])
    result = np.empty(len(order), np.int64)
    result[order] = after
    return result


def in_order(times: Floats) -> npt.NDArray[np.int64]:
    """Whole seconds that never fall, from times that never fall."""
    return np.maximum.accumulate(np.floor(times).astype(np.int64))
