from __future__ import annotations

import pytest


@pytest.fixture
def stopped(world):
    """A merge of trial into main that stopped at two conflicts."""
    world.a, world.b = world.ids("memories")[:2]
    world.before = world.json("show", f"memory:{world.a}")["record"]["importance"]
    world("fork", "main", "trial")
    world("edit", "trial", f"memory:{world.a}", "importance=0.9", f"memory:{world.b}", "text=theirs")
    world("edit", "main", f"memory:{world.a}", "importance=0.2", f"memory:{world.b}", "text=ours")
    world.conflicts = {c["field"]: c["id"] for c in world.json("merge", "trial", code=1)["conflicts"]}
    return world


@pytest.mark.parametrize(
    ("way", "value"), [(["--ours"], 0.2), (["--theirs"], 0.9), (["--base"], None), (["--value", "0.5"], 0.5)]
)
def test_one_by_one(stopped, way, value):
    document = stopped.json("resolve", stopped.conflicts["importance"], *way)
    assert [c["field"] for c in document["conflicts"]] == ["text"]
    result = stopped("resolve", stopped.conflicts["text"][:7], "--theirs")
    assert "nothing is open any more" in result.err
    assert "merge --continue" in result.hint
    stopped("merge", "--continue")
    records = {r["id"]: r for r in stopped.json("show", "-t", "memories")["memories"]}
    assert records[stopped.a]["importance"] == (stopped.before if value is None else value)
    assert records[stopped.b]["text"] == "theirs"


def test_all_at_once_and_changed_again(stopped):
    assert len(stopped.json("resolve", "--all", "--ours")["resolved"]) == 2
    assert stopped.json("conflicts")["conflicts"] == []
    stopped("merge", "--continue")
    assert stopped.json("show", f"memory:{stopped.b}")["record"]["text"] == "ours"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["zzz", "--ours"], "zzz"),
        (["--all"], "say how"),
        (["--ours"], "name what"),
        (["--all", "--ours", "--theirs"], "one way"),
        (["c", "--all", "--ours"], "name what"),
        (["--all", "--value", "high"], "importance"),
        (["--fix", "0", "c"], "--fix"),
    ],
)
def test_bad_input_decides_nothing(stopped, arguments, says):
    assert says in stopped("resolve", *arguments, code=2).err
    assert len(stopped.json("conflicts")["conflicts"]) == 2


def test_a_fix_is_for_violations(stopped):
    result = stopped("resolve", stopped.conflicts["text"], "--fix", "1", code=2)
    assert "is a conflict" in result.err
    assert "--ours" in result.hint


def test_a_value_is_checked(stopped):
    assert "from 0 to 1" in stopped("resolve", stopped.conflicts["importance"], "--value", "7", code=2).err


def test_no_merge(world):
    assert "no merge is in progress" in world("resolve", "--all", "--ours", code=2).err


def test_a_violation_has_numbered_fixes(world):
    """Both sides delete the other's half of a pair: each is right alone, together they dangle."""
    memory = world.ids("memories")[0]
    world("fork", "main", "trial")
    fields = ["text=About a newcomer", "created_at=2026-02-01T00:00:00Z"]
    entity = ["entity:newcomer", "--add", "name=Newcomer", "created_at=2026-01-20T00:00:00Z"]
    world("undo")
    world("edit", "main", *entity)
    world("fork", "main", "trial")
    world("edit", "trial", "memory:about", "--add", *fields, "entity=newcomer")
    world("edit", "main", "entity:newcomer", "--delete")
    document = world.json("merge", "trial", code=1)
    assert document["violations"], document
    violation = document["violations"][0]
    assert violation["fixes"]
    text = world("conflicts").out
    assert f"memento resolve {violation['id']} --fix 1  (or --fix 2" in text
    assert "1. " in text
    world("resolve", violation["id"], "--accept")
    world("resolve", violation["id"], "--fix", "1", "--ours")
    result = world("merge", "--continue")
    assert f"decided memory:about: {violation['fixes'][0]['words']}" in result.out
    assert "accepted" not in result.out
    assert memory in world.ids("memories")


def test_a_decision_may_be_taken_anew(stopped):
    conflict = stopped.conflicts["importance"]
    stopped("resolve", conflict, "--ours")
    stopped("resolve", conflict, "--value", "0.25")
    place = f"memory:{stopped.a}.importance"
    assert [c["id"] for c in stopped.json("conflicts", place)["conflicts"]] == [conflict]
    stopped("resolve", "c", "--theirs")
    stopped("merge", "--continue")
    assert stopped.json("show", f"memory:{stopped.a}")["record"]["importance"] == 0.25
    assert stopped.json("show", f"memory:{stopped.b}")["record"]["text"] == "theirs"
    assert stopped.json("undo", "--list")["operations"][0]["description"] == "merge trial into main"
