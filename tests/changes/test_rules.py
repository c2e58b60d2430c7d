from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world.worlds import record

import memento.changes.rules as room
from memento.changes.conflict import Conflict, Resolution
from memento.changes.rules import CATALOG, columns, counter, later, manifest, presence, scalar, turns
from memento.changes.rules import set as sets
from memento.changes.rules.algebra import ABSENT, APART, UNKNOWN
from memento.world.keys import natural
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import Manifest

COUNTS = st.integers(0, 9)
SETS = st.sets(st.sampled_from("abcd")).map(sorted)
FIELD_RULES = [("scalar", st.sampled_from("xyz")), ("counter", COUNTS), ("set", SETS), ("later", COUNTS)]


def test_one_file_a_rule_and_one_row_a_file() -> None:
    files = {path.stem for path in Path(room.__file__).parent.glob("*.py")} - {"__init__", "algebra"}
    assert files == set(CATALOG)
    assert all(callable(CATALOG[name]) for name in CATALOG)


def test_every_field_has_a_rule() -> None:
    assert {field.merge for schema in TABLES.values() for field in schema.fields} <= set(CATALOG)


@pytest.mark.parametrize(("name", "values"), FIELD_RULES)
@given(data=st.data())
def test_laws_of_the_algebra(name: str, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    merge = CATALOG[name]
    base, x, y = data.draw(values), data.draw(values), data.draw(values)
    assert merge(base, base, x) == merge(base, x, base) == x
    for before in (base, ABSENT, UNKNOWN):
        assert merge(before, x, x) == x
        assert merge(before, x, y) == merge(before, y, x)
    if x != y and name != "later":
        assert merge(UNKNOWN, x, y) is APART
        assert name == "set" or merge(ABSENT, x, y) is APART


def test_counter_adds_both_increments_and_never_guesses() -> None:
    assert counter.merge(5, 7, 6) == 8
    assert counter.merge(5, 3, 9) == 7
    assert counter.merge(5, 8, 8) == 8
    assert counter.merge(ABSENT, 7, 6) is APART
    assert counter.merge(UNKNOWN, 7, 6) is APART
    assert counter.merge(None, 7, 6) is APART


def test_set_takes_both_deltas() -> None:
    assert sets.merge(["a", "b"], ["a", "c"], ["a", "b", "d"]) == ["a", "c", "d"]
    assert sets.merge(ABSENT, ["a"], ["b"]) == ["a", "b"]
    assert sets.merge(UNKNOWN, ["a"], ["b"]) is APART


def test_scalar_and_later() -> None:
    assert scalar.merge("a", "b", "c") is APART
    assert later.merge(1, 3, 2) == 3
    assert later.merge(5, 5, 2) == 2


def test_presence() -> None:
    old, new = {"text": "a"}, {"text": "b"}
    assert presence.merge(old, None, old) is None
    assert presence.merge(old, None, new) is APART
    assert presence.merge(old, None, None) is None
    with pytest.raises(ValueError, match="merge its columns"):
        presence.merge(old, old, new)


def memories(*records: dict[str, Any]) -> Table:
    return Table.from_records(TABLES["memories"], [record("memories", **r) for r in records])


def test_columns_settle_by_masks_and_by_rules() -> None:
    old = {"id": "m", "text": "t", "created_at": 1, "prior_accesses": 4, "importance": 0.5}
    noted: list[Conflict] = []

    def settle(conflict: Conflict) -> Resolution | None:
        noted.append(conflict)
        return None

    merged = columns.merge(
        TABLES["memories"],
        memories(old),
        memories(old | {"prior_accesses": 6, "text": "ours", "importance": 0.7}),
        memories(old | {"prior_accesses": 5, "text": "theirs", "value": "v"}),
        settle,
    ).record(0)
    assert (merged["prior_accesses"], merged["importance"], merged["value"], merged["text"]) == (7, 0.7, "v", "ours")
    assert [(c.field, c.base, c.ours, c.theirs) for c in noted] == [("text", "t", "ours", "theirs")]


def test_a_count_that_would_fall_below_its_bound_is_a_conflict() -> None:
    old = {"id": "m", "text": "t", "created_at": 1, "prior_accesses": 5}
    noted: list[Conflict] = []
    columns.merge(
        TABLES["memories"],
        memories(old),
        memories(old | {"prior_accesses": 1}),
        memories(old | {"prior_accesses": 2}),
        noted.append,  # type: ignore[arg-type]
    )
    assert [c.field for c in noted] == ["prior_accesses"]


def test_manifest_merges_name_by_name() -> None:
    old = Manifest(clock=1, patterns={"recency": {"weight": 0.3, "rate": 0.1}}, scenario={"a": 1}).to_map()
    ours = old | {"clock": 5, "patterns": {"recency": {"weight": 0.4, "rate": 0.1}, "entity": {"weight": 0.2}}}
    theirs = old | {"clock": 3, "patterns": {"recency": {"weight": 0.3, "rate": 0.2}}, "scenario": {}}
    merged = manifest.merge(old, ours, theirs, lambda conflict: None)
    assert merged["clock"] == 5
    assert merged["patterns"] == {"recency": {"weight": 0.4, "rate": 0.2}, "entity": {"weight": 0.2}}
    assert merged["scenario"] == {}
    noted: list[Conflict] = []
    apart = old | {"patterns": {"recency": {"weight": 0.9, "rate": 0.1}}}
    gone = old | {"patterns": {}}
    kept = manifest.merge(old, apart, gone, noted.append)  # type: ignore[arg-type]
    assert [c.place for c in noted] == ["manifest.patterns.recency"]
    assert noted[0].theirs is None
    assert kept["patterns"] == apart["patterns"]
    assert manifest.merge(old, apart, gone, lambda c: c.resolution("theirs"))["patterns"] == {}
    noted.clear()
    manifest.merge(old, apart, old, noted.append, {"patterns.recency.weight"})  # type: ignore[arg-type]
    assert [(c.place, c.base_known) for c in noted] == [("manifest.patterns.recency.weight", False)]


def thread(*texts: str) -> Table:
    return Table.from_records(
        TABLES["turns"],
        [
            record("turns", id=f"s.{n}", session="s", parent=f"s.{n - 1}" if n else None, text=text)
            for n, text in enumerate(texts)
        ],
    )


def test_alternative_turns_become_threads_of_their_own() -> None:
    ours, theirs = thread("hello", "how?", "so"), thread("hello", "why?", "so")
    renames = turns.merge(ours, theirs)
    assert turns.merge(theirs, ours) == renames[::-1]
    (moved,) = (r for r in renames if r)
    assert list(moved) == ["s.1", "s.2"]
    ids = list(moved.values())
    assert sorted([*ids, "s.0", "s.1", "s.2", "s.10"], key=natural) == ["s.0", "s.1", "s.2", "s.10", *ids]
    side = theirs if renames[1] else ours
    renamed = turns.rename(turns.follow(side.slice(1, 3), moved), moved)
    assert renamed["parent"].tolist() == ["s.0", ids[0]]


def test_equal_turns_stay_one() -> None:
    assert turns.merge(thread("a", "b"), thread("a", "b")) == ({}, {})
