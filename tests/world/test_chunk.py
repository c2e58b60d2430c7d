from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento import codec
from memento.changes.diff import compare
from memento.errors import CorruptRecord
from memento.world import chunk
from memento.world.records import NULL_INT, TABLES, Field
from memento.world.table import Table, concat
from world.worlds import base_state, world_of


def columns(field: Field, size: int) -> st.SearchStrategy[Any]:
    """Columns of `size` elements that a field can hold."""
    text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
    low, high = max(field.low, -(2**62)), min(field.high, 2**62)
    by_kind: dict[str, st.SearchStrategy[Any]] = {
        "text": st.sampled_from(field.choices) if field.choices else text,
        "ref": text,
        "set": text,
        "bool": st.booleans(),
        "int": st.integers(int(low), int(high)) | (st.just(NULL_INT) if field.nullable else st.nothing()),
        "time": st.integers(int(low), int(high)) | (st.just(NULL_INT) if field.nullable else st.nothing()),
        "float": st.floats(max(field.low, -1e300), min(field.high, 1e300))
        | (st.just(np.nan) if field.nullable else st.nothing()),
    }
    return st.lists(by_kind[field.kind], min_size=size, max_size=size)


@st.composite
def tables(draw: st.DrawFn, name: str | None = None) -> Table:
    """Tables of any schema with few distinct or all distinct rows."""
    schema = TABLES[name or draw(st.sampled_from(sorted(TABLES)))]
    size = draw(st.integers(0, 8))
    full = {field.name: draw(columns(field, size)) for field in schema.fields}
    table = Table(schema, {f.name: as_column(f, full[f.name]) for f in schema.fields})
    return table.take(np.repeat(np.arange(size), draw(st.sampled_from([1, 3, 90]))))


def as_column(field: Field, values: list[Any]) -> Any:
    column = np.empty(len(values), field.dtype)
    column[:] = values
    return column


@given(tables())
@settings(max_examples=100, deadline=None)
def test_there_and_back(table: Table) -> None:
    data = chunk.encode(table)
    back = chunk.decode(table.schema, [data])
    assert back == table
    assert chunk.encode(back) == data
    assert chunk.count(data) == len(table)
    assert all(not column.flags.writeable for column in back.columns.values())


@given(st.lists(tables("memories"), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_many_chunks_are_one_table(parts: list[Table]) -> None:
    assert chunk.decode(parts[0].schema, [chunk.encode(p) for p in parts]) == concat(parts[0].schema, parts)


@given(tables(), st.data())
@settings(max_examples=300, deadline=None)
def test_changed_bytes_give_a_sound_table_or_are_corrupt(table: Table, data: st.DataObject) -> None:
    encoded = bytearray(chunk.encode(table))
    for _ in range(data.draw(st.integers(1, 3))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(CorruptRecord):
        found = chunk.decode(table.schema, [bytes(encoded)])
        assert found == chunk.decode(table.schema, [chunk.encode(found)])


@given(tables("memories"), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_cut_bytes_are_corrupt(table: Table, cut: int) -> None:
    encoded = chunk.encode(table)
    with pytest.raises(CorruptRecord):
        chunk.decode(table.schema, [encoded[: min(cut, len(encoded) - 1)]])


def test_the_broken_chunk_is_named() -> None:
    memories = world_of(base_state()).memories
    good = chunk.encode(memories)
    with pytest.raises(CorruptRecord, match=r"object bad-1 \(memories/01\)") as caught:
        chunk.decode(memories.schema, [good, good[:-1]], [("good-1", "memories/00"), ("bad-1", "memories/01")])
    assert caught.value.object_id == "bad-1"


def altered(**payloads: Any) -> bytes:
    value = codec.decode(chunk.encode(world_of(base_state()).memories))
    for name, payload in payloads.items():
        (value if name in ("n", "c") else value["c"])[name] = payload
    return codec.encode(value)


@pytest.mark.parametrize(
    ("payloads", "why"),
    [
        ({"n": 3}, "rows"),
        ({"n": -1}, "not a chunk"),
        ({"n": 10**12}, "limit"),
        ({"n": True}, "not a chunk"),
        ({"c": 7}, "corrupt"),
        ({"c": {}}, "columns differ"),
        ({"extra": b""}, "columns differ"),
        ({"importance": b"\0" * 31}, "importance has 31 bytes"),
        ({"importance": np.full(4, 7.0).tobytes()}, "importance is out of bounds"),
        ({"importance": np.full(4, np.nan).tobytes()}, "importance is absent"),
        ({"importance": np.full(4, np.inf).tobytes()}, "importance is out of bounds"),
        ({"created_at": np.full(4, NULL_INT).tobytes()}, "created_at is absent"),
        ({"peak_hour": np.full(4, 99).tobytes()}, "peak_hour is out of bounds"),
        ({"deleted": b"\2\0\0\0"}, "deleted is not a boolean"),
        ({"text": b"a\0b"}, "text has 2 texts"),
        ({"text": [b"\0\0\0\7", b"a\0b"]}, "code beyond its texts"),
        ({"text": [b"\0\0", b"a\0b"]}, "text has 2 codes"),
        ({"text": [b"\1\0\0\0", b"a\0b\0c\0d"]}, "text has 4 texts"),
        ({"text": [b"\0\0\0\0", b"a"]}, "codes for 4 rows"),
        ({"text": [b"", b"a\0b"]}, "text has 0 codes"),
        ({"text": [b""]}, "corrupt"),
        ({"text": [b"", 7]}, "corrupt"),
        ({"text": 7}, "corrupt"),
        ({"text": b"\xff\0\xff\0\xff\0\xff"}, "decode"),
        ({"kind": [b"", b"rumour"]}, "kind is none of"),
    ],
)
def test_what_breaks_a_bound_is_corrupt(payloads: dict[str, Any], why: str) -> None:
    with pytest.raises(CorruptRecord, match=why):
        chunk.decode(TABLES["memories"], [altered(**payloads)])


# ── what changed in a chunk ──────────────────────────────────────────────────────────────────────


@st.composite
def edited(draw: st.DrawFn) -> tuple[Table, Table]:
    """Memories or candidates with keys of their own, and some of them changed in some fields."""
    name = draw(st.sampled_from(["memories", "candidates", "turns"]))
    table = draw(tables(name).filter(len))
    texts = [f"k{row}" for row in range(len(table))]
    table = table.replace(**{field: as_column(table.schema.field(field), texts) for field in table.schema.key})
    rows = sorted(draw(st.sets(st.integers(0, len(table) - 1), min_size=1, max_size=4)))
    new = table.take(rows)
    for field in draw(st.lists(st.sampled_from(table.schema.fields), max_size=4)):
        if field.name not in table.schema.key:
            new = new.replace(**{field.name: as_column(field, draw(columns(field, len(rows))))})
    return table, new


@given(edited())
@settings(max_examples=60, deadline=None)
def test_a_patched_chunk_is_the_chunk_of_the_changed_rows(case: tuple[Table, Table]) -> None:
    table, rows = case
    whole = table.row_of
    after = concat(table.schema, [table, rows]).take(
        [len(table) + rows.row_of[key] if key in rows.row_of else whole[key] for key in table.keys]
    )
    assert chunk.patch(table.schema, chunk.encode(table), rows, ()) == chunk.encode(after)


@given(edited())
@settings(max_examples=60, deadline=None)
def test_rows_that_differ_are_found_without_decoding_the_rest(case: tuple[Table, Table]) -> None:
    table, rows = case
    data = [chunk.encode(table), chunk.patch(table.schema, chunk.encode(table), rows, ()) or b""]
    contents = {"old": data[0], "new": data[1]}
    old, new = chunk.decode_changed(table.schema, [(("old", "a"), ("new", "a"))], contents)
    found = compare(table.schema, old, new)
    truth = compare(table.schema, *(chunk.decode(table.schema, [one]) for one in data))
    assert len(old) == len(new) == len(truth.after)
    assert (found.before, found.after, found.changed.keys()) == (truth.before, truth.after, truth.changed.keys())


def test_a_patch_that_moves_or_adds_a_row_is_left_to_others() -> None:
    table = world_of(base_state()).memories
    row = table.take([1])
    data = chunk.encode(table)
    assert chunk.patch(table.schema, data, row.replace(text=["x"]), ("text",)) is None
    assert chunk.patch(table.schema, data, row.replace(id=["elsewhere"]), ()) is None
    assert chunk.patch(table.schema, data, row, ("text",)) == data


def test_damage_in_one_of_two_chunks_is_told_by_its_place() -> None:
    table = world_of(base_state()).memories
    good = chunk.encode(table)
    value = codec.decode(good)
    value["c"]["importance"] = value["c"]["importance"][:-8]
    contents = {"old": good, "new": codec.encode(value)}
    with pytest.raises(CorruptRecord, match=r"new.*memories/_"):
        chunk.decode_changed(table.schema, [(("old", "memories/_"), ("new", "memories/_"))], contents)
    with pytest.raises(CorruptRecord, match="importance"):
        chunk.patch(table.schema, contents["new"], table.take([1]).replace(importance=[0.9]), ())
