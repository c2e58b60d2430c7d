"""Rows of items as sessions of a world again.

A row becomes a session beside the one it was told from: same project, same time. Each item goes
back to a memory of its entity and recency bucket: one that the first session accessed as this very
item where there is one, else a live one drawn by key. What the first session was offered and did not
access stays as it was, so that a row still has something to be told apart from. Labels of simulated
worlds follow from their planted patterns; observed relevance is copied with its candidate, and a
memory that comes in new has the mean relevance of its item's accesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from memento import rng
from memento.synthesis.dr4sr.sequences import Ints, Sequences, accessed, buckets
from memento.world.records import TABLES, Record
from memento.world.table import Table, concat
from memento.world.world import World


@dataclass(frozen=True)
class Rebuilt:
    """The world with its new sessions; how many there are, and items for which no memory was left."""

    world: World
    sessions: int
    lost: int


def rebuild(world: World, sequences: Sequences, rows: Sequence[tuple[int, Ints]], seed: int) -> Rebuilt:
    """The world with a session more for each (sequence, row of items). Rows that keep under two items are left out."""
    maker = _Maker(world, sequences, seed)
    sessions: list[Record] = []
    candidates: list[Record] = []
    for number, (sequence, row) in enumerate(rows):
        made = maker.session(number, sequence, row)
        if made is not None:
            sessions.append(made[0])
            candidates += made[1]
    tables = {
        name: concat(TABLES[name], [world.tables[name], Table.from_records(TABLES[name], records)])
        for name, records in (("sessions", sessions), ("candidates", candidates))
    }
    clock = max([world.manifest.clock, *(record["ended_at"] for record in sessions)])
    return Rebuilt(world.replace(replace(world.manifest, clock=clock), **tables), len(sessions), maker.lost)


class _Maker:
    def __init__(self, world: World, sequences: Sequences, seed: int) -> None:
        self.world, self.sequences, self.seed = world, sequences, seed
        self.lost = 0
        memories = world.memories
        live = ~memories["deleted"]
        self.of_entity: dict[str, Ints] = {}
        for entity in sorted(set(memories["entity"].tolist())):
            self.of_entity[entity] = np.flatnonzero((memories["entity"] == entity) & live)
        self.hit = accessed(world)
        relevance = world.candidates["relevance"]
        sums: dict[int, list[float]] = {}
        for row, places in zip(sequences.rows, sequences.candidates, strict=True):
            for item, place in zip(row.tolist(), places.tolist(), strict=True):
                if not np.isnan(relevance[place]):
                    sums.setdefault(item, []).append(float(relevance[place]))
        self.mean = {item: sum(values) / len(values) for item, values in sums.items()}

    def session(self, number: int, sequence: int, row: Ints) -> tuple[Record, list[Record]] | None:
        """The session of one row and its candidates."""
        world, sequences = self.world, self.sequences
        at = int(sequences.sessions[sequence])
        key = rng.key(self.seed, "dr4sr", "rebuild", number)
        while f"{rng.key(key, 'id'):016x}" in world.sessions.row_of:
            key = rng.key(key, "again")
        known: dict[int, list[int]] = {}
        for item, place in zip(sequences.rows[sequence].tolist(), sequences.candidates[sequence].tolist(), strict=True):
            if world.candidate_sessions[place] == at:
                known.setdefault(item, []).append(place)
        record = world.sessions.record(at)
        ended = int(world.sessions["ended_at"][at])
        taken: set[int] = set()
        chosen: list[tuple[int, int, int]] = []
        for item in row.tolist():
            places = [p for p in known.get(item, ()) if int(world.candidate_memories[p]) not in taken]
            if places:
                memory, place = int(world.candidate_memories[places[0]]), places[0]
            else:
                memory, place = self._drawn(key, item, ended, taken), -1
            if memory < 0:
                self.lost += 1
                continue
            taken.add(memory)
            chosen.append((item, memory, place))
        if len(chosen) < 2:
            return None
        new = f"{rng.key(key, 'id'):016x}"
        kept = [
            place
            for place in range(int(world.offsets[at]), int(world.offsets[at + 1]))
            if not self.hit[place] and int(world.candidate_memories[place]) not in taken
        ]
        total = len(chosen) + len(kept)
        slots = sorted(rng.sample(rng.pair_keys(key, np.arange(total, dtype=np.uint64)), len(chosen)).tolist())
        free = sorted(set(range(total)) - set(slots))
        candidates = []
        for rank, (item, memory, place) in zip(slots, chosen, strict=True):
            candidates.append(self._candidate(new, rank, item, memory, place))
        for rank, place in zip(free, kept, strict=True):
            candidates.append(world.candidates.record(place) | {"session": new, "rank": rank})
        return record | {"id": new}, candidates

    def _candidate(self, session: str, rank: int, item: int, memory: int, place: int) -> Record:
        if place >= 0:
            return self.world.candidates.record(place) | {"session": session, "rank": rank}
        mean = self.mean.get(item)
        kind = self.sequences.vocabulary[item - 1]
        return {
            "session": session,
            "memory": str(self.world.memories["id"][memory]),
            "source": kind.source,
            "rank": rank,
            "injected": True,
            "used": False,
            "fts_hits": 0,
            "relevance": mean,
        }

    def _drawn(self, key: int, item: int, ended: int, taken: set[int]) -> int:
        """A live memory of an item's entity and recency bucket at an instant, -1 where there is none."""
        kind = self.sequences.vocabulary[item - 1]
        rows = self.of_entity.get(kind.entity, np.empty(0, np.int64))
        ages = ended - self.world.memories["created_at"][rows]
        fit = rows[(ages >= 0) & (buckets(ages) == kind.bucket)]
        left = [row for row in fit.tolist() if row not in taken]
        if not left:
            return -1
        ids = self.world.memories["id"][left].tolist()
        return int(left[int(rng.sample(rng.keys(rng.key(key, item), ids), 1)[0])])
