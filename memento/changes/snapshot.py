"""Looking records up in one state of a world, reading no more than is asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Protocol

import numpy as np

from memento.errors import NotFound
from memento.world import tree
from memento.world.objects import ObjectStore
from memento.world.records import TABLES, Record, schema_of
from memento.world.table import Table, concat
from memento.world.world import Manifest, World

_NEAR = 300


class Lookup(Protocol):
    """One state of a world that can be asked for records."""

    @property
    def manifest(self) -> Manifest:
        """The manifest of this state."""
        ...

    def find(self, table: str, keys: Iterable[str]) -> Table:
        """The rows of those `keys` that exist."""
        ...

    def table(self, table: str) -> Table:
        """A whole table."""
        ...


class Snapshot:
    """A `Lookup` of a stored tree; `find` reads only the leaves that may hold the keys.

    `starts` are sessions of the tree with their start, s UTC, as far as they are known: they are
    found without reading all sessions.
    """

    def __init__(self, store: ObjectStore, tree_id: str, starts: Mapping[str, int] | None = None) -> None:
        self.store = store
        self.tree_id = tree_id
        self.starts: Mapping[str, int] = starts or {}
        self._tables: dict[str, Table] = {}
        self._turns: dict[str, Table] = {}

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest of this state."""
        return tree.read_manifest(self.store, self.tree_id)

    def find(self, table: str, keys: Iterable[str]) -> Table:
        """The rows of those `keys` that exist."""
        name = schema_of(table).name
        wanted = list(dict.fromkeys(keys))
        if name == "turns" and name not in self._tables:
            near = [table for table in self._turns.values() if any(key in table.row_of for key in wanted)]
            if all(any(key in table.row_of for table in near) for key in wanted):
                return concat(TABLES[name], [_rows(table, wanted) for table in near])
        if name in self._tables or name == "turns":
            return _rows(self.table(name), wanted)
        return tree.find(self.store, self.tree_id, name, wanted, self.starts)

    def of_sessions(self, table: str, sessions: Iterable[str]) -> Table:
        """The turns or candidates of some sessions; turns are kept for the next look-up."""
        wanted = list(dict.fromkeys(sessions))
        if table in self._tables or not all(session in self.starts for session in wanted):
            rows, held = self.table(table), set(wanted)
            return rows.take(np.array([session in held for session in rows["session"].tolist()], bool))
        kept = self._turns if table == "turns" else {}
        new = {session: self.starts[session] for session in wanted if session not in kept}
        rows = tree.belonging(self.store, self.tree_id, table, new)
        of_row = rows["session"].tolist()
        for session in new:
            kept[session] = rows.take(np.array([session == other for other in of_row], bool))
        return concat(TABLES[table], [kept[session] for session in wanted])

    def table(self, table: str) -> Table:
        """A whole table, kept for the next look-up."""
        name = schema_of(table).name
        if name not in self._tables:
            self._tables[name] = tree.read_table(self.store, self.tree_id, name)
        return self._tables[name]

    def keys(self, table: str) -> list[str]:
        """All keys of a table; reads the whole table."""
        return self.table(table).keys

    def record(self, table: str, key: str) -> Record:
        """One record as plain values; raises `NotFound` with the nearest keys."""
        return record(self, table, key)


class WorldLookup:
    """A `Lookup` of a world in memory."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def manifest(self) -> Manifest:
        """The manifest of this state."""
        return self.world.manifest

    def find(self, table: str, keys: Iterable[str]) -> Table:
        """The rows of those `keys` that exist."""
        return _rows(self.table(table), keys)

    def table(self, table: str) -> Table:
        """A whole table."""
        return self.world.tables[schema_of(table).name]


def record(lookup: Lookup, table: str, key: str) -> Record:
    """One record as plain values; raises `NotFound` with the nearest keys."""
    found = lookup.find(table, [key])
    if not len(found):
        raise missing(lookup, table, key)
    return found.record(0)


def missing(lookup: Lookup, table: str, key: str) -> NotFound:
    """The error for a key that names nothing, with the nearest keys among thousands."""
    schema = schema_of(table)
    hint = "" if len(lookup.table(table)) else f"there are no {schema.name} here"
    return NotFound(schema.singular, key, neighbours(key, lookup.table(table).keys), hint)


def neighbours(key: str, keys: list[str]) -> list[str]:
    """Some of `keys` that begin or end like `key`: a field small enough to search for a typo."""
    if len(keys) <= 2 * _NEAR:
        return keys
    near = []
    for turned in (False, True):
        ordered = sorted(k[::-1] for k in keys) if turned else sorted(keys)
        place = bisect_left(ordered, key[::-1] if turned else key)
        near += [k[::-1] if turned else k for k in ordered[max(0, place - _NEAR // 2) : place + _NEAR // 2]]
    return list(dict.fromkeys(near))


def _rows(table: Table, keys: Iterable[str]) -> Table:
    rows = table.rows(dict.fromkeys(keys))
    return table.take(rows[rows >= 0])
