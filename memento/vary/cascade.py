"""Taking records out of a world with all that cannot do without them, whole columns at a time."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from memento.world.records import TABLES, Field
from memento.world.table import Column, Table
from memento.world.tree import Delta
from memento.world.world import World


def without(world: World, table: str, keys: Collection[str]) -> Delta:
    """The change that removes some records of a table.

    As an edit that deletes with ``cascade``: records that need a removed one go too (SQL's ON DELETE
    CASCADE), the others let go of it (ON DELETE SET NULL), and sets lose it.
    """
    gone: dict[str, set[str]] = {name: set() for name in TABLES}
    gone[table] = set(keys)
    tables = dict(world.tables)
    queue = [table] if gone[table] else []
    while queue:
        of = queue.pop()
        for name, schema in TABLES.items():
            for field in schema.fields:
                if field.target == of:
                    hit = _refers(field, tables[name][field.name], gone[of])
                    if not hit.any():
                        continue
                    if field.kind == "set" or field.nullable:
                        tables[name] = _let_go(tables[name], field, hit, gone[of])
                    elif more := {tables[name].keys[row] for row in np.flatnonzero(hit)} - gone[name]:
                        gone[name] |= more
                        queue.append(name)
    upserts = {}
    for name, changed in tables.items():
        if changed is not world.tables[name]:
            differs = np.zeros(len(changed), bool)
            for column, old in world.tables[name].columns.items():
                if changed.columns[column] is not old and changed.columns[column].dtype == object:
                    differs |= changed.columns[column] != old
            stays = np.array([key not in gone[name] for key in changed.keys], bool)
            if (differs & stays).any():
                upserts[name] = changed.take(differs & stays)
    alone = {name: keys for name, keys in gone.items() if keys}
    if "sessions" in alone:
        for name in ("turns", "candidates"):
            of_session = dict(zip(world.tables[name].keys, world.tables[name]["session"].tolist(), strict=True))
            alone[name] = {key for key in alone.get(name, ()) if of_session[key] not in alone["sessions"]}
    return Delta(upserts, {name: tuple(sorted(keys)) for name, keys in alone.items() if keys})


def _refers(field: Field, column: Column, gone: set[str]) -> npt.NDArray[np.bool_]:
    values = column.tolist()
    if field.kind == "set":
        return np.array([bool(value) and not gone.isdisjoint(value.split(" ")) for value in values], bool)
    return np.array([value in gone for value in values], bool)


def _let_go(table: Table, field: Field, hit: npt.NDArray[np.bool_], gone: set[str]) -> Table:
    column = table[field.name].copy()
    for row in np.flatnonzero(hit).tolist():
        kept = [key for key in column[row].split(" ") if key not in gone] if field.kind == "set" else []
        column[row] = " ".join(kept)
    return table.replace(**{field.name: column})
