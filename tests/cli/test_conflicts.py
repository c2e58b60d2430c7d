from __future__ import annotations

import pytest


@pytest.fixture
def stopped(world):
    """A merge of trial into main that stopped at two conflicts."""
    world.a, world.b = world.ids("memories")[:2]
    world("fork", "main", "trial")
    world("edit", "trial", f"memory:{world.a}", "importance=0.9", f"memory:{world.b}", "text=theirs")
    world("edit", "main", f"memory:{world.a}", "importance=0.2", f"memory:{world.b}", "text=ours")
    world("merge", "trial", code=1)
    return world


def test_lists_what_is_open(stopped):
    document = stopped.json("conflicts")
    assert {c["place"] for c in document["conflicts"]} == {f"memory:{stopped.a}.importance", f"memory:{stopped.b}.text"}
    conflict = next(c for c in document["conflicts"] if c["field"] == "text")
    assert (conflict["ours"], conflict["theirs"]) == ("ours", "theirs")
    result = stopped("conflicts")
    assert "2 conflicts" in result.err
    assert f"memento resolve {conflict['id']} --ours  (or --theirs, --base, --value VALUE)" in result.out
    first = document["conflicts"][0]["id"]
    assert f"`memento resolve {first} --ours` decides one" in result.hint
    stopped("resolve", first, "--ours")


def test_one_by_its_beginning_or_its_place(stopped):
    conflict = stopped.json("conflicts")["conflicts"][0]
    for name in (conflict["id"], conflict["id"][:6], conflict["place"]):
        assert [c["id"] for c in stopped.json("conflicts", name)["conflicts"]] == [conflict["id"]]
    assert "ours" in stopped("conflicts", conflict["id"]).out


def test_no_merge_is_not_an_error(world):
    assert world.json("conflicts") == {
        "schema": "memento.conflicts/1",
        "merge": None,
        "conflicts": [],
        "violations": [],
    }
    assert "No merge is in progress" in world("conflicts").err


def test_unknown_and_ambiguous_ids(stopped):
    assert "conflict" in stopped("conflicts", "zzz", code=2).err
    assert "begins 2 ids" in stopped("conflicts", "c", code=2).err


def test_all_decided(stopped):
    stopped("resolve", "--all", "--ours")
    result = stopped("conflicts")
    assert "everything is decided" in result.err
    assert "--continue" in result.hint
