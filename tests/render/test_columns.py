from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patterns.worlds import START, world_of, worlds

from memento.patterns.facts import Joined
from memento.render.columns import COLUMNS, NAMES, features, schema_hash, slots
from memento.world.values import parse_time
from memento.world.world import World


def example() -> World:
    """A memory with five earlier accesses and two injections, in the third session of its project."""
    ours = {"entity": "ent-001", "aspect": "asp-001", "created_at": parse_time("2026-01-15T10:00:00Z")}
    others = [{"id": f"other-{n}", **ours, "created_at": START} for n in range(4)]
    return world_of(
        entities=[{"id": "ent-001"}, {"id": "ent-002"}],
        aspects=[
            {"id": "asp-001", "entity": "ent-001"},
            {"id": "asp-002", "entity": "ent-001"},
            {"id": "asp-003", "entity": "ent-002"},
        ],
        dependencies=[{"id": "dep", "source": "ent-001", "target": "ent-002"}],
        memories=[
            {"id": "mem", **ours, "importance": 0.6, "prior_accesses": 5},
            *others,
            {"id": "rule", **ours, "kind": "constraint", "embedded": False},
            {"id": "gone", **ours, "deleted": True},
            {"id": "elsewhere", "entity": "ent-002", "kind": "episode"},
        ],
        sessions=[
            {"id": "s-0", "ended_at": parse_time("2026-01-20T08:00:00Z"), "project": "signetai"},
            {"id": "s-1", "ended_at": parse_time("2026-02-18T09:00:00Z"), "project": "signetai"},
            {"id": "s-2", "ended_at": parse_time("2026-02-19T09:00:00Z"), "project": "other"},
            {"id": "s-3", "ended_at": parse_time("2026-02-20T14:30:45Z"), "project": "signetai"},
            {"id": "s-4", "ended_at": parse_time("2026-02-20T15:00:00Z"), "project": "signetai"},
        ],
        candidates=[
            {"session": "s-0", "memory": "mem", "injected": True},
            {"session": "s-1", "memory": "mem", "injected": False},
            {"session": "s-2", "memory": "mem", "injected": True},
            {"session": "s-3", "memory": "mem", "injected": True, "source": "ka_traversal"},
            {"session": "s-3", "memory": "rule", "rank": 1, "source": "ka_traversal_pinned"},
            {"session": "s-3", "memory": "gone", "rank": 2, "source": "exploration"},
            {"session": "s-3", "memory": "elsewhere", "rank": 3},
            {"session": "s-4", "memory": "mem", "injected": True},
        ],
    )


EXPECTED = [
    3.61599,
    0.6,
    2.07944,
    -0.5,
    -0.86603,
    -0.43388,
    -0.90097,
    0.5,
    0.86603,
    1.17239,
    1.0,
    0.0,
    0.015686,
    0.552941,
    0.0,
    2.07944,
    1.0,
]
EXACT = [
    math.log(36.18802083333333 + 1),
    0.6,
    math.log(8),
    math.sin(math.pi * 14 / 12),
    math.cos(math.pi * 14 / 12),
    math.sin(math.pi * 8 / 7),
    math.cos(math.pi * 8 / 7),
    math.sin(math.pi / 6),
    math.cos(math.pi / 6),
    math.log((2 * 86_400 + 5 * 3600 + 30 * 60 + 45) / 86_400 + 1),
    1,
    0,
    4 / 255,
    141 / 255,
    0,
    math.log(8),
    1,
]


def rows_of(world: World) -> dict[str, dict[str, float]]:
    made = features(Joined(world))
    assert made.dtype == np.float32
    assert made.shape == (len(world.candidates), 17)
    return {
        key: dict(zip(NAMES, row.tolist(), strict=True)) for key, row in zip(world.candidates.keys, made, strict=True)
    }


def test_the_worked_example() -> None:
    row = list(rows_of(example())["s-3/mem"].values())
    assert row == pytest.approx(EXPECTED, abs=1e-5)
    assert row == pytest.approx(EXACT, abs=1e-6)


def test_other_rows_of_the_example() -> None:
    rows = rows_of(example())
    assert [rows[f"s-{n}/mem"]["log_access"] for n in (0, 1, 2, 3, 4)] == pytest.approx(
        [math.log(count + 1) for count in (5, 6, 6, 7, 8)]
    )
    rule, gone, elsewhere = (rows[f"s-3/{name}"] for name in ("rule", "gone", "elsewhere"))
    assert (rule["is_constraint"], rule["is_embedded"], rule["is_ka_traversal"]) == (1, 0, 0)
    assert (gone["is_superseded"], gone["is_ka_traversal"]) == (1, 0)
    assert (elsewhere["aspect_slot"], elsewhere["log_density"]) == (0, pytest.approx(math.log(2)))
    assert rows["s-0/mem"]["log_session_gap"] == 0
    assert rows["s-2/mem"]["log_session_gap"] == 0


def test_density_is_as_of_the_session() -> None:
    day = 86_400
    world = world_of(
        entities=[{"id": "e-0"}, {"id": "e-1"}],
        aspects=[{"id": "a-0", "entity": "e-0"}],
        memories=[
            {"id": "old", "entity": "e-0", "created_at": START, "deleted": True, "superseded_by": "new"},
            {"id": "new", "entity": "e-0", "created_at": START + 4 * day},
            {"id": "more", "entity": "e-0", "created_at": START + 4 * day},
            {"id": "lost", "entity": "e-0", "created_at": START, "deleted": True},
            {"id": "odd", "entity": "e-0", "created_at": START + 4 * day, "deleted": True, "superseded_by": "old"},
            {"id": "far", "entity": "e-1", "created_at": START},
            {"id": "none", "entity": None, "created_at": START},
        ],
        sessions=[{"id": f"s-{n}", "ended_at": START + n * day} for n in (0, 2, 4, 6)],
        candidates=[
            *({"session": f"s-{n}", "memory": "old"} for n in (0, 2, 4, 6)),
            {"session": "s-6", "memory": "far", "rank": 1},
            {"session": "s-6", "memory": "none", "rank": 2},
            {"session": "s-6", "memory": "nowhere", "rank": 3},
        ],
    )
    rows = rows_of(world)
    found = [round(math.exp(rows[f"s-{n}/old"]["log_density"]) - 1) for n in (0, 2, 4, 6)]
    assert found == [1, 2, 2, 3]
    others = [round(math.exp(rows[f"s-6/{name}"]["log_density"]) - 1) for name in ("far", "none", "nowhere")]
    assert others == [1, 0, 0]


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_density_by_a_plain_count(world: World) -> None:
    memories = {record["id"]: record for record in world.memories.records()}
    ends = {record["id"]: record["ended_at"] for record in world.sessions.records()}
    rows = rows_of(world)
    for candidate in world.candidates.records():
        entity = memories.get(candidate["memory"], {}).get("entity")
        end, count = ends[candidate["session"]], 0
        if entity:
            count = sum(record["entity"] == entity for record in world.aspects.records())
            for memory in memories.values():
                if memory["entity"] == entity and memory["kind"] == "attribute" and memory["created_at"] < end:
                    newer = memories.get(memory["superseded_by"] or "")
                    alive = not memory["deleted"] or (newer is not None and newer["created_at"] >= end)
                    count += alive
        row = rows[f"{candidate['session']}/{candidate['memory']}"]
        assert row["log_density"] == pytest.approx(math.log(count + 1), rel=1e-6)


def test_slots_are_signets() -> None:
    assert slots(["ent-001", "asp-001"]).tolist() == [4, 141]
    assert slots([]).size == 0


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_slots_hash_utf16_code_units(ids: list[str]) -> None:
    def slot(text: str) -> int:
        units = text.encode("utf-16-le", "surrogatepass")
        state = 2166136261
        for place in range(0, len(units), 2):
            state = ((state ^ int.from_bytes(units[place : place + 2], "little")) * 16777619) & 0xFFFFFFFF
        return state % 256

    assert slots(ids).tolist() == [slot(text) for text in ids]


def test_columns_stand_in_their_places() -> None:
    assert [column.index for column in COLUMNS] == list(range(17))
    assert len(set(NAMES)) == 17
    assert all(column.formula for column in COLUMNS)


def test_the_schema_has_one_name() -> None:
    assert len(schema_hash()) == 16
    assert schema_hash() == schema_hash()


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_cyclic_columns_lie_on_the_unit_circle(world: World) -> None:
    made = features(Joined(world)).astype(float)
    for first in (3, 5, 7):
        np.testing.assert_allclose(made[:, first] ** 2 + made[:, first + 1] ** 2, 1.0, atol=1e-6)
    assert np.isfinite(made).all()


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_other_ranks_are_other_places_for_the_same_rows(world: World, random) -> None:
    ranks = world.candidates["rank"].copy()
    for low, high in zip(world.offsets[:-1], world.offsets[1:], strict=True):
        part = ranks[low:high].tolist()
        random.shuffle(part)
        ranks[low:high] = part
    moved = world.replace(candidates=world.candidates.replace(rank=ranks))
    assert rows_of(moved) == rows_of(world)


@given(worlds(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_session_that_goes_changes_no_row_before_it(world: World, data: st.DataObject) -> None:
    ids = sorted(world.sessions["id"], key=lambda name: (world.record("session", name)["ended_at"], name))
    if not ids:
        return
    gone = data.draw(st.sampled_from(ids))
    less = world.replace(
        sessions=world.sessions.take(world.sessions["id"] != gone),
        candidates=world.candidates.take(world.candidates["session"] != gone),
    )
    full, rest = rows_of(world), rows_of(less)
    for key, row in rest.items():
        if key.split("/")[0] in ids[: ids.index(gone)]:
            assert row == full[key]


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_the_size_of_blocks_does_not_show(world: World) -> None:
    whole = features(Joined(world))
    joined = Joined(world)
    joined.blocks = lambda rows=0: Joined.blocks(joined, 2)  # type: ignore[method-assign]
    np.testing.assert_array_equal(features(joined), whole)
