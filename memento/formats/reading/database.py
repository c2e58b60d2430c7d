"""A SQLite file opened for reading alone, and its rows checked against what a reader needs."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from memento.errors import StoreError, UsageError

_MAGIC = b"SQLite format 3\0"
_WAL = 2
_WAIT = 2.0
_LISTED = 8

Type = Literal["text", "real", "integer", "blob"]
_ACCEPTED: dict[Type, tuple[str, ...]] = {
    "text": ("text",),
    "real": ("real", "integer"),
    "integer": ("integer",),
    "blob": ("blob",),
}


@dataclass(frozen=True)
class Wanted:
    """One column of a table: its storage class, and whether NULL is allowed."""

    name: str
    type: Type
    null: bool = True


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, all of it at one point in time; nothing beside `path` is written.

    A write-ahead log beside the file is read too: in place while its shared-memory index is there
    (so that a running daemon is respected), else from a copy of both files. Raises `UsageError` for
    what is not a readable SQLite file and `StoreError` for one that is locked or damaged.
    """
    header, source = _header(path), path
    with tempfile.TemporaryDirectory(prefix="memento-") as folder:
        wal, index = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
        mode = "mode=ro"
        if header[18] == _WAL or header[19] == _WAL:
            if not wal.exists():
                mode = "mode=ro&immutable=1"
            elif not index.exists():
                source = _copied(path, wal, Path(folder))
        connection = None
        try:
            uri = f"{source.absolute().as_uri()}?{mode}"
            connection = sqlite3.connect(uri, uri=True, timeout=_WAIT, isolation_level=None)
            connection.text_factory = _decoded
            connection.execute("PRAGMA query_only = 1")
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield connection
        except sqlite3.Error as error:
            raise _explained(path, error) from None
        finally:
            if connection is not None:
                connection.close()


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The names of a table's columns; none if there is no such table."""
    return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def missing(connection: sqlite3.Connection, schema: Mapping[str, Sequence[Wanted]]) -> list[str]:
    """A fault for every table and column of `schema` that the database lacks."""
    faults = []
    for table, wanted in schema.items():
        there = columns(connection, table)
        if not there:
            faults.append(f"no table {table}")
            continue
        lacking = [column.name for column in wanted if column.name not in there]
        if lacking:
            faults.append(f"table {table} has no column {', '.join(lacking)}")
    return faults


def rows(
    connection: sqlite3.Connection,
    query: str,
    wanted: Sequence[Wanted],
    where: str,
    faults: list[str],
    bound: Sequence[Any] = (),
) -> list[dict[str, Any]]:
    """The rows of `query`, a constant text that selects the `wanted` columns in order, as dicts.

    `bound` takes the places of its question marks. A value of another storage class, or NULL where there
    must be a value, is a fault that names the row by its first column; several of a column are listed together.
    """
    found: list[dict[str, Any]] = []
    wrong: dict[str, list[str]] = {}
    for number, values in enumerate(connection.execute(query, bound)):
        row = {}
        for column, value in zip(wanted, values, strict=True):
            kind = _storage(value)
            if kind == "null":
                if not column.null:
                    wrong.setdefault(f"{column.name} is NULL", []).append(_place(values, number))
            elif kind not in _ACCEPTED[column.type]:
                wrong.setdefault(f"{column.name} is {kind}, not {column.type}", []).append(_place(values, number))
            row[column.name] = float(value) if column.type == "real" and kind == "integer" else value
        found.append(row)
    for what, places in wrong.items():
        more = f" and {len(places) - _LISTED} more" if len(places) > _LISTED else ""
        faults.append(f"{where}: {what} in {', '.join(places[:_LISTED])}{more}")
    return found


def _header(path: Path) -> bytes:
    hint = "give the path of a Signet database, usually ~/.agents/memory/memories.db"
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a database", hint)
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        raise UsageError(f"no file {path}", hint) from None
    except PermissionError:
        raise UsageError(f"no permission to read {path}", f"as its owner: chmod u+r {path}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}", hint) from None
    if not header:
        raise UsageError(f"{path} is empty, not a database", hint)
    if not header.startswith(_MAGIC):
        raise UsageError(f"{path} is not a SQLite database", hint)
    if len(header) < 100:
        raise UsageError(f"{path} is cut off: {len(header)} bytes of a SQLite database", "copy the file again")
    return header


def _copied(path: Path, wal: Path, folder: Path) -> Path:
    copy = folder / "copy.db"
    try:
        shutil.copyfile(path, copy)
        shutil.copyfile(wal, folder / "copy.db-wal")
    except OSError as error:
        raise StoreError(f"cannot copy {path} to read its write-ahead log: {error.strerror or error}") from None
    return copy


def _explained(path: Path, error: sqlite3.Error) -> UsageError | StoreError:
    why = str(error)
    if "locked" in why or "busy" in why:
        return StoreError(f"{path} is locked by another program", "stop the Signet daemon, or import a copy")
    if "readonly" in why or "unable to open" in why:
        hint = "import a copy of the file, with its -wal beside it, from a folder of your own"
        return StoreError(f"cannot open {path}: {why}", hint)
    if "malformed" in why or "not a database" in why or "corrupt" in why:
        return StoreError(f"{path} is damaged: {why}", f"try: sqlite3 {path} .recover | sqlite3 recovered.db")
    return StoreError(f"cannot read {path}: {why}", "check the file: sqlite3 FILE 'PRAGMA integrity_check'")


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _storage(value: Any) -> str:
    if value is None:
        return "null"
    return {str: "text", int: "integer", float: "real", bytes: "blob"}[type(value)]


def _place(values: Sequence[Any], number: int) -> str:
    return str(values[0])[:60] if values[0] is not None else f"row {number + 1}"
