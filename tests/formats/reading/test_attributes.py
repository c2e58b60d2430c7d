from __future__ import annotations

from typing import Any

from memento.formats.reading.attributes import read_attributes
from memento.formats.reading.notes import Notes


def _row(key: str, memory: str | None, **other: Any) -> dict[str, Any]:
    row = {"id": key, "aspect_id": "asp", "memory_id": memory, "kind": "attribute", "content": key, "status": "active"}
    return row | {"superseded_by": None, "created_at": "2026-01-01 00:00:00", "importance": 0.5} | other


def test_the_first_live_attribute_describes_a_memory_and_the_others_stand_alone() -> None:
    rows = [
        _row("a", "m", status="superseded", superseded_by="b"),
        _row("b", "m"),
        _row("c", None, kind="constraint"),
        _row("d", "gone", kind="opinion"),
        _row("e", "m2", aspect_id="unknown"),
        _row("b", "m2"),
    ]
    notes = Notes()
    found = read_attributes(rows, {"asp": "ent"}, {"m", "m2"}, notes)
    assert found.of_memory["m"].content == "b"
    assert {link.id: (link.memory, link.kind, link.live) for link in found.alone} == {
        "a": ("attribute:a", "attribute", False),
        "c": ("attribute:c", "constraint", True),
        "d": ("attribute:d", "attribute", True),
    }
    assert found.superseded == {"attribute:a": "m"}
    assert notes.count("attributes of an aspect that is not there, left out") == 1
    assert notes.count("attributes of another kind, taken as attribute") == 1
    assert notes.count("rows of entity_attributes that occur twice, the first kept") == 1
