"""A world's sessions as sequences of items.

An item is a kind of access: the entity that the memory is about, how the memory came in (its
source), and how old it was. An access is a candidate that was injected or used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento.world.world import World

Ints = npt.NDArray[np.int64]

PAD = 0
"""The item that fills up rows; items of a vocabulary are 1 .. V."""
LONGEST = 50
"""Items of a sequence that are kept: the last ones."""
DAY = 86_400
AGES = (DAY, 7 * DAY, 30 * DAY)
"""Ages, in s, at which one recency bucket ends and the next begins; a bucket holds its lower edge."""


@dataclass(frozen=True)
class Item:
    """A kind of access: an entity's id ("" for none), a candidate's source, a recency bucket 0 .. 3."""

    entity: str
    source: str
    bucket: int


@dataclass(frozen=True)
class Sequences:
    """Q sequences of items, and the accesses they were made of.

    `rows` holds one array of items (1 .. V) for each sequence, at most 50; `candidates` the row in
    the table of candidates behind each of them; `sessions` the row of the session at whose end each
    sequence stands, shape (Q,); `vocabulary` the V items, item v at place v - 1.
    """

    vocabulary: tuple[Item, ...]
    rows: tuple[Ints, ...]
    candidates: tuple[Ints, ...]
    sessions: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def padded(self, length: int = LONGEST) -> Ints:
        """The sequences as one array, shape (Q, length), filled up at the end."""
        return padded(self.rows, length)


def padded(rows: Sequence[Ints], length: int) -> Ints:
    """Rows of items as one array, shape (len(rows), length), filled up with `PAD`; the first `length` of each."""
    result = np.full((len(rows), length), PAD, np.int64)
    for place, row in enumerate(rows):
        result[place, : len(row)] = row[:length]
    return result


def buckets(ages: Ints) -> Ints:
    """The recency bucket of each age in s, same shape."""
    return np.asarray(np.searchsorted(np.array(AGES), ages, side="right"), np.int64)


def accessed(world: World) -> npt.NDArray[np.bool_]:
    """Which candidates are accesses, shape (N,): injected or used, of a memory that is there."""
    table = world.candidates
    hit = table["injected"] | table["used"]
    return np.asarray(hit & (world.candidate_memories >= 0), bool)


def read(world: World, across: bool = False) -> Sequences:
    """The sequences of a world: one a session, in order of rank, sessions in the world's order.

    With `across`, one for each stretch of at most 50 accesses of a project's stream, in order of
    time. Sequences of one item say nothing about order and are left out.
    """
    rows = np.flatnonzero(accessed(world))
    sessions = world.candidate_sessions[rows]
    memories = world.candidate_memories[rows]
    ages = world.sessions["ended_at"][sessions] - world.memories["created_at"][memories]
    entities, entity = np.unique(world.memories["entity"][memories].astype(str), return_inverse=True)
    sources, source = np.unique(world.candidates["source"][rows].astype(str), return_inverse=True)
    steps = len(AGES) + 1
    codes = (entity.astype(np.int64) * max(1, len(sources)) + source) * steps + buckets(ages)
    kinds, items = np.unique(codes, return_inverse=True)
    vocabulary = tuple(
        Item(
            str(entities[code // steps // len(sources)]), str(sources[code // steps % len(sources)]), int(code % steps)
        )
        for code in kinds.tolist()
    )
    parts = _streams(world, sessions) if across else _runs(sessions)
    parts = [part for part in parts if len(part) > 1]
    return Sequences(
        vocabulary,
        tuple(items[part].astype(np.int64) + 1 for part in parts),
        tuple(rows[part] for part in parts),
        np.array([sessions[part[-1]] for part in parts], np.int64),
    )


def _runs(groups: Ints) -> list[Ints]:
    """The places of each run of equal numbers, of each the last 50."""
    cuts = np.flatnonzero(np.diff(groups)) + 1
    return [part[-LONGEST:] for part in np.split(np.arange(len(groups)), cuts)] if len(groups) else []


def _streams(world: World, sessions: Ints) -> list[Ints]:
    """The places of each stretch of a project's stream, sessions by their end."""
    projects = np.unique(world.sessions["project"].astype(str), return_inverse=True)[1][sessions]
    order = np.lexsort((np.arange(len(sessions)), sessions, world.sessions["ended_at"][sessions], projects))
    found = []
    for stream in np.split(order, np.flatnonzero(np.diff(projects[order])) + 1):
        found += [stream[start : start + LONGEST] for start in range(0, len(stream), LONGEST)]
    return found
