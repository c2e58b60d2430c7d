"""What a merged world has that each side has not, and where history stands: known from the differences
of the sides alone, so that nothing is read for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from memento.changes.diff import Diff, TableDiff, compare, diff_trees
from memento.changes.records import Sides
from memento.world.objects import ObjectStore
from memento.world.records import TABLES, Schema
from memento.world.table import Table, concat
from memento.world.tree import Delta, Where, starts_beside


def starts_of(store: ObjectStore, base: str, ours: str, theirs: str) -> tuple[dict[str, int], ...]:
    """The starts of the sessions beside which a side changed history, in the base, in ours and in theirs."""
    base_o, mine = starts_beside(store, base, ours)
    base_t, other = starts_beside(store, base, theirs)
    common = {**base_o, **base_t}
    return common, {**common, **mine}, {**common, **other}


def where_ours(starts: Mapping[str, int], sides: Sides) -> Where:
    """Where history stands in our tree, as far as either side changed it."""
    gone = sides.by_us.tables["sessions"].removed.row_of if "sessions" in sides.by_us.tables else {}
    known = {session: start for session, start in starts.items() if session not in gone}
    session_of: dict[str, str] = {}
    by_us, by_them = (diff.tables.get("turns") for diff in (sides.by_us, sides.by_them))
    if by_them:
        session_of.update(zip(by_them.old.keys, by_them.old["session"].tolist(), strict=True))
    if by_us:
        for key in by_us.removed.keys:
            session_of.pop(key, None)
        session_of.update(zip(by_us.new.keys, by_us.new["session"].tolist(), strict=True))
    return Where(known, session_of)


@dataclass(frozen=True)
class Outcome:
    """A merged tree, and its difference from each side."""

    tree_id: str
    from_us: Diff
    from_them: Diff


def outcome(store: ObjectStore, merged: str, sides: Sides, delta: Delta | None, trees: tuple[str, str]) -> Outcome:
    """The differences of the merged tree `merged` from the two `trees` of the sides.

    `delta` is what made it of ours; where that deletes sessions (and so all that belongs to them), is
    not known (None), or the base is unknown in places, the trees are compared, otherwise none is read.
    """
    if delta is None or delta.deletes.get("sessions") or sides.unknown:
        return Outcome(merged, *(diff_trees(store, tree_id, merged) for tree_id in trees))
    parts: tuple[dict[str, TableDiff], dict[str, TableDiff]] = ({}, {})
    for name, schema in TABLES.items():
        by_us, by_them = sides.by_us.tables.get(name), sides.by_them.tables.get(name)
        puts, gone = delta.upserts.get(name, Table.empty(schema)), delta.deletes.get(name, ())
        if not (by_us or by_them or len(puts) or gone):
            continue
        ours = _state(schema, by_us, by_them)
        theirs = _state(schema, by_them, by_us)
        result = ours.update(puts, gone)
        for part, side in zip(parts, (ours, theirs), strict=True):
            found = compare(schema, side, result)
            if found:
                part[name] = found
    return Outcome(merged, Diff(parts[0], (None, None)), Diff(parts[1], (None, None)))


def _state(schema: Schema, mine: TableDiff | None, other: TableDiff | None) -> Table:
    """The rows, as they stand on one side, of all records that either side changed."""
    parts = [mine.new] if mine else []
    if other:
        known = mine.keys if mine else frozenset()
        parts.append(other.old.take(np.array([key not in known for key in other.old.keys], bool)))
    return concat(schema, parts)


def starts_after(starts: Mapping[str, int], delta: Delta) -> dict[str, int]:
    """The starts of sessions after a change of them."""
    gone = set(delta.deletes.get("sessions", ()))
    sessions = delta.upserts.get("sessions", Table.empty(TABLES["sessions"]))
    moved = dict(zip(sessions["id"].tolist(), sessions["started_at"].tolist(), strict=True))
    return {**{session: start for session, start in starts.items() if session not in gone}, **moved}
