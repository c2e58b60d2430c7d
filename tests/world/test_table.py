from __future__ import annotations

import numpy as np
import pytest

from memento.errors import InvalidFile, NotFound, UsageError
from memento.world.records import NULL_INT, TABLES
from memento.world.table import Table, concat, same_elements
from world.worlds import START, base_state, world_of

MEMORIES = TABLES["memories"]


def table(*ids: str) -> Table:
    return Table.from_columns(
        MEMORIES, {"id": list(ids), "text": [f"text of {i}" for i in ids], "created_at": [START] * len(ids)}
    )


def test_columns_left_out_take_their_defaults() -> None:
    rows = table("a", "b")
    assert rows["importance"].tolist() == [0.5, 0.5]
    assert rows["peak_hour"].tolist() == [NULL_INT, NULL_INT]
    assert rows.record(1)["entity"] is None
    assert repr(rows) == "Table(memories, 2 rows)"
    with pytest.raises(UsageError, match="column text is missing"):
        Table.from_columns(MEMORIES, {"id": ["a"]})


def test_columns_are_frozen() -> None:
    rows = table("a")
    with pytest.raises(ValueError, match="read-only"):
        rows["importance"][0] = 1.0
    mine = np.array([0.25])
    held = rows.replace(importance=mine)
    mine[0] = 0.75
    with pytest.raises(ValueError, match="read-only"):
        held["importance"][0] = 1.0


def test_columns_of_one_length() -> None:
    with pytest.raises(UsageError, match="differ in shape"):
        table("a", "b").replace(importance=[1.0])


def test_from_records_tells_all_faults() -> None:
    with pytest.raises(InvalidFile) as caught:
        Table.from_records(
            MEMORIES,
            [
                {"id": "a", "text": "x", "created_at": 5, "importance": 7.0},
                {"id": "b", "created_at": 5, "colour": "red"},
                {"id": "c", "text": "x", "created_at": None},
            ],
        )
    assert len(caught.value.faults) == 4
    assert caught.value.faults[0].startswith("memory a: importance=7.0")


def test_records_there_and_back() -> None:
    world = world_of(base_state())
    for rows in world.tables.values():
        assert Table.from_records(rows.schema, rows.records()) == rows
        assert [rows.record(n) for n in range(len(rows))] == list(rows.records())


def test_keys_and_rows() -> None:
    rows = table("a", "b", "c")
    assert rows.rows(["c", "nowhere", "a"]).tolist() == [2, -1, 0]
    assert rows.take(rows.rows(["c", "a"])).keys == ["c", "a"]
    assert rows.take([]).keys == []
    assert rows.slice(1, 3).keys == ["b", "c"]
    candidates = world_of(base_state()).candidates
    assert candidates.keys[0] == "s-1/m-0"
    with pytest.raises(NotFound):
        rows["txet"]


def test_update() -> None:
    rows = table("a", "b", "c")
    after = rows.update(table("b", "d").replace(importance=[0.9, 0.8]), ["a", "nowhere"])
    assert sorted(after.keys) == ["b", "c", "d"]
    assert after.record(after.row_of["b"])["importance"] == 0.9
    assert rows.update() is rows


def test_put_leaves_the_order() -> None:
    rows = table("a", "b", "c")
    after = rows.put(table("c", "a").replace(importance=[0.9, 0.8]))
    assert after.keys == ["a", "b", "c"]
    assert after["importance"].tolist() == [0.8, rows["importance"][1], 0.9]
    assert not after["importance"].flags.writeable
    assert rows["importance"][0] != 0.8


def test_equality() -> None:
    assert table("a") == table("a")
    assert table("a") != table("b")
    assert table("a") != table("a", "b")
    assert table("a") != Table.empty(TABLES["entities"])
    absent = np.array([np.nan, 1.0, np.nan])
    assert same_elements(absent, np.array([np.nan, 1.0, 2.0])).tolist() == [True, True, False]


def test_concat() -> None:
    assert concat(MEMORIES, []).keys == []
    assert concat(MEMORIES, [table("a"), table("b")]) == table("a", "b")
