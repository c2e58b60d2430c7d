"""The difference of two worlds, record by record and field by field.

`diff_trees` reads only the chunks in which two stored trees differ, so that its cost follows the
change and not the world. A `Diff` is a value: it can be printed, inverted, and applied to a world
that still holds what the diff starts from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from memento.changes.snapshot import Lookup, Snapshot, WorldLookup
from memento.errors import ConflictError
from memento.world import tree
from memento.world.keys import natural
from memento.world.objects import ObjectStore
from memento.world.records import TABLES, Record, Schema
from memento.world.table import Table, concat, same_elements
from memento.world.tree import Delta
from memento.world.world import Manifest, World

Mask = npt.NDArray[np.bool_]
_SHOWN = 5


@dataclass(frozen=True)
class Change:
    """One record that differs: `before` is None where it was added, `after` where it was removed.

    `fields` are the names of the fields that differ, for a changed record.
    """

    table: str
    key: str
    kind: Literal["added", "removed", "changed"]
    before: Record | None
    after: Record | None
    fields: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The record as users write it: ``memory:ID``."""
        return f"{TABLES[self.table].singular}:{self.key}"

    def to_map(self) -> dict[str, Any]:
        """The record for an added or removed one, before and after of each field for a changed."""
        if self.before is None or self.after is None:
            return {"key": self.key, "record": self.after or self.before}
        fields = {name: {"before": self.before[name], "after": self.after[name]} for name in self.fields}
        return {"key": self.key, "fields": fields}


@dataclass(frozen=True)
class TableDiff:
    """What differs in one table: rows `added` and `removed`, and the changed rows.

    `before` and `after` hold the changed rows in the same order, shape (C,); `changed` has a mask
    of shape (C,) for each field that differs in any of them.
    """

    schema: Schema
    added: Table
    removed: Table
    before: Table
    after: Table
    changed: Mapping[str, Mask]

    def __bool__(self) -> bool:
        return bool(len(self.added) or len(self.removed) or len(self.before))

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all records that differ."""
        return frozenset([*self.added.keys, *self.removed.keys, *self.after.keys])

    @cached_property
    def old(self) -> Table:
        """The rows that stand on the old side: removed ones, then changed ones as they were."""
        return concat(self.schema, [self.removed, self.before])

    @cached_property
    def new(self) -> Table:
        """The rows that stand on the new side: added ones, then changed ones as they are."""
        return concat(self.schema, [self.added, self.after])

    def inverse(self) -> TableDiff:
        """The difference from new to old."""
        return TableDiff(self.schema, self.removed, self.added, self.after, self.before, self.changed)

    def stat(self) -> dict[str, int]:
        """Numbers of records added, removed and changed."""
        return {"added": len(self.added), "removed": len(self.removed), "changed": len(self.before)}

    def records(self) -> Iterator[Change]:
        """The records that differ, in natural order of their keys."""
        name = self.schema.name
        parts: list[tuple[str, Literal["added", "removed", "changed"], int]] = []
        parts += [(key, "added", row) for row, key in enumerate(self.added.keys)]
        parts += [(key, "removed", row) for row, key in enumerate(self.removed.keys)]
        parts += [(key, "changed", row) for row, key in enumerate(self.after.keys)]
        for key, kind, row in sorted(parts, key=lambda part: natural(part[0])):
            if kind == "added":
                yield Change(name, key, kind, None, self.added.record(row))
            elif kind == "removed":
                yield Change(name, key, kind, self.removed.record(row), None)
            else:
                fields = tuple(field for field, mask in self.changed.items() if mask[row])
                yield Change(name, key, kind, self.before.record(row), self.after.record(row), fields)


@dataclass(frozen=True)
class Diff:
    """The difference from an old world to a new one; false where there is none.

    `tables` holds only the tables that differ; `manifests` the two manifests, None where one side
    has none.
    """

    tables: Mapping[str, TableDiff]
    manifests: tuple[Manifest | None, Manifest | None]

    def __bool__(self) -> bool:
        return bool(self.tables) or self.manifest_changed

    @property
    def manifest_changed(self) -> bool:
        """Whether the manifests differ."""
        return self.manifests[0] != self.manifests[1]

    def manifest_fields(self) -> dict[str, tuple[Any, Any]]:
        """The manifest fields that differ, before and after, as plain values."""
        before, after = (m.to_map() if m else {} for m in self.manifests)
        names = sorted(before.keys() | after.keys())
        return {n: (before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)}

    def records(self) -> Iterator[Change]:
        """All records that differ, by table, in natural order of their keys."""
        for name in TABLES:
            if name in self.tables:
                yield from self.tables[name].records()

    def stat(self) -> dict[str, dict[str, int]]:
        """Numbers of records added, removed and changed, by table; tables without any left out."""
        return {name: self.tables[name].stat() for name in TABLES if name in self.tables}

    def to_json(self) -> dict[str, Any]:
        """Plain maps in a stable order.

        ``stat`` as `stat`; ``manifest`` is {field: {before, after}}; ``tables`` is {table: {added:
        [record], removed: [record], changed: [{key, fields: {field: {before, after}}}]}}.
        """
        tables: dict[str, dict[str, list[Any]]] = {}
        for change in self.records():
            lists = tables.setdefault(change.table, {"added": [], "removed": [], "changed": []})
            lists[change.kind].append(change.to_map() if change.kind == "changed" else change.after or change.before)
        manifest = {name: {"before": b, "after": a} for name, (b, a) in self.manifest_fields().items()}
        return {"stat": self.stat(), "manifest": manifest, "tables": tables}

    def inverse(self) -> Diff:
        """The difference from new to old."""
        return Diff({name: part.inverse() for name, part in self.tables.items()}, self.manifests[::-1])

    def delta(self) -> Delta:
        """The change that makes the new world of the old one."""
        upserts = {name: part.new for name, part in self.tables.items() if len(part.new)}
        deletes = {name: tuple(part.removed.keys) for name, part in self.tables.items() if len(part.removed)}
        return Delta(upserts, deletes, self.manifests[1] if self.manifest_changed else None)


def diff_trees(store: ObjectStore, old: str, new: str) -> Diff:
    """The difference of two stored trees; reads only chunks that differ. Raises `CorruptRecord`."""
    manifests = _manifests(store, old, new)
    if old == new:
        return Diff({}, manifests)
    left, right = tree.differing(store, old, new)
    return Diff(_compare(left, right), manifests)


def diff_worlds(old: World, new: World) -> Diff:
    """The difference of two worlds in memory."""
    return Diff(_compare(old.tables, new.tables), (old.manifest, new.manifest))


def compare(schema: Schema, old: Table, new: Table) -> TableDiff:
    """The difference of two tables of one schema, rows in any order."""
    places = new.rows(old.keys)
    shared = np.flatnonzero(places >= 0)
    fresh = np.ones(len(new), bool)
    fresh[places[shared]] = False
    before, after = old.take(shared), new.take(places[shared])
    masks = {name: ~same_elements(before.columns[name], after.columns[name]) for name in schema.by_name}
    differ = np.zeros(len(shared), bool)
    for mask in masks.values():
        differ |= mask
    return TableDiff(
        schema,
        new.take(fresh),
        old.take(places < 0),
        before.take(differ),
        after.take(differ),
        {name: mask[differ] for name, mask in masks.items() if mask.any()},
    )


def apply(diff: Diff, world: World) -> World:
    """The world after `diff`. Raises `ConflictError` where it does not hold what the diff starts from."""
    _require(diff, WorldLookup(world))
    delta = diff.delta()
    tables = {name: world.tables[name].update(delta.upserts.get(name), delta.deletes.get(name, ())) for name in TABLES}
    gone = set(delta.deletes.get("sessions", ()))
    for name in ("turns", "candidates"):
        if gone:
            tables[name] = tables[name].take(np.array([s not in gone for s in tables[name]["session"]], bool))
    return World.build(delta.manifest or world.manifest, tables)


def apply_tree(store: ObjectStore, tree_id: str, diff: Diff) -> str:
    """The tree after `diff`. Raises `ConflictError` where it does not hold what the diff starts from."""
    _require(diff, Snapshot(store, tree_id))
    return tree.apply(store, tree_id, diff.delta())


def _manifests(store: ObjectStore, old: str, new: str) -> tuple[Manifest | None, Manifest | None]:
    """The manifests of two trees, read once where they are one."""
    one, two = ([entry for entry in store.tree(t) if entry.name == "manifest"] for t in (old, new))
    before = tree.read_manifest(store, old) if store.tree(old) else None
    if one and one == two:
        return before, before
    return before, tree.read_manifest(store, new) if store.tree(new) else None


def _compare(old: Mapping[str, Table], new: Mapping[str, Table]) -> dict[str, TableDiff]:
    parts = {}
    for name, schema in TABLES.items():
        if name not in old and name not in new:
            continue
        empty = Table.empty(schema)
        part = compare(schema, old.get(name, empty), new.get(name, empty))
        if part:
            parts[name] = part
    return parts


def _require(diff: Diff, lookup: Lookup) -> None:
    faults = []
    if diff.manifest_changed and lookup.manifest != diff.manifests[0]:
        faults.append("the manifest is another one")
    for name, part in diff.tables.items():
        found = lookup.find(name, [*part.old.keys, *part.added.keys])
        rows = found.rows(part.old.keys)
        held = found.take(rows[rows >= 0])
        wanted = part.old.take(rows >= 0)
        same = np.ones(len(held), bool)
        for field in part.schema.by_name:
            same &= same_elements(held.columns[field], wanted.columns[field])
        singular = part.schema.singular
        faults += [f"{singular}:{key} is not there" for key, row in zip(part.old.keys, rows, strict=True) if row < 0]
        faults += [f"{singular}:{wanted.keys[row]} is another one" for row in np.flatnonzero(~same)]
        faults += [f"{singular}:{key} is there already" for key in part.added.keys if key in found.row_of]
    if faults:
        more = f", and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise ConflictError(
            f"the change does not fit: {'; '.join(faults[:_SHOWN])}{more}",
            "merge it instead: a merge compares field by field",
        )
