"""A table: one schema and its columns, frozen. The rows of a world in struct-of-arrays form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.errors import InvalidFile, MementoError, UsageError
from memento.world.records import Record, Schema
from memento.world.values import to_column, to_plain

Column = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]
_EMPTY: dict[str, Table] = {}


class Table:
    """Columns of one schema, all of one length N, read-only.

    Text, reference and set columns are object arrays of str, times and integers int64, floats
    float64, booleans bool. ``table["importance"]`` is a column, shape (N,).
    """

    def __init__(self, schema: Schema, columns: Mapping[str, Column]) -> None:
        self.schema = schema
        self.columns: dict[str, Column] = {}
        for name, dtype in schema.dtypes:
            column = columns[name]
            if type(column) is not np.ndarray or column.dtype is not dtype:
                column = np.asarray(column, dtype=dtype)
            if column.flags.writeable:
                column = column.view()
                column.flags.writeable = False
            self.columns[name] = column
        lengths = {column.shape for column in self.columns.values()}
        if len(lengths) != 1 or len(next(iter(lengths))) != 1:
            raise UsageError(f"columns of {schema.name} differ in shape: {sorted(lengths)}")

    @classmethod
    def empty(cls, schema: Schema) -> Table:
        """The table without rows."""
        found = _EMPTY.get(schema.name)
        if found is None or found.schema is not schema:
            found = _EMPTY[schema.name] = cls(schema, {f.name: np.empty(0, f.dtype) for f in schema.fields})
        return found

    @classmethod
    def from_columns(cls, schema: Schema, columns: Mapping[str, Any]) -> Table:
        """A table from columns; a field left out takes its default in every row."""
        size = len(next(iter(columns.values())))
        full: dict[str, Column] = {}
        for field in schema.fields:
            if field.name in columns:
                given = columns[field.name]
                if field.dtype == object and not (isinstance(given, np.ndarray) and given.dtype == object):
                    column = np.empty(size, object)
                    column[:] = list(given)
                    full[field.name] = column
                else:
                    full[field.name] = np.asarray(given, field.dtype)
            elif field.required:
                raise UsageError(f"{schema.name}: column {field.name} is missing")
            else:
                full[field.name] = np.full(size, to_column(field, field.default, schema.name), field.dtype)
        return cls(schema, full)

    @classmethod
    def from_records(cls, schema: Schema, records: Iterable[Mapping[str, Any]]) -> Table:
        """A table from plain records; fields left out take their defaults.

        Raises `InvalidFile` with every fault of every record at once.
        """
        faults: list[str] = []
        rows: list[list[Any]] = []
        for number, record in enumerate(records):
            where = f"{schema.singular} {record.get('id', number)}"
            faults += [f"{where}: no field {name!r}" for name in record if name not in schema.by_name]
            row = []
            for field in schema.fields:
                if field.required and field.name not in record:
                    faults.append(f"{where}: {field.name} is missing")
                    continue
                try:
                    row.append(to_column(field, record.get(field.name, field.default), where))
                except MementoError as error:
                    faults.append(error.message)
            rows.append(row)
        if faults:
            raise InvalidFile(schema.name, faults)
        columns = {}
        for index, field in enumerate(schema.fields):
            column = np.empty(len(rows), field.dtype)
            column[:] = [row[index] for row in rows]
            columns[field.name] = column
        return cls(schema, columns)

    def __len__(self) -> int:
        return len(self.columns[self.schema.fields[0].name])

    def __getitem__(self, name: str) -> Column:
        return self.columns[self.schema.field(name).name]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table) or self.schema is not other.schema or len(self) != len(other):
            return False
        return bool(np.all([same_elements(self.columns[n], other.columns[n]).all() for n in self.columns]))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Table({self.schema.name}, {len(self)} rows)"

    @cached_property
    def keys(self) -> list[str]:
        """The key of each row: its id, or ``SESSION/MEMORY`` for candidates."""
        if self.schema.key == ("id",):
            return list(self.columns["id"])
        return ["/".join(parts) for parts in zip(*(self.columns[name] for name in self.schema.key), strict=True)]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row number by key."""
        return {key: row for row, key in enumerate(self.keys)}

    def rows(self, keys: Iterable[str]) -> Rows:
        """Row numbers of `keys`, -1 where there is none."""
        return np.fromiter(map(self.row_of.get, keys, repeat(-1)), np.int64)

    def record(self, row: int) -> Record:
        """One row as a plain record."""
        return {field.name: to_plain(field, self.columns[field.name][row]) for field in self.schema.fields}

    def records(self) -> Iterator[Record]:
        """All rows as plain records, in order."""
        lists = [
            (field, column.tolist()) for field, column in zip(self.schema.fields, self.columns.values(), strict=True)
        ]
        for row in range(len(self)):
            yield {field.name: to_plain(field, values[row]) for field, values in lists}

    def take(self, rows: npt.ArrayLike) -> Table:
        """The table of the given rows (indices or a mask), in the given order."""
        chosen = np.asarray(rows)
        if chosen.size == 0:
            chosen = chosen.astype(np.int64)
        columns = {name: column[chosen] for name, column in self.columns.items()}
        for column in columns.values():
            column.setflags(write=False)
        return self._alike(columns)

    def slice(self, low: int, high: int) -> Table:
        """Rows `low` to `high` as views."""
        return self._alike({name: column[low:high] for name, column in self.columns.items()})

    def _alike(self, columns: dict[str, Column]) -> Table:
        """Other rows of this table; the columns are those of a table already, so nothing is checked."""
        table = object.__new__(Table)
        table.schema, table.columns = self.schema, columns
        return table

    def replace(self, **columns: npt.ArrayLike) -> Table:
        """The same rows with whole columns exchanged."""
        return Table(self.schema, {**self.columns, **{n: np.asarray(c) for n, c in columns.items()}})

    def put(self, upserts: Table) -> Table:
        """Rows of `upserts` in the place of those with their keys, all of which are there."""
        rows = self.rows(upserts.keys)
        columns = {}
        for name, column in self.columns.items():
            columns[name] = column.copy()
            columns[name][rows] = upserts.columns[name]
            columns[name].setflags(write=False)
        return self._alike(columns)

    def update(self, upserts: Table | None = None, deletes: Iterable[str] = ()) -> Table:
        """Rows of `deletes` removed, then rows of `upserts` put in place or appended."""
        gone = set(deletes)
        if upserts is not None:
            gone.update(upserts.keys)
        if not gone:
            return self
        kept = self.take(np.array([key not in gone for key in self.keys], bool))
        return concat(self.schema, [kept, upserts]) if upserts is not None else kept


def concat(schema: Schema, tables: Sequence[Table]) -> Table:
    """One table of all rows, in order."""
    if len(tables) == 1:
        return tables[0]
    if not tables:
        return Table.empty(schema)
    return Table(schema, {f.name: np.concatenate([t.columns[f.name] for t in tables]) for f in schema.fields})


def same_elements(a: Column, b: Column) -> npt.NDArray[np.bool_]:
    """Elementwise equality of two columns of one field, shape (N,); absent equals absent."""
    same: npt.NDArray[np.bool_] = np.asarray(a == b, bool)
    if a.dtype == np.float64:
        same |= np.isnan(a) & np.isnan(b)
    return same
