"""Which commit set each field of a record to the value that it has."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from memento.changes.snapshot import Snapshot, missing
from memento.errors import NotFound
from memento.history.commit import Commit
from memento.history.record import log_record
from memento.history.trail import MANIFEST, Trail
from memento.history.walk import Walker
from memento.world.records import TABLES


@dataclass(frozen=True, slots=True)
class Origin:
    """A field, its present value, and the commit that set it."""

    field: str
    value: Any
    commit: Commit


def blame(walker: Walker, trail: Trail, start: str, fields: Iterable[str] = ()) -> list[Origin]:
    """The origin of every field of a record (or of some) as it is at a commit; empty where it is not there.

    As ``git blame`` follows a line: a field goes to the first parent that has the record with the
    same value of it, and stays with the commit where no parent has. A merge that made a value of its
    own is its origin.
    """
    record = trail.record(walker.commit(start).tree)
    if record is None:
        return []
    wanted = [name for name in record if name in set(fields)] if fields else list(record)
    origins: dict[str, Commit] = {}
    open_at: dict[str, set[str]] = {start: set(wanted)}
    heap = [(-walker.commit(start).time, start)]
    while heap:
        commit = walker.commit(heapq.heappop(heap)[1])
        left = open_at.pop(commit.id)
        for parent, inherited in _inherited(walker, trail, commit, record, left):
            left = left - inherited
            if parent not in open_at:
                open_at[parent] = set()
                heapq.heappush(heap, (-walker.commit(parent).time, parent))
            open_at[parent] |= inherited
        origins.update(dict.fromkeys(left, commit))
    return [Origin(name, record[name], origins[name]) for name in wanted]


def _inherited(
    walker: Walker, trail: Trail, commit: Commit, record: dict[str, Any], left: set[str]
) -> Iterator[tuple[str, set[str]]]:
    """(parent, the fields of `left` that a commit has from it), for parents in order."""
    for parent in commit.parents:
        if not left:
            return
        tree = walker.commit(parent).tree
        before = trail.record(tree)
        if before is not None:
            same = {name for name in left if before.get(name) == record[name]}
            if same:
                yield parent, same
                left = left - same


def never(walker: Walker, trail: Trail, start: str, revision: str) -> NoReturn:
    """Raises the error for a record that is not there: `NotFound`, with the commit that removed it if one did."""
    if trail.table == MANIFEST:
        raise NotFound("manifest", revision, hint="that commit holds no world")
    schema = TABLES[trail.table]
    error = NotFound(schema.singular, trail.key)
    commit = next((commit for commit, change in log_record(walker, trail, [start]) if change == "removed"), None)
    if commit is None:
        raise missing(Snapshot(trail.objects, walker.commit(start).tree), trail.table, trail.key)
    name = f"{schema.singular}:{trail.key}"
    error.message += f" at {revision}: commit {commit.id[:10]} ({commit.subject}) removed it"
    error.hint = f"`memento blame {commit.id[:10]}~1 {name}` asks before that"
    raise error
