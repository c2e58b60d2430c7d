from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from memento import scenario, simulate
from memento.world.check import CHECKS, check
from memento.world.records import TABLES
from memento.world.table import concat
from memento.world.world import World, empty_world
from world.worlds import DAY, START, Change, base_state, changed, changes, world_of


def put(table: str, key: str, **values: Any) -> Change:
    return ("put", table, key, values)


def memory(key: str, **values: Any) -> Change:
    return put("memories", key, **{"id": key, "text": key, "created_at": START + 9, **values})


def found(*edits: Change, undated: bool = False) -> list[tuple[str, str]]:
    world = world_of(changed(base_state(), list(edits)))
    return [(finding.kind, finding.place) for finding in check(world, undated=undated)]


def test_a_consistent_world_has_no_findings() -> None:
    assert found() == []
    assert check(empty_world()) == []


def test_what_simulated_worlds_do_is_no_contradiction() -> None:
    newer = [memory("m-9", created_at=START + 2 * DAY), put("memories", "m-0", deleted=True, superseded_by="m-9")]
    assert found(*newer) == []  # offered, injected and cited before it was superseded, offered after
    assert found(put("memories", "m-0", deleted=True)) == []  # deleted at a time that is not known
    assert found(memory("m-9", aspect="a-1", value="north")) == []  # the same value said twice
    assert found(memory("m-9", aspect="a-1", value="south", kind="episode")) == []
    assert found(memory("m-9", aspect="a-1", value="south", deleted=True)) == []
    assert found(memory("m-9", aspect="a-2", value="x"), memory("m-8", aspect="a-2", value="y")) == []
    assert found(put("entities", "e-1", retired_at=START + 30 * DAY)) == []


@pytest.mark.parametrize(
    ("edits", "finding"),
    [
        ([memory("m-9", entity="e-9")], ("dangling reference", "memory:m-9")),
        ([memory("m-9", aspect="a-9")], ("dangling reference", "memory:m-9")),
        ([put("memories", "m-0", superseded_by="m-99", deleted=True)], ("dangling reference", "memory:m-0")),
        ([put("aspects", "a-1", entity="e-9")], ("dangling reference", "aspect:a-1")),
        ([put("dependencies", "d-1", target="e-9")], ("dangling reference", "dependency:d-1")),
        ([put("sessions", "s-1", topic="e-9")], ("dangling reference", "session:s-1")),
        ([put("turns", "s-1.0", cites=["m-1", "m-99"])], ("dangling reference", "turn:s-1.0")),
        ([put("turns", "s-1.1", parent="s-1.9")], ("dangling reference", "turn:s-1.1")),
        ([put("candidates", "s-1/m-99", session="s-1", memory="m-99")], ("dangling reference", "candidate:s-1/m-99")),
        ([put("memories", "m-3", superseded_by="m-3", deleted=True)], ("supersession cycle", "memory:m-3")),
        ([put("memories", "m-2", superseded_by="m-3")], ("live but superseded", "memory:m-2")),
        ([memory("m-9", aspect="a-1", value="south")], ("two live values", "aspect:a-1")),
        ([put("turns", "s-2.1", parent="s-1.1")], ("broken thread", "turn:s-2.1")),
        ([put("turns", "s-1.0", parent="s-1.1")], ("broken thread", "turn:s-1.0")),
        ([put("sessions", "s-1", ended_at=START)], ("time runs backwards", "session:s-1")),
        ([put("entities", "e-2", retired_at=START - 1)], ("time runs backwards", "entity:e-2")),
        ([put("memories", "m-3", superseded_by="m-2", deleted=True)], ("time runs backwards", "memory:m-3")),
        ([put("memories", "m-2", created_at=START + 9 * DAY)], ("time runs backwards", "candidate:s-1/m-2")),
        ([put("entities", "e-1", retired_at=START + 5)], ("acts after retirement", "session:s-1")),
        ([put("entities", "e-2", retired_at=START + 2)], ("acts after retirement", "memory:m-3")),
    ],
)
def test_each_contradiction_is_found(edits: list[Change], finding: tuple[str, str]) -> None:
    assert finding in found(*edits)


def test_citing_what_was_superseded_before_the_session() -> None:
    newer = memory("m-9", created_at=START + DAY + DAY // 2)
    cited = put("memories", "m-0", deleted=True, superseded_by="m-9")
    stale = [("cites a deleted memory", "turn:s-2.1"), ("injects a deleted memory", "candidate:s-2/m-0")]
    assert found(newer, cited) == stale
    assert found(newer, cited, put("candidates", "s-2/m-0", injected=False)) == stale[:1]


def test_citing_what_was_deleted_at_an_unknown_time_needs_a_comparison() -> None:
    gone = put("memories", "m-0", deleted=True)
    assert found(gone) == []
    assert found(gone, undated=True) == [
        ("cites a deleted memory", "turn:s-1.1"),
        ("cites a deleted memory", "turn:s-2.1"),
        ("injects a deleted memory", "candidate:s-1/m-0"),
        ("injects a deleted memory", "candidate:s-2/m-0"),
    ]


def test_labels_against_the_preference() -> None:
    """Two alternatives answer s-1.1; the first cites m-1, the second m-2."""

    def kinds(first: float | None, second: float | None, *labels: Change, below: bool = False) -> list[str]:
        cited = put("turns", "s-1.2", id="s-1.2", session="s-1", text="a", parent="s-1.1", preference=first)
        further = put("turns", "s-1.4", id="s-1.4", session="s-1", text="c", parent="s-1.2", cites=["m-1"])
        other = put("turns", "s-1.3", id="s-1.3", session="s-1", text="b", parent="s-1.1", preference=second)
        other[3]["cites"] = ["m-2"]
        if not below:
            cited[3]["cites"] = ["m-1"]
        return [place for kind, place in found(cited, other, *([further] if below else []), *labels)]

    def label(memory_id: str, **values: Any) -> Change:
        return put("candidates", f"s-1/{memory_id}", session="s-1", memory=memory_id, **values)

    used, useful, useless = label("m-1", used=True), label("m-1", relevance=0.7), label("m-1", relevance=0.2)
    for fault in (used, useful):
        assert kinds(0.0, 1.0, fault) == kinds(0.0, 1.0, fault, below=True) == ["candidate:s-1/m-1"]
        assert kinds(1.0, 0.0, fault) == kinds(None, 1.0, fault) == kinds(1.0, 1.0, fault) == []
    assert kinds(1.0, 0.0, useless) == ["candidate:s-1/m-1"]
    assert kinds(0.0, 1.0, useless) == kinds(None, None, useless) == []
    assert kinds(1.0, 0.0, label("m-1", relevance=0.2, used=True)) == []
    assert kinds(0.0, 1.0) == kinds(1.0, 0.0) == []  # nothing was observed


def test_a_circle_is_one_finding() -> None:
    circle = [
        put("memories", f"m-{n}", superseded_by=f"m-{(n + 1) % 3}", deleted=True, created_at=START) for n in range(3)
    ]
    (finding,) = (f for f in check(world_of(changed(base_state(), circle))) if f.kind == "supersession cycle")
    assert finding.involved == (("memories", "m-0"), ("memories", "m-1"), ("memories", "m-2"))
    assert "m-0, m-1, m-2, m-0" in finding.message


def test_two_values_name_the_memories() -> None:
    world = world_of(changed(base_state(), [memory("m-9", aspect="a-1", value="south")]))
    (finding,) = check(world)
    assert finding.involved == (("memories", "m-0"), ("memories", "m-1"), ("memories", "m-9"))
    assert "'north' (m-0), 'south' (m-9)" in finding.message


def test_repeated_keys_of_tables_that_no_world_was_built_of() -> None:
    world = world_of(base_state())
    for name in ("memories", "candidates"):
        twice = concat(TABLES[name], [world.tables[name], world.tables[name].slice(0, 1)])
        broken = World(world.manifest, {**world.tables, name: twice})
        assert [(f.kind, f.table) for f in check(broken)] == [("repeated key", name)]


@given(changes(8), changes(4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_world_can_be_checked_and_a_check_reads_what_it_says(after: list[Change], before: list[Change]) -> None:
    world = world_of(changed(changed(base_state(), before), after))
    everything = check(world, undated=True)
    assert everything == check(world, undated=True)
    parts = [finding for one in CHECKS for finding in check(world, undated=True, only=[one])]
    assert set(parts) == set(everything)
    for one in CHECKS:
        if not one.tables:
            continue
        tables = {n: t if n in one.tables else t.slice(0, 0) for n, t in world.tables.items()}
        assert check(World(world.manifest, tables), undated=True, only=[one]) == check(world, undated=True, only=[one])


def test_references_agree_with_a_plain_search() -> None:
    rng = np.random.default_rng(7)
    edits = [memory(f"x-{n}", entity=f"e-{rng.integers(1, 5)}", superseded_by=None) for n in range(50)]
    world = world_of(changed(base_state(), edits))
    plain = {f"memory:{m['id']}" for m in world.memories.records() if m["entity"] not in (None, "e-1", "e-2")}
    assert {f.place for f in check(world)} == plain


@pytest.mark.parametrize("name", scenario.builtin())
def test_simulated_worlds_have_no_findings(name: str) -> None:
    world = simulate.world(scenario.load(name, {}), 3)
    assert check(world, undated=True) == []
