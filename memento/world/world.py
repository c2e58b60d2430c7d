"""A world: everything that one simulated agent knows and did, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.errors import CorruptRecord, InvalidFile, NewerFormat, NotFound
from memento.world.keys import natural, record_keys, session_keys
from memento.world.records import TABLES, Record, schema_of
from memento.world.table import Rows, Table

FORMAT = 1
"""Version of the stored layout; a repository of a newer one is refused."""


@dataclass(frozen=True)
class Manifest:
    """What a world is, beside its records.

    `source` is simulated, imported or written; `scenario` the declaration as resolved; `clock` the
    world's present, s UTC; `patterns` the planted rules as name -> parameters, each with a weight;
    `noise` what was added to labels (empty: none), with its ``distribution`` and ``snr_db``.
    """

    source: str = "written"
    scenario: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    simulator: str = ""
    clock: int = 0
    patterns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    noise: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    def to_map(self) -> dict[str, Any]:
        """Plain maps and values, as stored."""
        return asdict(self)

    @classmethod
    def from_map(cls, value: Any, object_id: str = "") -> Manifest:
        """The manifest that `to_map` gave; raises `NewerFormat` or `CorruptRecord`."""
        if not isinstance(value, dict) or type(value.get("format")) is not int:
            raise CorruptRecord("not a manifest", object_id, "manifest")
        if value["format"] > FORMAT:
            raise NewerFormat(
                f"this world is stored in format {value['format']}; this memento reads up to {FORMAT}",
                "upgrade memento: pip install --upgrade memento",
            )
        kinds = {
            "source": str,
            "scenario": dict,
            "seed": int,
            "simulator": str,
            "clock": int,
            "patterns": dict,
            "noise": dict,
            "format": int,
        }
        if set(value) != {f.name for f in fields(cls)} or any(type(value[k]) is not t for k, t in kinds.items()):
            raise CorruptRecord("not a manifest", object_id, "manifest")
        return cls(**value)


PLACING = frozenset({"session.started_at", "turn.session", "candidate.session", "candidate.memory", "candidate.rank"})
"""The fields that say, besides ids, where a record stands in the canonical order of a world."""


class World:
    """One frozen state: a manifest and seven tables, in canonical order.

    Keyed tables stand in order of their keys (see `memento.world.keys`), sessions in order of
    their start, turns and candidates grouped by session, in thread order and by rank.
    """

    def __init__(self, manifest: Manifest, tables: Mapping[str, Table]) -> None:
        self.manifest = manifest
        self.tables = {name: tables[name] for name in TABLES}

    @classmethod
    def build(cls, manifest: Manifest, tables: Mapping[str, Table]) -> World:
        """A world of tables in any order; tables left out are empty.

        Raises `InvalidFile` naming every repeated key and every turn or candidate without its
        session. Everything else that may be wrong is told by `memento.world.check`.
        """
        full = {name: tables.get(name) or Table.empty(schema) for name, schema in TABLES.items()}
        faults = []
        for name, table in full.items():
            if len(table.row_of) != len(table):
                seen: set[str] = set()
                repeated = {key for key in table.keys if key in seen or seen.add(key)}  # type: ignore[func-returns-value]
                faults += [f"{TABLES[name].singular} {key} occurs more than once" for key in sorted(repeated)]
        sessions = full["sessions"] = full["sessions"].take(session_order(full["sessions"]))
        for name in ("turns", "candidates"):
            rows = sessions.rows(full[name]["session"])
            missing = sorted({str(key) for key in full[name]["session"][rows < 0]})
            faults += [f"{name} of a session that is not there: {key}" for key in missing]
            full[name] = full[name].take(dependent_order(full[name], rows))
        for name in ("entities", "aspects", "dependencies", "memories"):
            full[name] = full[name].take(key_order(record_keys(full[name]["id"].tolist()), full[name]["id"]))
        if faults:
            raise InvalidFile("world", faults)
        return cls(manifest, full)

    @property
    def entities(self) -> Table:
        """The table of entities."""
        return self.tables["entities"]

    @property
    def aspects(self) -> Table:
        """The table of aspects."""
        return self.tables["aspects"]

    @property
    def dependencies(self) -> Table:
        """The table of dependencies."""
        return self.tables["dependencies"]

    @property
    def memories(self) -> Table:
        """The table of memories."""
        return self.tables["memories"]

    @property
    def sessions(self) -> Table:
        """The table of sessions."""
        return self.tables["sessions"]

    @property
    def turns(self) -> Table:
        """The table of turns."""
        return self.tables["turns"]

    @property
    def candidates(self) -> Table:
        """The table of candidates."""
        return self.tables["candidates"]

    @cached_property
    def candidate_sessions(self) -> Rows:
        """Row of each candidate's session, shape (N,); never decreasing."""
        return self.sessions.rows(self.candidates["session"].tolist())

    @cached_property
    def candidate_memories(self) -> Rows:
        """Row of each candidate's memory, shape (N,); -1 where it dangles."""
        return self.memories.rows(self.candidates["memory"].tolist())

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Session s has candidates ``offsets[s]:offsets[s + 1]``; shape (S + 1,)."""
        return np.searchsorted(self.candidate_sessions, np.arange(len(self.sessions) + 1)).astype(np.int64)

    def record(self, table: str, key: str) -> Record:
        """One record as plain values; raises `NotFound` with the nearest keys."""
        schema = schema_of(table)
        found = self.tables[schema.name]
        if key not in found.row_of:
            raise NotFound(schema.singular, key, found.row_of)
        return found.record(found.row_of[key])

    def replace(self, manifest: Manifest | None = None, **tables: Table) -> World:
        """The world with another manifest or other tables, built again."""
        return World.build(manifest or self.manifest, {**self.tables, **tables})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, World) and self.manifest == other.manifest and self.tables == other.tables

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(table)} {name}" for name, table in self.tables.items() if len(table))
        return f"World({sizes or 'empty'})"


def key_order(keys: npt.NDArray[np.uint64], ids: npt.NDArray[Any]) -> Rows:
    """The order of rows by key, then id."""
    order: Rows = np.argsort(keys, kind="stable").astype(np.int64)
    ordered = keys[order]
    if np.any(ordered[1:] == ordered[:-1]):
        order = np.array(sorted(range(len(keys)), key=lambda row: (int(keys[row]), ids[row])), np.int64)
    return order


def session_order(sessions: Table) -> Rows:
    """The order of sessions by start, then key, then id."""
    ids = sessions["id"]
    by_key = key_order(session_keys(ids.tolist(), sessions["started_at"]), ids)
    return by_key[np.argsort(sessions["started_at"][by_key], kind="stable")]


def dependent_order(table: Table, session_rows: Rows) -> Rows:
    """The order of turns (by thread) or candidates (by rank) within the order of their sessions."""
    if table.schema.name == "turns":
        ids, places = table["id"].tolist(), session_rows.tolist()
        return np.array(sorted(range(len(ids)), key=lambda row: (places[row], natural(ids[row]))), np.int64)
    ranks = table["rank"]
    order: Rows = np.lexsort((ranks, session_rows)).astype(np.int64)
    s, r = session_rows[order], ranks[order]
    if np.any((s[1:] == s[:-1]) & (r[1:] == r[:-1])):
        keys = list(zip(session_rows.tolist(), ranks.tolist(), table["memory"].tolist(), strict=True))
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
    return order


def empty_world(manifest: Manifest | None = None) -> World:
    """The world without records."""
    return World.build(manifest or Manifest(), {})
