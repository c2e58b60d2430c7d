"""Add what was not there: memories that say known facts again, or sessions that come back to a topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.vary.facts import Speech
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.world.records import NULL_INT, TABLES
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import World

_LATER = 3600


@dataclass(frozen=True)
class Insert(Operator):
    """A share of the memories is remembered twice, in other words, and a share of the sessions happens again.

    A second memory has an id and accesses of its own and says the fact as the grammar would at another index. A
    session that happens again does so an hour after it ended, with the same turns and candidates; none of its
    candidates is injected, so no count of another session moves. One that cites what has gone by then does not.
    """

    name: ClassVar[str] = "insert"
    formula: ClassVar[str] = (
        "memory m doubled where u(key, m) < memories, session s repeated where u(key, s) < sessions"
    )
    source: ClassVar[str] = "insert augmentation: Zhou et al. 2024"
    expects: ClassVar[Expectation] = "free"
    neutral: ClassVar[Mapping[str, Value]] = {"memories": 0.0, "sessions": 0.0}

    memories: float = parameter(0.05, "probability that a memory is remembered twice")
    sessions: float = parameter(0.05, "probability that a session happens again")

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the record's id; new ids follow from the old ones and the key."""
        mark = f"{key & 0xFFFFFF:06x}"
        upserts = {}
        doubled = self._memories(world, key, mark)
        if len(doubled):
            upserts["memories"] = doubled
        again = np.flatnonzero(rng.bernoulli(rng.keys(rng.key(key, "s"), world.sessions["id"].tolist()), self.sessions))
        latest = world.sessions["ended_at"][again] * 2 - world.sessions["started_at"][again] + _LATER
        again = again[(latest <= world.manifest.clock) & ~_outlived(world)[again]]
        if len(again):
            upserts |= _again(world, again, mark)
        return Delta(upserts)

    def _memories(self, world: World, key: int, mark: str) -> Table:
        memories, speech = world.memories, Speech(world)
        keys = rng.keys(rng.key(key, "m"), memories["id"].tolist())
        single = np.append(world.aspects["single_valued"], False)[world.aspects.rows(memories["aspect"].tolist())]
        rows = np.flatnonzero(rng.bernoulli(keys, self.memories) & ~memories["deleted"] & ~single)
        records = []
        for row, state in zip(rows.tolist(), rng.bits(keys[rows], 1).tolist(), strict=True):
            record, spoken = memories.record(row), speech.memory(row)
            text = spoken.said(state % len(spoken.patterns)) if spoken else record["text"]
            records.append(
                {**record, "id": f"{record['id']}-{mark}", "text": text, "prior_accesses": 0, "pinned": False}
            )
        return Table.from_records(TABLES["memories"], records)


def _again(world: World, rows: np.ndarray, mark: str) -> dict[str, Table]:
    """The sessions of some rows once more, with their turns and candidates."""
    sessions = world.sessions.take(rows)
    chosen = {key: f"{key}-{mark}" for key in sessions["id"].tolist()}
    length = sessions["ended_at"] - sessions["started_at"]
    start = sessions["ended_at"] + _LATER
    found = {"sessions": sessions.replace(id=_named(sessions["id"], chosen), started_at=start, ended_at=start + length)}
    for name in ("turns", "candidates"):
        table = world.tables[name]
        table = table.take(np.flatnonzero(np.isin(table["session"], list(chosen))))
        if not len(table):
            continue
        if name == "candidates":
            quiet = np.zeros(len(table), bool)
            found[name] = table.replace(session=_named(table["session"], chosen), injected=quiet, used=quiet)
            continue
        ids = {key: f"{key}-{mark}" for key in table["id"].tolist()}
        columns = {"id": _named(table["id"], ids), "session": _named(table["session"], chosen)}
        found[name] = table.replace(**columns, parent=_named(table["parent"], ids))
    return found


def _outlived(world: World) -> npt.NDArray[np.bool_]:
    """Whether a memory that a session cites is gone an hour after the session, shape (S,)."""
    memories, sessions, turns = world.memories, world.sessions, world.turns
    newer = memories.rows(memories["superseded_by"].tolist())
    death = np.where(newer >= 0, memories["created_at"][newer], NULL_INT) if len(memories) else memories["created_at"]
    gone = np.zeros(len(sessions), bool)
    for session, cites in zip(turns["session"].tolist(), turns["cites"].tolist(), strict=True):
        for row in memories.rows(cites.split(" ")) if cites else ():
            if row >= 0 and death[row] != NULL_INT:
                at = sessions.row_of[session]
                gone[at] |= bool(death[row] <= sessions["ended_at"][at] + _LATER)
    return gone


def _named(column: np.ndarray, names: Mapping[str, str]) -> np.ndarray:
    result = np.empty(len(column), object)
    result[:] = [names.get(key, "") if key else "" for key in column.tolist()]
    return result
