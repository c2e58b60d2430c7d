from __future__ import annotations

import json

import pytest

from memento.changes.conflict import Conflict, Fix, Resolution, Violation
from memento.errors import MementoError, UsageError

FIELD = Conflict("memories", "m-1", "importance", "field", 0.5, 0.7, 0.9)
WHOLE = Conflict("memories", "m-1", "", "delete/modify", {"id": "m-1", "text": "a"}, None, {"id": "m-1", "text": "b"})
MANIFEST = Conflict("manifest", "", "noise.snr_db", "manifest", 20.0, 10.0, 0.0)
FIX = Fix("drop it", ({"delete": "memory:m-1", "cascade": False},))
VIOLATION = Violation("dangling reference", "memories", "m-1", "lost", ("entity:e-1",), (FIX,))


def test_ids_bind_the_exact_conflict() -> None:
    assert FIELD.id == Conflict("memories", "m-1", "importance", "field", 0.5, 0.7, 0.9).id
    others = [
        Conflict("memories", "m-2", "importance", "field", 0.5, 0.7, 0.9),
        Conflict("memories", "m-1", "importance", "field", 0.5, 0.7, 0.8),
        Conflict("memories", "m-1", "importance", "field", 0.5, 0.9, 0.7),
        Conflict("memories", "m-1", "importance", "field", None, 0.7, 0.9, False),
    ]
    assert len({FIELD.id, *(c.id for c in others)}) == 5
    assert FIELD.reuse_id == others[2].reuse_id
    assert len({FIELD.reuse_id, others[0].reuse_id, others[1].reuse_id, others[3].reuse_id}) == 4


@pytest.mark.parametrize("conflict", [FIELD, WHOLE, MANIFEST])
def test_json_there_and_back(conflict: Conflict) -> None:
    plain = json.loads(json.dumps(conflict.to_map()))
    assert Conflict.from_map(plain) == conflict
    with pytest.raises(UsageError, match="not a conflict"):
        Conflict.from_map(plain | {"ours": "other"})
    with pytest.raises(UsageError, match="not a conflict"):
        Conflict.from_map({"id": "c1"})


def test_a_violation_and_a_resolution_there_and_back() -> None:
    assert Violation.from_map(json.loads(json.dumps(VIOLATION.to_map()))) == VIOLATION
    with pytest.raises(UsageError, match="not a violation"):
        Violation.from_map({"kind": "x"})
    for answer in (FIELD.resolution("value", 0.8), WHOLE.resolution("ours"), VIOLATION.resolution("fix", 1)):
        assert Resolution.from_map(json.loads(json.dumps(answer.to_map()))) == answer
    with pytest.raises(UsageError, match="not a resolution"):
        Resolution.from_map({"id": "c1", "choice": "mine"})


def test_words() -> None:
    assert FIELD.place == "memory:m-1.importance"
    assert FIELD.explanation("main", "trial") == "memory:m-1.importance was 0.5, is 0.7 in main and 0.9 in trial"
    assert WHOLE.explanation("main", "trial") == "memory:m-1 is deleted in main and changed in trial"
    assert MANIFEST.place == "manifest.noise.snr_db"
    time = Conflict("memories", "m-1", "created_at", "add/add", None, 0, 86400, False)
    assert "1970-01-02T00:00:00Z in theirs" in time.explanation()
    long = Conflict("memories", "m-1", "text", "field", None, "x" * 500, None, False)
    assert len(long.explanation()) < 300
    assert VIOLATION.explanation() == "dangling reference: lost"
    assert VIOLATION.place == "memory:m-1"


def test_answers_are_checked() -> None:
    assert FIELD.value_of(FIELD.resolution("base")) == 0.5
    assert WHOLE.value_of(WHOLE.resolution("value", {"text": "c"})) == {"text": "c"}
    assert WHOLE.value_of(WHOLE.resolution("value", None)) is None
    for bad in (lambda: FIELD.resolution("value", 3), lambda: FIELD.resolution("value", None)):
        with pytest.raises(UsageError, match="importance"):
            bad()
    with pytest.raises(UsageError, match="map of fields"):
        WHOLE.resolution("value", "text")
    with pytest.raises(MementoError, match="no field of memory"):
        WHOLE.resolution("value", {"txet": "c"})
    with pytest.raises(UsageError, match="does not resolve a conflict"):
        FIELD.resolution("accept")
    with pytest.raises(UsageError, match="no known base"):
        Conflict("memories", "m-1", "text", "field", None, "a", "b", False).resolution("base")
    with pytest.raises(UsageError, match="there is no fix 2"):
        VIOLATION.resolution("fix", 2)
    with pytest.raises(UsageError, match="does not resolve a violation"):
        VIOLATION.resolution("ours")


def test_values_are_read_by_the_kind_of_the_field() -> None:
    assert FIELD.parse_value("0.75") == 0.75
    assert MANIFEST.parse_value("15") == 15.0
    with pytest.raises(UsageError, match="is not a number"):
        MANIFEST.parse_value("loud")
    with pytest.raises(UsageError, match="whole record"):
        WHOLE.parse_value("x")


@pytest.mark.parametrize(
    ("old", "text", "value"),
    [(20.0, "12", 12.0), (3, "4", 4), (True, "false", False), ({"weight": 0.1}, '{"weight": 0.2}', {"weight": 0.2})],
)
def test_a_value_of_the_manifest_keeps_its_kind(old: object, text: str, value: object) -> None:
    found = Conflict("manifest", "", "patterns.recency", "manifest", old, None, old).parse_value(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("old", "text"),
    [
        (20.0, "nan"),
        (20.0, "Infinity"),
        (20.0, "true"),
        (3, "4.5"),
        (3, "9" * 30),
        (True, "1"),
        ({}, "recency"),
        (1.0, ""),
    ],
)
def test_a_value_of_the_manifest_of_another_kind_is_refused(old: object, text: str) -> None:
    with pytest.raises(UsageError, match="is not"):
        Conflict("manifest", "", "patterns.recency", "manifest", old, None, old).parse_value(text)
