from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.errors import MementoError, NotFound, UsageError
from memento.world.records import FIRST_TIME, LAST_TIME, NULL_INT, TABLES, key_of, schema_of
from memento.world.values import describe, format_time, parse, parse_time, to_column, to_plain

MEMORY = TABLES["memories"]
FIELDS = [field for schema in TABLES.values() for field in schema.fields]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("importance", "0.9", 0.9),
        ("importance", "1", 1.0),
        ("text", "null", "null"),
        ("entity", "null", None),
        ("entity", "", None),
        ("entity", "e-1", "e-1"),
        ("pinned", "Yes", True),
        ("pinned", "0", False),
        ("peak_hour", "null", None),
        ("peak_hour", "23", 23),
        ("created_at", "1700000000", 1_700_000_000),
        ("created_at", "2026-03-02T09:30:00Z", 1_772_443_800),
        ("created_at", "2026-03-02T09:30:00", 1_772_443_800),
        ("created_at", "2026-03-02T10:30:00+01:00", 1_772_443_800),
        ("created_at", "2026-03-02", 1_772_409_600),
        ("kind", "episode", "episode"),
    ],
)
def test_parse(name: str, text: str, value: Any) -> None:
    assert parse(MEMORY.field(name), text, "memory:m") == value


def test_parse_a_set() -> None:
    assert parse(TABLES["turns"].field("cites"), "m-2, m-1 m-2", "turn:t") == ["m-1", "m-2"]
    assert parse(TABLES["turns"].field("cites"), "", "turn:t") == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("importance", "much", "importance='much' is not a number from 0 to 1"),
        ("importance", "1.5", "importance=1.5 is not a number from 0 to 1"),
        ("importance", "nan", "is not a number"),
        ("importance", "null", "is not a number"),
        ("pinned", "perhaps", "pinned='perhaps' is not true or false"),
        ("created_at", "yesterday", "'yesterday' is not a time"),
        ("created_at", "9" * 30, "is not a time"),
        ("peak_hour", "24", "is not a whole number from 0 to 23"),
        ("peak_hour", "1.5", "is not a whole number"),
        ("prior_accesses", "-1", "is not a whole number of at least 0"),
        ("kind", "rumour", "is not one of attribute, constraint, episode"),
        ("entity", "two words", "is not a record id"),
        ("entity", "a@b", "is not a record id"),
        ("entity", "x" * 201, "is not a record id"),
        ("text", "", "is not text that is not empty"),
        ("text", "a\0b", "is not text"),
        ("text", "x" * 100_001, "is not text"),
    ],
)
def test_parse_refuses(name: str, text: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault) as caught:
        parse(MEMORY.field(name), text, "memory:m")
    assert caught.value.message.startswith("memory:m: ")


@pytest.mark.parametrize(
    ("table", "name", "value"),
    [
        ("memories", "importance", True),
        ("memories", "importance", "0.5"),
        ("memories", "importance", 10**400),
        ("memories", "importance", math.inf),
        ("memories", "created_at", 2**63),
        ("memories", "created_at", 1.5),
        ("memories", "created_at", None),
        ("memories", "deleted", 1),
        ("memories", "text", 7),
        ("memories", "text", "\ud800"),
        ("turns", "cites", "m-1"),
        ("turns", "cites", 7),
        ("turns", "cites", ["a b"]),
        ("turns", "cites", ["\ud800"]),
        ("turns", "cites", [7]),
    ],
)
def test_to_column_refuses(table: str, name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=name):
        to_column(TABLES[table].field(name), value, "here")


@given(
    st.sampled_from(FIELDS), st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
)
def test_any_value_is_held_or_refused(field: Any, value: Any) -> None:
    try:
        held = to_column(field, value, "here")
    except MementoError:
        return
    plain = to_plain(field, held)
    again = to_column(field, plain, "here")
    assert again == held or (again != again and held != held)


def test_defaults_can_be_held() -> None:
    for field in FIELDS:
        if not field.required:
            plain = to_plain(field, to_column(field, field.default, "default"))
            assert plain == (list(field.default) if field.kind == "set" else field.default)
        assert describe(field)
        assert field.doc


def test_absence() -> None:
    hour, score, entity = MEMORY.field("peak_hour"), TABLES["sessions"].field("score"), MEMORY.field("entity")
    assert to_column(hour, None, "") == NULL_INT
    assert math.isnan(to_column(score, None, ""))
    assert to_column(entity, None, "") == ""
    assert [to_plain(f, f.null) for f in (hour, score, entity)] == [None, None, None]


def test_tables_and_fields_by_name() -> None:
    assert schema_of("memory") is schema_of("memories") is MEMORY
    with pytest.raises(NotFound) as caught:
        schema_of("memry")
    assert "did you mean memory" in caught.value.hint
    with pytest.raises(NotFound) as caught:
        MEMORY.field("importanc")
    assert "did you mean importance" in caught.value.hint
    assert key_of(TABLES["candidates"], {"session": "s", "memory": "m"}) == "s/m"


def test_references_name_tables() -> None:
    for field in FIELDS:
        assert (field.kind in ("ref", "set")) == bool(field.target)
        assert not field.target or field.target in TABLES


@given(st.integers(-(2**40), 2**37))
def test_times_there_and_back(seconds: int) -> None:
    text = format_time(seconds)
    if text.endswith("Z") and len(text) == 20:
        assert parse_time(text) == seconds


def test_a_time_that_no_calendar_holds_stays_a_number() -> None:
    assert format_time(2**62) == str(2**62)
    assert format_time(0) == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("seconds", [FIRST_TIME, 0, LAST_TIME])
def test_a_time_of_the_calendar_is_shown_as_one(seconds: int) -> None:
    field = TABLES["memories"].field("created_at")
    assert to_column(field, seconds, "memory:a") == seconds
    assert parse_time(format_time(seconds)) == seconds


@pytest.mark.parametrize("seconds", [FIRST_TIME - 1, LAST_TIME + 1, 10**17])
def test_a_time_beyond_the_calendar_is_refused(seconds: int) -> None:
    with pytest.raises(UsageError, match="years 1 to 9999"):
        to_column(TABLES["memories"].field("created_at"), seconds, "memory:a")


def test_a_fault_does_not_repeat_a_huge_value() -> None:
    with pytest.raises(UsageError) as error:
        to_column(TABLES["memories"].field("text"), "y" * 200_000, "memory:a")
    assert len(str(error.value)) < 400
    assert "200,002 characters" in str(error.value)
