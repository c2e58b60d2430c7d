"""A chunk: some rows of one table as canonical bytes, by column.

A chunk is the msgpack map ``{"c": {field: payload}, "n": rows}``. Numbers are little-endian int64
or float64 side by side, booleans one byte each; where all rows are equal the number stands once.
Texts are UTF-8 parted by NUL. Where a text says the same again and again (distinct texts at most
half the rows) it is ``[codes, texts]`` over the sorted distinct texts, codes of the narrowest width
that fits (1, 2 or 4 bytes; none where there is one text alone).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from operator import ne
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import codec
from memento.errors import CorruptRecord, StoreError
from memento.world.records import NULL_INT, Field, Schema
from memento.world.table import Column, Table

MAX_ROWS = 1 << 20
_TOGETHER = 32
_WIDTHS = {"bool": 1, "int": 8, "time": 8, "float": 8, "text": 0, "ref": 0, "set": 0}
_KEPT, _KEPT_BYTES, _KEPT_ROWS = 256, 1 << 17, 4096
_DECODED: dict[tuple[str, str], Table] = {}
_OPENED: dict[tuple[str, str], _Opened] = {}
_FAULTS = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, CorruptRecord)


def encode(table: Table) -> bytes:
    """The canonical bytes of `table`, rows in the order given. Raises `StoreError` for over a million rows."""
    if len(table) > MAX_ROWS:
        raise StoreError(f"cannot store {len(table)} {table.schema.name} in one place: the limit is {MAX_ROWS}")
    return codec.encode(
        {"n": len(table), "c": {field.name: _encode(field, table.columns[field.name]) for field in table.schema.fields}}
    )


def decode(schema: Schema, chunks: Sequence[bytes], names: Sequence[tuple[str, str]] = ()) -> Table:
    """All rows of `chunks` as one table, in order.

    `names` gives (object id, path) for each chunk. Raises `CorruptRecord` naming the first chunk
    that is not of the form above or that breaks a bound of its schema.
    """
    if len(chunks) == 1 and names:
        return _decode_one(schema, chunks[0], *names[0])
    try:
        return _decode(schema, chunks)
    except _FAULTS as error:
        for number, data in enumerate(chunks):
            object_id, path = names[number] if names else ("", f"{schema.name} chunk {number}")
            try:
                _decode(schema, [data])
            except _FAULTS as found:
                raise CorruptRecord(_why(found), object_id, path) from None
        raise CorruptRecord(str(error), path=schema.name) from None


def _why(error: Exception) -> str:
    return error.why if isinstance(error, CorruptRecord) else str(error)


Chunk = tuple[str, str]
"""The id of a chunk's blob, and its path."""


def decode_changed(
    schema: Schema,
    pairs: Sequence[tuple[Chunk | None, Chunk | None]],
    contents: Mapping[str, bytes],
) -> tuple[Table, Table]:
    """The rows that differ in pairs of an old and a new chunk, as a table of each side.

    Where both chunks of a pair hold the same keys, columns are compared as bytes and only rows that
    differ are decoded; otherwise all rows of both are returned. `contents` are the blobs by id.
    Raises `CorruptRecord` as `decode`; what is equal on both sides is not looked into.
    """
    olds: list[tuple[Any, Chunk]] = []
    news: list[tuple[Any, Chunk]] = []
    before: Any
    after: Any
    for old, new in pairs:
        before, after = (_checked(schema, contents[chunk[0]], *chunk) if chunk else None for chunk in (old, new))
        if old and new:
            try:
                before, after = _narrowed(schema, before, after)
            except _FAULTS as error:
                for chunk in (old, new):
                    decode(schema, [contents[chunk[0]]], [chunk])
                raise CorruptRecord(str(error), *new) from None
        olds += [(before, old)] if old and before["n"] else []
        news += [(after, new)] if new and after["n"] else []
    both = _tables(schema, [*olds, *news])
    cut = sum(value["n"] for value, _ in olds)
    return both.slice(0, cut), both.slice(cut, len(both))


def _tables(schema: Schema, named: list[tuple[Any, Chunk]]) -> Table:
    try:
        return _of_maps(schema, [value for value, _ in named])
    except _FAULTS as error:
        for value, (object_id, path) in named:
            try:
                _of_maps(schema, [value])
            except _FAULTS as found:
                raise CorruptRecord(_why(found), object_id, path) from None
        raise CorruptRecord(str(error), path=schema.name) from None


def _checked(schema: Schema, data: bytes, object_id: str, path: str) -> Any:
    value = codec.decode(data, object_id=object_id, path=path)
    try:
        _require_form(schema, value)
    except ValueError as error:
        raise CorruptRecord(str(error), object_id, path) from None
    return value


def _narrowed(schema: Schema, old: Any, new: Any) -> tuple[Any, Any]:
    """The maps of two chunks with the rows alone in which they differ, where they hold the same keys."""
    a, b, size = old["c"], new["c"], old["n"]
    if size != new["n"] or any(a[name] != b[name] for name in schema.key):
        return old, new
    apart = [name for name in a if a[name] != b[name]]
    differ: set[int] = set()
    for name in apart:
        x, y = (_elements(schema.by_name[name], payload[name], size) for payload in (a, b))
        differ.update(compress(range(size), map(ne, x, y)))
    rows = sorted(differ)
    narrow = _one if len(rows) == 1 else _some
    shared = {name: narrow(schema.by_name[name], a[name], size, rows) for name in a if name not in apart}
    parts = [{name: narrow(schema.by_name[name], c[name], size, rows) for name in apart} for c in (a, b)]
    return {"n": len(rows), "c": {**shared, **parts[0]}}, {"n": len(rows), "c": {**shared, **parts[1]}}


def _elements(field: Field, payload: Any, size: int) -> list[bytes]:
    """The stored bytes of each row; equal bytes are equal elements."""
    width = _WIDTHS[field.kind]
    if width:
        if len(payload) == width:
            return [payload] * size
        _require(field, len(payload), size * width)
        return [payload[start : start + width] for start in range(0, size * width, width)]
    if isinstance(payload, bytes):
        texts = payload.split(b"\0")
    else:
        distinct = payload[1].split(b"\0")
        texts = [distinct[code] for code in _local(field, payload[0], len(distinct), size).tolist()]
    _require(field, len(texts), size)
    return texts


def _some(field: Field, payload: Any, size: int, rows: list[int]) -> bytes:
    """The payload of some rows: may be decoded, is not in canonical form."""
    elements = _elements(field, payload, size)
    return (b"" if _WIDTHS[field.kind] else b"\0").join([elements[row] for row in rows])


def _one(field: Field, payload: Any, size: int, rows: list[int]) -> bytes:
    """As `_some`, of one row, without taking the others apart."""
    row, width = rows[0], _WIDTHS[field.kind]
    if width:
        if len(payload) == width:
            return bytes(payload)
        _require(field, len(payload), size * width)
        return bytes(payload[row * width : row * width + width])
    if isinstance(payload, bytes):
        _require(field, payload.count(0) + 1, size)
        return payload.split(b"\0", row + 1)[row]
    texts: list[bytes] = payload[1].split(b"\0")
    return texts[int(_local(field, payload[0], len(texts), size)[row])]


def _require(field: Field, found: int, wanted: int) -> None:
    if found != wanted:
        raise ValueError(f"{field.name} holds {found} where {wanted} belong")


def _decode_one(schema: Schema, data: bytes, object_id: str, path: str) -> Table:
    """One chunk, remembered by its id: the same chunk is often looked at and then changed."""
    key = (schema.name, object_id)
    found = _DECODED.get(key) if object_id else None
    if found is None:
        try:
            found = _decode(schema, [data])
        except _FAULTS as error:
            raise CorruptRecord(_why(error), object_id, path) from None
        if object_id and len(data) <= _KEPT_BYTES and len(found) <= _KEPT_ROWS:
            while len(_DECODED) >= _KEPT:
                _DECODED.pop(next(iter(_DECODED)), None)
            _DECODED[key] = found
    return found


def patch(schema: Schema, data: bytes, rows: Table, fixed: Sequence[str], object_id: str = "") -> bytes | None:
    """The bytes of a chunk after `rows` took the place of rows with the same keys.

    None where a row is not there yet, or differs in one of the fields `fixed`, which say where a row
    stands. Only columns that change are taken apart. Raises `CorruptRecord`.
    """
    opened = _opened(schema, data, object_id)
    size, columns, row_of = opened.size, opened.columns, opened.row_of
    try:
        wanted = zip(*([text.encode() for text in rows[name].tolist()] for name in schema.key), strict=True)
        places = [row_of.get(key, -1) for key in wanted]
        if -1 in places or len(row_of) != size:
            return None
        changed = {}
        for field in schema.fields:
            payload = columns[field.name]
            old = [_one(field, payload, size, places)] if len(places) == 1 else opened.some(field, places)
            new = _stored(field, rows.columns[field.name])
            if old == new:
                continue
            if field.name in fixed:
                return None
            column = _of_payload(field, payload, size).copy()
            column[places] = rows.columns[field.name]
            changed[field.name] = _encode(field, column)
    except _FAULTS as error:
        raise CorruptRecord(_why(error), object_id, schema.name) from None
    return codec.encode({"n": size, "c": {**columns, **changed}})


class _Opened:
    """A chunk taken apart as far as it was looked at: its columns, and its rows by their stored keys."""

    def __init__(self, schema: Schema, value: Any) -> None:
        self.size, self.columns = value["n"], value["c"]
        self._elements: dict[str, list[bytes]] = {}
        parts = (self.elements(schema.by_name[name]) for name in schema.key)
        self.row_of = {key: row for row, key in enumerate(zip(*parts, strict=True))}

    def elements(self, field: Field) -> list[bytes]:
        """The stored bytes of each row of a column."""
        found = self._elements.get(field.name)
        if found is None:
            found = self._elements[field.name] = _elements(field, self.columns[field.name], self.size)
        return found

    def some(self, field: Field, rows: list[int]) -> list[bytes]:
        """The stored bytes of some rows of a column."""
        stored = self.elements(field)
        return [stored[row] for row in rows]


def _opened(schema: Schema, data: bytes, object_id: str) -> _Opened:
    """A chunk taken apart, remembered by its id: many variants of a world change the same chunks."""
    at = (schema.name, object_id)
    found = _OPENED.get(at) if object_id else None
    if found is None:
        value = _checked(schema, data, object_id, schema.name)
        try:
            found = _Opened(schema, value)
        except _FAULTS as error:
            raise CorruptRecord(_why(error), object_id, schema.name) from None
        if object_id and len(data) <= _KEPT_BYTES:
            while len(_OPENED) >= _KEPT:
                _OPENED.pop(next(iter(_OPENED)), None)
            _OPENED[at] = found
    return found


def _stored(field: Field, column: Column) -> list[bytes]:
    """The stored bytes of each element."""
    if field.dtype == object:
        return [text.encode() for text in column.tolist()]
    data, width = _plain(field, column).tobytes(), _WIDTHS[field.kind]
    return [data[start : start + width] for start in range(0, len(data), width)]


def _of_payload(field: Field, payload: Any, size: int) -> Column:
    return (
        _decode_texts(field, [payload], [size]) if field.dtype == object else _decode_numbers(field, [payload], [size])
    )


def count(data: bytes) -> int:
    """The number of rows in a chunk."""
    return int(codec.decode(data)["n"])


def _encode(field: Field, column: Column) -> Any:
    if field.dtype == object:
        return _encode_texts(column.tolist())
    plain = _plain(field, column)
    data = plain.tobytes()
    first = data[: plain.itemsize]
    return first if len(plain) > 1 and data == first * len(plain) else data


def _plain(field: Field, column: Column) -> Column:
    """The numbers of a column as they are stored: one NaN, no negative zero."""
    if field.kind == "bool":
        return column.astype(np.uint8)
    if field.kind == "float":
        return np.where(np.isnan(column), np.nan, column + 0.0).astype("<f8")
    return column.astype("<i8")


def _encode_texts(texts: list[str]) -> bytes | list[bytes]:
    distinct = set(texts)
    if 2 * len(distinct) > len(texts):
        return _join(texts)
    ordered = sorted(distinct)
    if len(ordered) < 2:
        return [b"", _join(ordered)]
    code_of = {text: code for code, text in enumerate(ordered)}
    codes = np.fromiter(map(code_of.__getitem__, texts), _width(len(ordered)), len(texts))
    return [codes.tobytes(), _join(ordered)]


def _join(texts: list[str]) -> bytes:
    joined = "\0".join(texts).encode()
    if joined.count(0) != max(len(texts) - 1, 0):
        raise ValueError("a text has a NUL character")
    return joined


def _width(distinct: int) -> str:
    return "<u1" if distinct <= 1 << 8 else "<u2" if distinct <= 1 << 16 else "<u4"


def _decode(schema: Schema, chunks: Sequence[bytes]) -> Table:
    maps = [codec.decode(data) for data in chunks]
    for value in maps:
        _require_form(schema, value)
    return _of_maps(schema, maps)


def _require_form(schema: Schema, value: Any) -> None:
    """Raises `ValueError` for what is not the map of a chunk."""
    if type(value) is not dict or set(value) != {"c", "n"} or type(value["n"]) is not int or value["n"] < 0:
        raise ValueError("not a chunk")
    if value["n"] > MAX_ROWS:
        raise ValueError(f"{value['n']} rows, limit {MAX_ROWS}")
    if type(value["c"]) is not dict or value["c"].keys() != schema.by_name.keys():
        odd = sorted(set(value["c"]) ^ set(schema.by_name))
        raise ValueError(f"columns differ from the schema of {schema.name}: {', '.join(odd)}")


def _of_maps(schema: Schema, maps: Sequence[Any]) -> Table:
    counts = [value["n"] for value in maps]
    columns = {}
    for field in schema.fields:
        payloads = [value["c"][field.name] for value in maps]
        if field.dtype == object:
            columns[field.name] = _decode_texts(field, payloads, counts)
        else:
            columns[field.name] = _decode_numbers(field, payloads, counts)
    return Table(schema, columns)


def _decode_numbers(field: Field, payloads: list[bytes], counts: list[int]) -> Column:
    width = 1 if field.kind == "bool" else 8
    parts = []
    for payload, size in zip(payloads, counts, strict=True):
        if len(payload) == size * width:
            parts.append(payload)
        elif len(payload) == width and size > 1:
            parts.append(payload * size)
        else:
            raise ValueError(f"{field.name} has {len(payload)} bytes for {size} rows")
    joined = b"".join(parts)
    if field.kind == "bool":
        raw = np.frombuffer(joined, np.uint8)
        if raw.size and raw.max() > 1:
            raise ValueError(f"{field.name} is not a boolean")
        return raw.view(np.bool_)
    column: Column = np.frombuffer(joined, "<f8" if field.kind == "float" else "<i8")
    if not column.size:
        return column
    whole = field.kind != "float"
    if whole and field.low == -np.inf and field.high == np.inf and field.nullable:
        return column
    absent = column == NULL_INT if whole else np.isnan(column)
    given = column
    if absent.any():
        if not field.nullable:
            raise ValueError(f"{field.name} is absent")
        given = column[~absent]
    if given.size and not (
        field.low <= given.min() and given.max() <= field.high and (whole or np.isfinite(given).all())
    ):
        raise ValueError(f"{field.name} is out of bounds")
    return column


def _decode_texts(field: Field, payloads: list[bytes | list[bytes]], counts: list[int]) -> Column:
    heaps = [payload if isinstance(payload, bytes) else payload[1] for payload in payloads]
    sizes = [heap.count(0) + 1 if rows else 0 for heap, rows in zip(heaps, counts, strict=True)]
    filled = [heap for heap, rows in zip(heaps, counts, strict=True) if rows]
    pool: list[str] = []
    for start in range(0, len(filled), _TOGETHER):
        pool += b"\0".join(filled[start : start + _TOGETHER]).decode().split("\0")
    for payload, heap, size, rows in zip(payloads, heaps, sizes, counts, strict=True):
        if (size != rows if payload is heap else len(payload) != 2 or 2 * size > rows) or (heap and not rows):
            raise ValueError(f"{field.name} has {size} texts for {rows} rows")
    if field.choices and any(counts) and not set(pool) <= set(field.choices):
        raise ValueError(f"{field.name} is none of {', '.join(field.choices)}")
    total = sum(counts)
    texts = np.empty(len(pool), object)
    texts[:] = pool
    if sum(sizes) == total:
        return texts[:total]
    return texts[_codes(field, payloads, sizes, counts)]


def _codes(
    field: Field, payloads: list[bytes | list[bytes]], sizes: list[int], counts: list[int]
) -> npt.NDArray[np.int64]:
    """Where the text of each row stands in the texts of all chunks, shape (rows,)."""
    rows, distinct = np.array(counts, np.int64), np.array(sizes, np.int64)
    starts = np.cumsum(rows) - rows
    local = np.arange(int(rows.sum())) - np.repeat(starts, rows)
    for payload, start, size, n in zip(payloads, starts.tolist(), sizes, counts, strict=True):
        if not isinstance(payload, bytes) and n:
            local[start : start + n] = _local(field, payload[0], size, n)
    if np.any(local >= np.repeat(distinct, rows)):
        raise ValueError(f"{field.name} has a code beyond its texts")
    return local + np.repeat(np.cumsum(distinct) - distinct, rows)


def _local(field: Field, payload: bytes, size: int, rows: int) -> npt.NDArray[Any]:
    """The codes of one chunk, shape (rows,); none are stored for a text that stands alone."""
    if size == 1 and not payload:
        return np.zeros(rows, np.uint8)
    codes: npt.NDArray[Any] = np.frombuffer(payload, _width(size))
    if len(codes) != rows or size == 1:
        raise ValueError(f"{field.name} has {len(codes)} codes for {rows} rows")
    return codes
