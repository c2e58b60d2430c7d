from __future__ import annotations

from memento.formats.reading.history import Imported, weekly
from memento.world import check
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.values import parse_time
from memento.world.world import Manifest, World

MONDAY = parse_time("2024-03-04")
DAY = 86_400


def _world() -> dict[str, Table]:
    records = {
        "entities": [{"id": "e-1", "name": "api", "created_at": MONDAY + 20 * DAY}],
        "aspects": [{"id": "a-1", "entity": "e-1", "name": "host"}],
        "dependencies": [{"id": "d-1", "source": "e-1", "target": "e-1"}],
        "memories": [
            {"id": "m-1", "text": "old", "entity": "e-1", "aspect": "a-1", "created_at": MONDAY, "deleted": True,
             "superseded_by": "m-2"},
            {"id": "m-2", "text": "new", "entity": "e-1", "created_at": MONDAY + 9 * DAY},
            {"id": "m-3", "text": "gone", "created_at": MONDAY + 1, "deleted": True},
            {"id": "m-4", "text": "gone at some time", "created_at": MONDAY + 2, "deleted": True},
        ],
        "sessions": [{"id": "s-1", "started_at": MONDAY + 6 * DAY, "ended_at": MONDAY + 7 * DAY}],
        "turns": [{"id": "s-1.0", "session": "s-1", "text": "hello"}],
        "candidates": [{"session": "s-1", "memory": "m-1"}],
    }  # fmt: skip
    return {name: Table.from_records(TABLES[name], rows) for name, rows in records.items()}


def _state(imported: Imported, count: int) -> World:
    return Imported(imported.weeks[:count], []).world


def test_each_week_holds_what_came_to_be_in_it() -> None:
    imported = Imported(weekly("Test", Manifest(), _world(), {"m-3": MONDAY + 15 * DAY}), [])
    assert [week.message for week in imported.weeks] == [
        "Test, week of 2024-03-04: 3 memories, 1 entity",
        "Test, week of 2024-03-11: 1 memory, 1 session, 1 memory retired",
        "Test, week of 2024-03-18: 1 memory retired",
    ]
    assert [week.time for week in imported.weeks] == [MONDAY + 2, MONDAY + 9 * DAY, MONDAY + 20 * DAY]
    first, second = _state(imported, 1), _state(imported, 2)
    assert [first.record("memories", f"m-{n}")["deleted"] for n in (1, 3, 4)] == [False, False, True]
    assert first.record("memories", "m-1")["superseded_by"] is None
    assert second.record("memories", "m-1")["superseded_by"] == "m-2"
    assert not second.record("memories", "m-3")["deleted"]
    assert [check.check(state) for state in (first, second)] == [[], []]
    assert imported.world == World.build(Manifest(clock=MONDAY + 20 * DAY), _world())


def test_nothing_is_one_week() -> None:
    weeks = weekly("Test", Manifest(clock=5), {})
    assert [(week.message, week.time) for week in weeks] == [("Test: nothing", 5)]
    assert Imported(weeks, []).world == World.build(Manifest(clock=5), {})
