"""What every operator keeps to, and what is its own."""

from __future__ import annotations

import numpy as np
import pytest

from memento.changes import edit
from memento.changes.operations import Delete
from memento.changes.snapshot import Snapshot
from memento.errors import InvalidFile, NotFound, UsageError
from memento.history import Repository
from memento.simulate.again import again
from memento.vary import CATALOG, Operator, parse
from memento.vary.cascade import without
from memento.world import tree
from memento.world.check import check
from memento.world.tree import Delta
from memento.world.world import World


def applied(repository: Repository, operator: Operator, key: int) -> str:
    objects, at = repository.objects, repository.tree_of("main")
    result = operator.apply(tree.read(objects, at), key)
    return tree.apply(objects, at, result) if isinstance(result, Delta) else tree.write(objects, result)


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_operator_is_a_function_of_world_and_key(repository: Repository, name: str) -> None:
    operator = CATALOG[name]()
    assert operator.name == name
    first = applied(repository, operator, 1)
    assert applied(repository, operator, 1) == first
    assert applied(repository, operator, 2) != first
    assert first != repository.tree_of("main")
    assert tree.write(repository.objects, tree.read(repository.objects, first)) == first


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_operator_leaves_a_sound_world(repository: Repository, tiny: World, name: str) -> None:
    after = tree.read(repository.objects, applied(repository, CATALOG[name](), 3))
    assert len(check(after)) <= len(check(tiny))


@pytest.mark.parametrize("name", list(CATALOG))
def test_parameters_are_checked_and_come_back(name: str) -> None:
    operator = CATALOG[name]()
    assert CATALOG[name].from_map(operator.to_map()) == operator
    for spec in operator.parameters():
        assert spec.doc
        if spec.kind != "text":
            for wrong in (spec.low - 1, spec.high + 1, "x", float("nan"), True):
                with pytest.raises(InvalidFile, match=spec.name):
                    CATALOG[name].from_map({spec.name: wrong})
    with pytest.raises(InvalidFile, match="no parameter 'zzz'"):
        CATALOG[name].from_map({"zzz": 1})


def test_operators_are_read_from_words() -> None:
    drop, jitter, shift = parse(["drop:share=0.25,jitter", "shift:hours=3"])
    assert drop.to_map() == {"share": 0.25}
    assert jitter.name == "jitter"
    assert str(shift) == "shift:hours=3"
    with pytest.raises(NotFound, match="no operator named 'dorp'"):
        parse(["dorp"])
    with pytest.raises(UsageError, match="is not key=value"):
        parse(["drop:0.2"])
    with pytest.raises(InvalidFile, match=r"hours=1\.5 is not a whole number"):
        parse(["shift:hours=1.5"])


def test_a_larger_share_drops_the_same_and_more(tiny: World) -> None:
    gone = [set(parse([f"drop:share={s}"])[0].apply(tiny, 5).deletes["memories"]) for s in (0.1, 0.4)]  # type: ignore[union-attr]
    assert gone[0] < gone[1]
    assert set(parse(["drop:share=1"])[0].apply(tiny, 5).deletes["memories"]) == set(tiny.memories["id"])  # type: ignore[union-attr]


@pytest.mark.parametrize("table", ["memories", "sessions", "entities"])
def test_leaving_out_is_what_a_cascading_edit_does(repository: Repository, tiny: World, table: str) -> None:
    at, objects = repository.tree_of("main"), repository.objects
    keys = tiny.tables[table]["id"][:3].tolist()
    ours = tree.apply(objects, at, without(tiny, table, keys))
    delta = edit.plan(Snapshot(objects, at), [Delete(table, key, cascade=True) for key in keys])
    assert ours == tree.apply(objects, at, delta)
    assert not without(tiny, table, [])


def test_jitter_moves_importance_alone(tiny: World) -> None:
    delta = parse(["jitter:share=1:sd=0.2"])[0].apply(tiny, 1)
    moved = delta.upserts["memories"]  # type: ignore[union-attr]
    before = tiny.memories.take(tiny.memories.rows(moved["id"].tolist()))
    assert moved == before.replace(importance=moved["importance"])
    spread = (moved["importance"] - before["importance"])[(moved["importance"] > 0) & (moved["importance"] < 1)]
    assert 0.1 < float(np.std(spread)) < 0.3


def test_parameter_simulates_again_with_what_is_set_or_drawn(tiny: World) -> None:
    fixed = parse(["parameter:topics.stickiness=0.3:since=2026-03-16T09:00:00Z"])[0]
    assert fixed.to_map() == {"topics.stickiness": "0.3", "since": "2026-03-16T09:00:00Z"}
    told = fixed.apply(tiny, 1)
    assert isinstance(told, World)
    assert told == fixed.apply(tiny, 2) == again(tiny, {"topics.stickiness": "0.3"}, 1773651600)
    drawn = parse(["parameter:memories.count=10..12:topics.stickiness=0.1..0.9"])[0]
    values = [drawn.apply(tiny, key).manifest.scenario for key in range(12)]  # type: ignore[union-attr]
    assert {value["memories"]["count"] for value in values} == {10, 11, 12}
    assert all(0.1 <= value["topics"]["stickiness"] < 0.9 for value in values)
    lists = parse(["parameter:sessions.project_activity=[0.5,2],jitter"])
    assert [operator.name for operator in lists] == ["parameter", "jitter"]


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("topics.stickines=0.3", "did you mean topics.stickiness"),
        ("topics.stickiness=2", "is not from 0 to 1"),
        ("topics.stickiness=0.5..2", "is not from 0 to 1"),
        ("topics.stickiness=0.9..0.1", "LOW being the lesser"),
        ("entities.domain=a..b", "for numbers alone"),
        ("topics=3", "no parameter 'topics'"),
        ("since=x", "is not a time"),
        ("set=topics.stickiness", "is not KEY=VALUE"),
    ],
)
def test_parameter_refuses_what_no_scenario_can_have(word: str, says: str) -> None:
    with pytest.raises(InvalidFile, match=says):
        parse([f"parameter:{word}"])


def test_shift_keeps_every_distance(tiny: World) -> None:
    moved = parse(["shift:hours=5"])[0].apply(tiny, 4)
    by = moved.manifest.clock - tiny.manifest.clock  # type: ignore[union-attr]
    assert by % 3600 == 0
    assert 1 <= abs(by) // 3600 <= 5
    rows = moved.sessions.rows(tiny.sessions["id"].tolist())  # type: ignore[union-attr]
    assert (moved.sessions["started_at"][rows] - tiny.sessions["started_at"] == by).all()  # type: ignore[union-attr]
    assert sorted(moved.memories["text"]) == sorted(tiny.memories["text"])  # type: ignore[union-attr]
