"""What a check of a world is made of: a finding, the check that makes it, and what searches share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from memento.world.records import BELONGING, NULL_INT, TABLES
from memento.world.table import Column, Rows
from memento.world.world import World

_SHOWN = 4


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the record at fault, and the others that it is about.

    `kind` is the kind of a `Check`; `involved` are (table, key) pairs; `field` the field at fault,
    or empty.
    """

    kind: str
    table: str
    key: str
    message: str
    field: str = ""
    involved: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> str:
        """The record as users write it: ``memory:ID``."""
        return f"{TABLES[self.table].singular}:{self.key}"


@dataclass(frozen=True, eq=False)
class Check:
    """One rule: its kind, what it holds against each other, and the search.

    A finding is about a row of the table `root` and what that row leads to. `roles` are, by the path
    of reference fields from the root (empty: the root itself), the fields that are read there; none
    where only presence counts. The rule follows `chain` as far as it goes, and holds against each
    other all rows that agree in the field `group`: those of the root's table, or for ``session`` its
    turns and candidates. So an edit elsewhere cannot bring a finding, which `memento.changes.affected`
    relies on.
    """

    kind: str
    search: Callable[[World, bool], Iterable[Finding]]
    root: str = ""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    chain: str = ""
    group: str = ""

    def table(self, path: str) -> str:
        """The table that a path of reference fields leads to."""
        return self._table_of[path]

    @cached_property
    def _table_of(self) -> dict[str, str]:
        found = {"": self.root}
        for path in sorted(self.roles, key=len):
            before, _, step = path.rpartition(".")
            if path:
                found[path] = TABLES[found[before]].field(step).target
        return found

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The tables that the search reads; none for the check that reads all of them."""
        also = BELONGING if self.group == "session" else ()
        return tuple(dict.fromkeys([*map(self.table, self.roles), *also]))


def rows_of(world: World, table: str, field: str, target: str) -> Rows:
    """Row in `target` of each reference, -1 where it is absent or dangles."""
    if (table, field) == ("candidates", "memory"):
        return world.candidate_memories
    if (table, field) == ("candidates", "session"):
        return world.candidate_sessions
    return world.tables[target].rows(world.tables[table][field].tolist())


def pick(column: Column, rows: Rows, absent: int = NULL_INT) -> Column:
    """``column[rows]``, `absent` where the row is -1."""
    if not len(column):
        return np.full(len(rows), absent, column.dtype)
    return np.where(rows >= 0, column[rows], absent)


def listed(words: list[str]) -> str:
    """Some words in a row, and how many more there are."""
    return ", ".join(words[:_SHOWN]) + (f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else "")
