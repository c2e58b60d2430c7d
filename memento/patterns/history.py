"""What happened before each session: accesses, gaps between sessions, retirements of memories."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento.world.records import NULL_INT
from memento.world.world import World

DAY = 86_400
_BITS = 14
_BLOCK = 1 << _BITS
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def session_order(world: World) -> Ints:
    """The rows of sessions in the order of (ended_at, id), shape (S,)."""
    ended = world.sessions["ended_at"]
    order: Ints = np.argsort(ended, kind="stable").astype(np.int64)
    ordered = ended[order]
    if np.any(ordered[1:] == ordered[:-1]):
        ids, ends = world.sessions["id"], ended.tolist()
        order = np.array(sorted(range(len(ids)), key=lambda row: (ends[row], ids[row])), np.int64)
    return order


def access_counts(world: World) -> Ints:
    """How often each candidate's memory was accessed before the candidate's session, shape (N,).

    `prior_accesses` plus its injections into earlier sessions; 0 where the memory is not there.
    """
    memory, injected, size = world.candidate_memories + 1, world.candidates["injected"], len(world.candidates)
    order = session_order(world)
    in_time = None
    if np.any(order[1:] < order[:-1]):
        in_time = ranges(world.offsets[:-1][order], world.offsets[1:][order])
    so_far = np.concatenate([[0], world.memories["prior_accesses"]])
    counts = np.empty(size, np.int64)
    places = np.arange(_BLOCK)
    for low in range(0, size, _BLOCK):
        rows = slice(low, low + _BLOCK) if in_time is None else in_time[low : low + _BLOCK]
        # Sorted by (memory, place in time), a memory's count is a running sum of its injections.
        # Keys are unique, so the order does not hang on the algorithm that sorts.
        keys = memory[rows] << (_BITS + 1)
        keys |= (places[: len(keys)] << 1) | injected[rows]
        keys.sort()
        hits = keys & 1
        before = np.cumsum(hits) - hits
        here = (keys >> 1) & (_BLOCK - 1)
        keys >>= _BITS + 1
        first = np.concatenate([[True], keys[1:] != keys[:-1]])
        before -= np.maximum.accumulate(before * first)
        before += so_far[keys]
        np.add.at(so_far, keys[hits.astype(bool)], 1)
        result = np.empty(len(keys), np.int64)
        result[here] = before
        counts[rows] = result
    counts[memory == 0] = 0
    return counts


def ranges(starts: Ints, ends: Ints) -> Ints:
    """The whole numbers of every ``start:end``, one range after the other."""
    sizes = ends - starts
    if sizes.sum() == 0:
        return np.zeros(0, np.int64)
    before = np.cumsum(sizes) - sizes
    return np.asarray(np.arange(sizes.sum()) + np.repeat(starts - before, sizes))


def gaps(world: World) -> Floats:
    """Days from the latest session of the same project that ended before, shape (S,); 0 for none.

    A session without a project has gap 0.
    """
    ended = world.sessions["ended_at"]
    result = np.zeros(len(ended))
    code_of: dict[str, int] = {"": 0}
    codes = np.array([code_of.setdefault(p, len(code_of)) for p in world.sessions["project"].tolist()], np.int64)
    rows = np.flatnonzero(codes)
    if rows.size == 0:
        return result
    rows = rows[np.lexsort((ended[rows], codes[rows]))]
    code, end = codes[rows], ended[rows]
    same_project = np.concatenate([[False], code[1:] == code[:-1]])
    same_instant = same_project & np.concatenate([[False], end[1:] == end[:-1]])
    first = np.maximum.accumulate(np.where(same_instant, 0, np.arange(rows.size)))
    result[rows] = np.where(same_project[first], end - end[np.maximum(first - 1, 0)], 0) / DAY
    return result


def retirements(world: World) -> tuple[Flags, Ints]:
    """Whether each memory is deleted, and since when, s UTC: shapes (M,) and (M,).

    The instant is the creation of the memory that replaced it, and the beginning of time where
    there is none.
    """
    memories = world.memories
    deleted = memories["deleted"]
    since = np.full(len(memories), NULL_INT)
    gone = np.flatnonzero(deleted)
    replacement = memories.rows(memories["superseded_by"][gone].tolist())
    there = replacement >= 0
    since[gone[there]] = memories["created_at"][replacement[there]]
    return deleted, since
