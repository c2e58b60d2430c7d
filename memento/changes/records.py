"""The record level of a merge: from two differences against the base to one change of our side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from memento.changes.conflict import Conflict
from memento.changes.diff import Diff, TableDiff
from memento.changes.rules import columns, presence, sessions, turns
from memento.changes.rules.algebra import APART
from memento.changes.rules.columns import Settle
from memento.changes.snapshot import Lookup, Snapshot
from memento.errors import UsageError
from memento.world.keys import natural
from memento.world.records import BELONGING, TABLES, Record, Schema
from memento.world.table import Table, concat, same_elements
from memento.world.tree import Delta

Unknown = frozenset[tuple[str, str, str]]
"""(table, key, field) on which the bases disagree; the field is empty for a record's presence."""


@dataclass(frozen=True)
class Sides:
    """The three states, our and their difference against the base, and what the base leaves open."""

    base: Snapshot
    ours: Snapshot
    theirs: Snapshot
    by_us: Diff
    by_them: Diff
    unknown: Unknown = frozenset()


@dataclass
class _Draft:
    upserts: dict[str, list[Table]] = field(default_factory=dict)
    deletes: dict[str, list[str]] = field(default_factory=dict)

    def put(self, table: Table) -> None:
        if len(table):
            self.upserts.setdefault(table.schema.name, []).append(table)

    def remove(self, name: str, keys: Iterable[str]) -> None:
        self.deletes.setdefault(name, []).extend(keys)

    def delta(self) -> Delta:
        upserts = {name: concat(TABLES[name], tables) for name, tables in self.upserts.items()}
        return Delta(upserts, {name: tuple(keys) for name, keys in self.deletes.items() if keys})


def merge_records(sides: Sides, starts: Mapping[str, int], settle: Settle) -> Delta:
    """The change of our side that makes it the merged world, manifest left out.

    `settle` is told every conflict and returns its resolution, if it has one; without one our value
    stays, and a record that one side deleted and the other changed is kept. Looks only at records
    that a side changed, or on which the base is unknown. `starts` holds sessions of our side, as far
    as they are known.
    """
    draft = _Draft()
    kept = _merge_sessions(sides, settle, draft)
    for name, schema in TABLES.items():
        part_o = sides.by_us.tables.get(name) or _no_difference(schema)
        part_t = sides.by_them.tables.get(name) or _no_difference(schema)
        blind = {key for table, key, _ in sides.unknown if table == name}
        if part_t or blind:
            _merge_table(sides, schema, part_o, part_t, blind, kept, settle, draft)
    return _without_orphans(sides, starts, draft.delta())


def _no_difference(schema: Schema) -> TableDiff:
    none = Table.empty(schema)
    return TableDiff(schema, none, none, none, none, {})


# ── sessions that one side deleted ───────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Kept:
    """Sessions in conflict, by the side that holds them; their rows are dealt with as a whole."""

    ours: set[str]
    theirs: set[str]


def _merge_sessions(sides: Sides, settle: Settle, draft: _Draft) -> _Kept:
    gone = [_removed_sessions(diff) for diff in (sides.by_us, sides.by_them)]
    blind = {key for table, key, _ in sides.unknown if table == "sessions"}
    if not (gone[0] or gone[1] or blind):
        return _Kept(set(), set())
    held = [set(lookup.find("sessions", blind).keys) for lookup in (sides.ours, sides.theirs)]
    by_them = sessions.merge(gone[0] - gone[1], sides.by_us.tables, sides.by_them.tables) | (blind & held[1] - held[0])
    by_us = sessions.merge(gone[1] - gone[0], sides.by_them.tables, sides.by_us.tables) | (blind & held[0] - held[1])
    kept = _Kept(by_us, by_them)
    for key in sorted(by_us | by_them):
        _merge_session(sides, key, key in by_us, settle, draft)
    return kept


def _removed_sessions(diff: Diff) -> set[str]:
    return set(diff.tables["sessions"].removed.keys) if "sessions" in diff.tables else set()


def _merge_session(sides: Sides, key: str, ours_holds: bool, settle: Settle, draft: _Draft) -> None:
    holder = sides.ours if ours_holds else sides.theirs
    unknown = any(table == "sessions" and k == key for table, k, _ in sides.unknown)
    base = None if unknown else _record(sides.base, "sessions", key)
    record = _record(holder, "sessions", key)
    ours, theirs = (record, None) if ours_holds else (None, record)
    conflict = Conflict("sessions", key, "", "delete/modify", base, ours, theirs, not unknown)
    resolution = settle(conflict)
    chosen = record if resolution is None else conflict.value_of(resolution)
    if chosen is None:
        if ours_holds:
            draft.remove("sessions", [key])
        return
    schema = TABLES["sessions"]
    source = sides.base if resolution is not None and resolution.choice == "base" else holder
    full = {**(record or {}), **chosen, "id": key}
    if full != record or not ours_holds:
        draft.put(Table.from_records(schema, [full]))
    if source is sides.ours:
        return
    for name in BELONGING:
        rows = source.of_sessions(name, [key])
        mine = sides.ours.of_sessions(name, [key]) if ours_holds else Table.empty(rows.schema)
        draft.remove(name, [k for k in mine.keys if k not in rows.row_of])
        elsewhere = set() if ours_holds else set(sides.ours.find(name, rows.keys).keys)
        draft.put(rows.take(np.array([k not in elsewhere for k in rows.keys], bool)))


def _record(lookup: Lookup, table: str, key: str) -> Record | None:
    found = lookup.find(table, [key])
    return found.record(0) if len(found) else None


# ── one table ────────────────────────────────────────────────────────────────────────────────────


def _merge_table(
    sides: Sides,
    schema: Schema,
    part_o: TableDiff,
    part_t: TableDiff,
    blind: set[str],
    kept: _Kept,
    settle: Settle,
    draft: _Draft,
) -> None:
    contested = set(part_o.keys & part_t.keys) | blind
    settled = _settled_with_session(sides, schema, part_o, part_t, kept)
    settled |= _blind_with_session(sides, schema, blind, kept)
    contested -= settled
    new_o, new_t = part_o.new, part_t.new
    if schema.name == "turns":
        new_o, new_t = _alternatives(part_o, part_t, contested, draft)
    others = contested | settled
    draft.put(new_t.take(np.array([key not in others for key in new_t.keys], bool)))
    draft.remove(schema.name, [key for key in part_t.removed.keys if key not in others])
    if contested:
        keys = [key for key in dict.fromkeys([*part_o.new.keys, *part_o.removed.keys]) if key in contested]
        keys += sorted(contested.difference(keys))
        _merge_contested(sides, schema, keys, (part_o, new_o), (part_t, new_t), settle, draft)


def _settled_with_session(sides: Sides, schema: Schema, part_o: TableDiff, part_t: TableDiff, kept: _Kept) -> set[str]:
    """Keys whose fate is that of their session."""
    if schema.name == "sessions":
        return kept.ours | kept.theirs
    if schema.name not in BELONGING:
        return set()
    found = set()
    if kept.theirs:
        pairs = zip(part_t.new.keys, part_t.new["session"].tolist(), strict=True)
        found = {key for key, session in pairs if session in kept.theirs and key not in part_o.new.row_of}
    gone = _removed_sessions(sides.by_them)
    if gone | kept.ours:
        pairs = zip(part_t.removed.keys, part_t.removed["session"].tolist(), strict=True)
        for key, session in pairs:
            row = part_o.new.row_of.get(key)
            stands = session if row is None else part_o.new["session"][row]
            if stands in kept.ours or (row is None and session in gone):
                found.add(key)
    return found


def _blind_with_session(sides: Sides, schema: Schema, blind: set[str], kept: _Kept) -> set[str]:
    if schema.name not in BELONGING or not blind:
        return set()
    ours, theirs = sides.ours.find(schema.name, blind), sides.theirs.find(schema.name, blind)
    found = set()
    for holder, other, of in ((ours, theirs, kept.ours), (theirs, ours, kept.theirs)):
        pairs = zip(holder.keys, holder["session"].tolist(), strict=True)
        found |= {key for key, session in pairs if session in of and key not in other.row_of}
    return found


def _alternatives(part_o: TableDiff, part_t: TableDiff, contested: set[str], draft: _Draft) -> tuple[Table, Table]:
    """Turns added on both sides under one id and not alike: one of each pair under a new id.

    Takes them out of `contested`; returns what is new on each side with parents followed.
    """
    shared = sorted(contested & part_o.added.row_of.keys() & part_t.added.row_of.keys(), key=natural)
    ours, theirs = part_o.added.take(part_o.added.rows(shared)), part_t.added.take(part_t.added.rows(shared))
    renames_o, renames_t = turns.merge(ours, theirs)
    new_o, new_t = turns.follow(part_o.new, renames_o), turns.follow(part_t.new, renames_t)
    for mine, new, other in ((renames_o, new_o, new_t), (renames_t, new_t, new_o)):
        keys = sorted(mine, key=natural)
        draft.put(turns.rename(new.take(new.rows(keys)), mine))
        draft.put(other.take(other.rows(keys)))
        contested -= mine.keys()
    if renames_o:
        moved = new_o["parent"] != part_o.new["parent"]
        draft.put(new_o.take(moved & np.array([k not in renames_o and k not in contested for k in new_o.keys], bool)))
    lost = renames_o.keys() | renames_t.keys()
    keep = [np.array([key not in lost for key in new.keys], bool) for new in (new_o, new_t)]
    return new_o.take(keep[0]), new_t.take(keep[1])


def _merge_contested(
    sides: Sides,
    schema: Schema,
    keys: list[str],
    mine: tuple[TableDiff, Table],
    other: tuple[TableDiff, Table],
    settle: Settle,
    draft: _Draft,
) -> None:
    """Records that both sides changed, or on which the base is unknown."""
    blind: dict[str, set[str]] = {}
    for table, key, name in sides.unknown:
        if table == schema.name:
            blind.setdefault(key, set()).add(name)
    base = _rows(sides.base, keys, blind, (mine[0].old, other[0].old), schema)
    ours = _rows(sides.ours, keys, blind, (mine[1],), schema)
    theirs = _rows(sides.theirs, keys, blind, (other[1],), schema)
    both = [key for key in keys if key in ours.row_of and key in theirs.row_of]
    for known in (True, False):
        chosen = [key for key in both if (key in base.row_of or "" in blind.get(key, ())) == known]
        if not chosen:
            continue
        o, t = ours.take(ours.rows(chosen)), theirs.take(theirs.rows(chosen))
        b = _base_rows(base, o, chosen) if known else None
        merged = columns.merge(schema, b, o, t, settle, _masks(schema, chosen, blind) if blind else None)
        stored = _rows(sides.ours, chosen, blind, (mine[0].new,), schema) if schema.name == "turns" else o
        draft.put(merged.take(_unlike(merged, stored)))
    for key in keys:
        if (key in ours.row_of) != (key in theirs.row_of):
            _merge_presence(schema, key, base, ours, theirs, key in blind, settle, draft)


def _masks(schema: Schema, keys: list[str], blind: Mapping[str, set[str]]) -> dict[str, npt.NDArray[np.bool_]]:
    """For each field, where the base says nothing."""
    none: set[str] = set()
    return {f.name: np.array([bool({"", f.name} & blind.get(key, none)) for key in keys], bool) for f in schema.fields}


def _rows(
    lookup: Lookup, keys: list[str], blind: Mapping[str, object], near: tuple[Table, ...], schema: Schema
) -> Table:
    """Rows of one state: from what differs, looked up where the base is unknown."""
    known = [key for key in keys if key not in blind] if blind else keys
    parts = []
    for table in near:
        rows = table.rows(known)
        parts.append(table.take(rows[rows >= 0]))
        known = [known[place] for place in np.flatnonzero(rows < 0)]
    if blind:
        parts.append(lookup.find(schema.name, [key for key in keys if key in blind]))
    return concat(schema, parts)


def _base_rows(base: Table, ours: Table, keys: list[str]) -> Table:
    """Base rows of `keys`; where the base has none (its presence is unknown) our row stands in, masked."""
    rows = base.rows(keys)
    pool = concat(base.schema, [base, ours])
    return pool.take(np.where(rows >= 0, rows, len(base) + np.arange(len(keys))))


def _unlike(merged: Table, stored: Table) -> npt.NDArray[np.bool_]:
    """Which merged rows are not stored so on our side."""
    rows = stored.rows(merged.keys)
    unlike = rows < 0
    held = np.flatnonzero(~unlike)
    same = _equal(merged.take(held), stored.take(rows[held]))
    unlike[held[~same]] = True
    return unlike


def _equal(a: Table, b: Table) -> npt.NDArray[np.bool_]:
    same = np.ones(len(a), bool)
    for name in a.columns:
        same &= same_elements(a.columns[name], b.columns[name])
    return same


def _merge_presence(
    schema: Schema, key: str, base: Table, ours: Table, theirs: Table, blind: bool, settle: Settle, draft: _Draft
) -> None:
    """A record that one side deleted."""
    b, o, t = (side.record(side.row_of[key]) if key in side.row_of else None for side in (base, ours, theirs))
    value: object = APART if blind else presence.merge(b, o, t)
    if value is APART:
        conflict = Conflict(schema.name, key, "", "delete/modify", None if blind else b, o, t, not blind)
        resolution = settle(conflict)
        held = o if o is not None else t
        chosen = held if resolution is None else conflict.value_of(resolution)
        fixed = {name: (held or {})[name] for name in schema.key}
        value = None if chosen is None else {**(held or {}), **chosen, **fixed}
    if value is None and o is not None:
        draft.remove(schema.name, [key])
    elif isinstance(value, dict) and value != o:
        draft.put(Table.from_records(schema, [value]))


def _without_orphans(sides: Sides, starts: Mapping[str, int], delta: Delta) -> Delta:
    """The change without turns and candidates whose session a resolution deleted.

    Raises `UsageError` where a resolution puts a turn into a session that is not there.
    """
    put = delta.upserts["sessions"].row_of if "sessions" in delta.upserts else {}
    gone = set(delta.deletes.get("sessions", ())) - put.keys()
    upserts = dict(delta.upserts)
    for name in BELONGING:
        if name not in upserts:
            continue
        table = upserts[name]
        named = set(table["session"].tolist()) - put.keys()
        lost = named - starts.keys() - gone
        if lost:
            lost -= sides.ours.table("sessions").row_of.keys()
        if lost:
            row = next(r for r, s in enumerate(table["session"].tolist()) if s in lost)
            raise UsageError(
                f"a resolution puts {TABLES[name].singular}:{table.keys[row]} into session "
                f"{table['session'][row]}, which the merged world does not have",
                "resolve that conflict in another way",
            )
        upserts[name] = table.take(np.array([s not in gone for s in table["session"].tolist()], bool))
    return Delta(upserts, delta.deletes, delta.manifest)
