from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from memento.errors import StoreError
from memento.formats.reading.database import Wanted, columns, missing, opened, rows

ITEMS = (Wanted("key", "text", null=False), Wanted("size", "real"), Wanted("count", "integer"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "some file?#%.db"
    connection = sqlite3.connect(made)
    connection.execute("CREATE TABLE item (key, size, count)")
    connection.executemany("INSERT INTO item VALUES (?, ?, ?)", [("a", 1, 2), ("b", 2.5, None), (None, "x", 1.5)])
    connection.commit()
    connection.close()
    return made


def test_rows_and_their_faults(path: Path) -> None:
    faults: list[str] = []
    with opened(path) as database:
        found = rows(database, "SELECT key, size, count FROM item", ITEMS, "item", faults)
        assert columns(database, "item") == ["key", "size", "count"]
        assert missing(database, {"item": [Wanted("colour", "text")], "other": ITEMS}) == [
            "table item has no column colour",
            "no table other",
        ]
    assert found[:2] == [{"key": "a", "size": 1.0, "count": 2}, {"key": "b", "size": 2.5, "count": None}]
    assert faults == [
        "item: key is NULL in row 3",
        "item: size is text, not real in row 3",
        "item: count is real, not integer in row 3",
    ]


def test_writing_is_refused(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(StoreError, match="readonly"), opened(path) as database:
        database.execute("DELETE FROM item")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
