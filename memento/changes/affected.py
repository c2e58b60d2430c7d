"""The contradictions that a merge brought about, found from what it changed.

A finding is a function of its ingredients: a row at fault and the rows which that row leads to, as the
`roles` of its `Check` list them. Suppose a finding of the merged world M is in neither side. Were all
its ingredients the same in ours, ours would have it too; so one of them differs between ours and M,
and one between theirs and M. From these two differences follows which rows may be at fault:

1. A row that differs from both sides, or from one side while something it leads to differs from the
   other. These are found in the differences themselves.
2. A row that differs from neither, where one thing that it leads to differs from ours and one from
   theirs. Is one of both its session, then it stands in that session, whose leaf is read. Otherwise
   both are one record that differs from both sides, or one record and what that one refers to; each
   side's own edits alone never do that to a record, only a field of each side in one record, a
   resolution or a fix. Then, and only then, all rows are looked at.
3. For a check that follows a chain: all members are rows of its table, so that each is reached from
   one in the difference.
4. For a check of a group: a group with a change from both sides. The turns and candidates of a session
   are read in their leaf; the memories of an aspect are looked for among all memories, where both
   sides touched live values of one single-valued aspect, which is nearly always a contradiction.

So the cost follows the edits. The rows that may be at fault, and what they lead to, make a small world
each of M, ours and theirs, through which the checks go as through a whole one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from memento.changes.diff import Diff
from memento.changes.outcome import Outcome
from memento.changes.snapshot import Snapshot
from memento.world.finding import Check, Finding
from memento.world.records import BELONGING, TABLES, Schema
from memento.world.table import Table, concat
from memento.world.world import Manifest, World

_NONE: frozenset[str] = frozenset()


def identity(finding: Finding) -> tuple[object, ...]:
    """What makes a finding the same in two worlds: all but its words."""
    return finding.kind, finding.table, finding.key, finding.field, finding.involved


def new_findings(snapshot: Snapshot, outcome: Outcome, checks: Sequence[Check]) -> list[Finding]:
    """The findings of `checks` in a merged state that neither side has, in the order of the checks."""
    diffs = (outcome.from_us, outcome.from_them)
    merged = _Merged(snapshot, diffs)
    sides = [_Before(merged, diff) for diff in diffs]
    found: dict[Finding, None] = {}
    for one in checks:
        suspects = _suspects(one, diffs, merged)
        if not suspects:
            continue
        around = _around(one, merged, suspects)
        here = [finding for finding in one.search(around, True) if _whole_in(one, suspects, finding)]
        if not here:
            continue
        wider = Suspects(suspects.keys | set(around.tables[one.root].keys), suspects.groups, suspects.everything)
        old = {identity(f) for side in sides for f in one.search(_around(one, side, wider), True)}
        found.update((finding, None) for finding in here if identity(finding) not in old)
    return list(found)


def _whole_in(one: Check, suspects: Suspects, finding: Finding) -> bool:
    """Whether all that a finding is about is in the world around the suspects: what they lead to is
    there, but not all that leads further."""
    return finding.key in suspects.keys or bool(one.chain or one.group or suspects.everything)


# ── states of which rows are looked up ───────────────────────────────────────────────────────────


class State(Protocol):
    """A state of a world that can be asked for some rows."""

    def find(self, table: str, keys: Iterable[str]) -> Table:
        """The rows of those `keys` that exist."""
        ...

    def having(self, table: str, field: str, values: frozenset[str]) -> Table:
        """The rows whose `field` is one of `values`."""
        ...

    def whole(self, table: str) -> Table:
        """All rows."""
        ...


class _Merged:
    """The merged state."""

    def __init__(self, snapshot: Snapshot, diffs: Iterable[Diff]) -> None:
        self.snapshot = snapshot
        self.diffs = diffs
        self.near = False

    def find(self, table: str, keys: Iterable[str]) -> Table:
        if table == "turns" and not self.near:
            self._read_near_turns()
        return self.snapshot.find(table, keys)

    def having(self, table: str, field: str, values: frozenset[str]) -> Table:
        if field == "session":
            return self.snapshot.of_sessions(table, sorted(values))
        return _matching(self.whole(table), field, values)

    def whole(self, table: str) -> Table:
        return self.snapshot.table(table)

    def _read_near_turns(self) -> None:
        """Reads the turns of the sessions in which turns differ, so that they are found by their ids."""
        self.near = True
        parts = [diff.tables["turns"] for diff in self.diffs if "turns" in diff.tables]
        sessions = {s for part in parts for rows in (part.old, part.new) for s in rows["session"].tolist()}
        self.snapshot.of_sessions("turns", sorted(sessions & self.snapshot.starts.keys()))


class _Before:
    """The state of one side: the merged one with the difference taken back."""

    def __init__(self, merged: State, diff: Diff) -> None:
        self.merged = merged
        self.diff = diff

    def find(self, table: str, keys: Iterable[str]) -> Table:
        part = self.diff.tables.get(table)
        if not part:
            return self.merged.find(table, keys)
        wanted = list(dict.fromkeys(keys))
        rows = part.old.rows(wanted)
        return concat(
            part.schema,
            [part.old.take(rows[rows >= 0]), self.merged.find(table, [k for k in wanted if k not in part.keys])],
        )

    def having(self, table: str, field: str, values: frozenset[str]) -> Table:
        return self._back(table, self.merged.having(table, field, values), field, values)

    def whole(self, table: str) -> Table:
        return self._back(table, self.merged.whole(table))

    def _back(self, table: str, rows: Table, field: str = "", values: frozenset[str] = _NONE) -> Table:
        part = self.diff.tables.get(table)
        if not part:
            return rows
        kept = rows.take(np.array([key not in part.keys for key in rows.keys], bool))
        return concat(part.schema, [kept, _matching(part.old, field, values) if field else part.old])


def _matching(rows: Table, field: str, values: frozenset[str]) -> Table:
    return rows.take(np.array([value in values for value in rows[field].tolist()], bool))


# ── what may be at fault ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Suspects:
    """Rows that may be at fault: keys of the root table, values of the group, or everything there is."""

    keys: frozenset[str] = _NONE
    groups: frozenset[str] = _NONE
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.keys or self.groups or self.everything)


def _suspects(one: Check, diffs: tuple[Diff, Diff], merged: State) -> Suspects:
    if not all(any(table in diff.tables for table in one.tables) for diff in diffs):
        return Suspects()
    if one.group:
        common = _groups(one, diffs[0]) & _groups(one, diffs[1]) - {""}
        if common and one.group == "aspect":
            aspects = merged.find("aspects", common)
            common = set(aspects["id"][aspects["single_valued"]].tolist())
        return Suspects(groups=frozenset(common))
    roots = [_standing(diff, one.root, _touched(diff, one.root, one.roles.get("", ()))) for diff in diffs]
    below = [
        {path: _touched(diff, one.table(path), fields) for path, fields in one.roles.items() if path} for diff in diffs
    ]
    keys = roots[0] & roots[1]
    if one.chain and all(roots):
        keys = roots[0] | roots[1]
    keys |= _leading(one, diffs[0], roots[0] - keys, below[1]) | _leading(one, diffs[1], roots[1] - keys, below[0])
    if one.root in BELONGING and "session" in one.roles:
        sessions = {s for mine, other in (below, below[::-1]) if any(other.values()) for s in mine.pop("session", ())}
        sessions = {
            s
            for s in sessions
            if any(s in diff.tables["sessions"].new.row_of for diff in diffs if "sessions" in diff.tables)
        }
        if sessions:
            keys |= set(merged.having(one.root, "session", frozenset(sessions)).keys)
    everything = any(_meet(one, diffs, below, path) for path in below[0])
    return Suspects(frozenset(keys), _NONE, everything)


def _touched(diff: Diff, table: str, fields: tuple[str, ...]) -> set[str]:
    """The records that differ in some fields; those that are gone, where `fields` is empty."""
    part = diff.tables.get(table)
    if not part:
        return set()
    found = set(part.removed.keys)
    if fields:
        found.update(part.added.keys)
        differ = np.zeros(len(part.after), bool)
        for name in fields:
            if name in part.changed:
                differ |= part.changed[name]
        found.update(part.after.keys[row] for row in np.flatnonzero(differ).tolist())
    return found


def _standing(diff: Diff, table: str, keys: set[str]) -> set[str]:
    return {key for key in keys if key in diff.tables[table].new.row_of} if keys else keys


def _leading(one: Check, diff: Diff, keys: set[str], below: Mapping[str, set[str]]) -> set[str]:
    """Those of the changed rows `keys` that may lead to one of the records `below`."""
    if not keys or not any(below.values()):
        return set()
    rows = diff.tables[one.root].new
    found = set()
    for key in keys:
        for path, touched in below.items():
            first, _, further = path.partition(".")
            leads = _references(rows.schema, rows, [rows.row_of[key]], first)
            if touched and (leads if further else leads & touched):
                found.add(key)
    return found


def _meet(one: Check, diffs: tuple[Diff, Diff], below: list[dict[str, set[str]]], path: str) -> bool:
    """Whether one record of a role, or one and the next that it leads to, differs from both sides."""
    if below[0][path] & below[1].get(path, set()):
        return True
    for further in below[0]:
        first, _, field = further.rpartition(".")
        if first != path:
            continue
        for diff, mine, other in ((diffs[0], below[0], below[1]), (diffs[1], below[1], below[0])):
            part = diff.tables.get(one.table(path))
            if part and other[further]:
                rows = [part.new.row_of[key] for key in mine[path] if key in part.new.row_of]
                if _references(part.schema, part.new, rows, field) & other[further]:
                    return True
    return False


def _groups(one: Check, diff: Diff) -> set[str]:
    """The values of the group in which rows differ."""
    found = set()
    for name in BELONGING if one.group == "session" else (one.root,):
        part = diff.tables.get(name)
        if part:
            fields = one.roles[""] if name == one.root else tuple(part.schema.by_name)
            touched = _touched(diff, name, fields)
            for rows in (part.old, part.new):
                pairs = zip(rows.keys, rows[one.group].tolist(), strict=True)
                found |= {value for key, value in pairs if key in touched}
    if one.group in one.roles:
        found |= _touched(diff, one.table(one.group), one.roles[one.group])
    return found


def _references(schema: Schema, rows: Table, at: Iterable[int], field: str) -> set[str]:
    values = [rows[field][row] for row in at]
    if schema.field(field).kind == "set":
        values = [item for value in values for item in value.split(" ")]
    return {value for value in values if value}


# ── the world around them ────────────────────────────────────────────────────────────────────────


def _around(one: Check, state: State, suspects: Suspects) -> World:
    """The suspects and what they lead to, as a world in which `one` finds what it finds about them."""
    if suspects.everything:
        return _world((name, state.whole(name)) for name in one.tables)
    if one.group:
        names = BELONGING if one.group == "session" else (one.root,)
        parts = [(name, state.having(name, one.group, suspects.groups)) for name in names]
        roots = next(rows for name, rows in parts if name == one.root)
    else:
        roots = state.find(one.root, sorted(suspects.keys))
        parts = [(one.root, roots)]
    at = {"": roots}
    if one.chain:
        parts += [(one.root, rows) for rows in _chain(one, state, roots)]
        at[""] = concat(roots.schema, [rows for name, rows in parts if name == one.root])
    for path in sorted(filter(None, one.roles), key=lambda path: path.count(".")):
        before, _, field = path.rpartition(".")
        rows = at[before]
        keys = _references(rows.schema, rows, range(len(rows)), field)
        at[path] = state.find(one.table(path), sorted(keys))
        parts.append((one.table(path), at[path]))
    return _world(parts)


def _chain(one: Check, state: State, rows: Table) -> Iterator[Table]:
    """The rows that some rows lead to, one step after the other, until nothing is new."""
    seen = set(rows.keys)
    while True:
        fresh = _references(rows.schema, rows, range(len(rows)), one.chain) - seen
        if not fresh:
            return
        seen |= fresh
        rows = state.find(one.root, sorted(fresh))
        yield rows


def _world(parts: Iterable[tuple[str, Table]]) -> World:
    """A world of some rows, each once, in order of their keys; the manifest says nothing."""
    by_name: dict[str, list[Table]] = {}
    for name, rows in parts:
        by_name.setdefault(name, []).append(rows)
    tables = {}
    for name, schema in TABLES.items():
        rows = concat(schema, by_name.get(name, []))
        tables[name] = rows.take([rows.row_of[key] for key in sorted(rows.row_of)])
    return World(Manifest(), tables)
