"""SQLite files made as a whole in memory, the same bytes for the same rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memento.errors import InvalidFile
from memento.formats.reading import database as reading

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
_ROLLBACK = b"\x01\x01"
"""Versions 1 of reading and writing: a journal that is rolled back, so that the file is whole by itself."""


def made(statements: Iterable[str], tables: Tables) -> bytes:
    """A new file: the statements that make its tables, then the rows of each in their order."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute("PRAGMA page_size = 4096")
        for statement in statements:
            connection.execute(statement)
        connection.execute("BEGIN")
        for table, rows in tables.items():
            _insert(connection, table, rows, None)
        connection.execute("COMMIT")
        return _bytes(connection)
    finally:
        connection.close()


def over(base: Path, before: Tables, after: Tables, keys: Mapping[str, Sequence[str]]) -> tuple[bytes, dict[str, int]]:
    """A copy of `base` in which what differs between `before` and `after` is changed, and nothing else.

    A row is found by its `keys`; columns that did not change, and columns of the base that neither side
    names, stay. Gives the bytes, and how many rows were added, changed and removed. Raises
    `InvalidFile` where the base refuses a row, and as `reading.opened` does.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    counts = {"added": 0, "changed": 0, "removed": 0}
    try:
        with reading.opened(base) as source:
            source.backup(connection)
        connection.execute("BEGIN")
        for table, key in keys.items():
            there = reading.columns(connection, table)
            if not there:
                continue
            old, new = (_by_key(side.get(table, ()), key) for side in (before, after))
            gone = [row for place, row in old.items() if place not in new]
            for row in gone:
                counts["removed"] += _run(
                    connection, table, f"DELETE FROM {table} WHERE {_found(key)}", _places(row, key)
                )
            for place, row in new.items():
                if place in old:
                    changed = {n: v for n, v in row.items() if n in there and v != old[place].get(n) and n not in key}
                    if changed:
                        sets = ", ".join(f"{name} = ?" for name in changed)
                        other = " OR ".join(f"{name} IS NOT ?" for name in changed)
                        words = f"UPDATE {table} SET {sets} WHERE {_found(key)} AND ({other})"
                        values = [*changed.values(), *_places(row, key), *changed.values()]
                        counts["changed"] += _run(connection, table, words, values)
            counts["added"] += _insert(connection, table, [r for p, r in new.items() if p not in old], there)
        connection.execute("COMMIT")
        return _bytes(connection), counts
    finally:
        connection.close()


def _by_key(rows: Sequence[Row], key: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    return {tuple(_places(row, key)): row for row in rows}


def _places(row: Row, key: Sequence[str]) -> list[Any]:
    """The values that a row is found by: all of its key, or the first that it has where one may be missing."""
    values = [row[name] for name in key]
    if key == ("memory_id", "id"):
        return [values[0], None if values[0] is not None else values[1]]
    return values


def _found(key: Sequence[str]) -> str:
    if tuple(key) == ("memory_id", "id"):
        return "(memory_id = ? OR id = ?)"
    return " AND ".join(f"{name} = ?" for name in key)


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Row], there: Sequence[str] | None) -> int:
    for row in rows:
        kept = {name: value for name, value in row.items() if there is None or name in there}
        marks = ", ".join("?" for _ in kept)
        _run(connection, table, f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({marks})", list(kept.values()))
    return len(rows)


def _run(connection: sqlite3.Connection, table: str, statement: str, values: Sequence[Any]) -> int:
    # Names of tables and columns are ours, or the base's that are equal to ours; values are bound.
    try:
        return max(0, connection.execute(statement, values).rowcount)
    except sqlite3.IntegrityError as error:
        named = ", ".join(str(value)[:60] for value in values[:2])
        raise InvalidFile(
            f"the {table} of the base", [f"{error}, for {named}"], "export without --base, or rename what clashes"
        ) from None


def _bytes(connection: sqlite3.Connection) -> bytes:
    connection.execute("VACUUM")
    data = bytearray(connection.serialize())
    data[18:20] = _ROLLBACK
    return bytes(data)
