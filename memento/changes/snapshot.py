"""Looking records up in one state of a world, reading no more than is asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from typing import Protocol

from memento.errors import NotFound
from memento.world import tree
from memento.world.objects import ObjectStore
from memento.world.records import Record, schema_of
from memento.world.table import Table
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
    """A `Lookup` of a stored tree; `find` reads only the leaves that may hold the keys."""

    def __init__(self, store: ObjectStore, tree_id: str) -> None:
        self.store = store
        self.tree_id = tree_id
        self._tables: dict[str, Table] = {}

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest of this state."""
        return tree.read_manifest(self.store, self.tree_id)

    def find(self, table: str, keys: Iterable[str]) -> Table:
        """The rows of those `keys` that exist."""
        name = schema_of(table).name
        if name in self._tables or name == "turns":
            return _rows(self.table(name), keys)
        return tree.find(self.store, self.tree_id, name, keys)

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
