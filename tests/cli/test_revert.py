from __future__ import annotations

import pytest


@pytest.fixture
def edited(world):
    """Main with two edits of one memory."""
    world.a = world.ids("memories")[0]
    world.was = world.json("show", f"memory:{world.a}")["record"]["importance"]
    world("edit", "main", f"memory:{world.a}", "importance=0.9", "-m", "a is weighty")
    world("edit", "main", f"memory:{world.a}", "pinned=true", "-m", "pin it")
    return world


def test_a_commit_is_taken_back_by_a_new_one(edited):
    document = edited.json("revert", "main~1")
    assert document["kind"] == "done"
    record = edited.json("show", f"memory:{edited.a}")["record"]
    assert (record["importance"], record["pinned"]) == (edited.was, True)
    assert edited.json("log")["commits"][0]["message"].startswith('Revert "a is weighty"\n\nThis reverts commit ')
    said = edited("revert", "main")
    assert "1 commit reverted on main, now at" in said.err
    assert edited.json("show", f"memory:{edited.a}")["record"]["importance"] == 0.9
    assert edited.json("log")["commits"][0]["message"].startswith('Reapply "a is weighty"')


def test_what_was_changed_since_is_a_conflict(edited):
    edited("edit", "main", f"memory:{edited.a}", "importance=0.5")
    stopped = edited("revert", "main~2", code=1)
    commit = edited.json("log")["commits"][2]["id"][:8]
    assert f"{edited.was} in the parent of {commit}" in stopped.out
    assert "Reverting main~2 on main: 1 conflict" in edited("status").out
    edited("resolve", "--all", "--theirs")
    edited("revert", "--continue")
    assert edited.json("show", f"memory:{edited.a}")["record"]["importance"] == edited.was


def test_a_range_and_what_is_gone_already(edited):
    assert len(edited.json("revert", "main~2..main")["made"]) == 2
    assert edited.json("diff", "main~4", "main")["stat"] == {}
    assert "main has nothing left of main~3" in edited("revert", "main~3").err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name the commits"),
        (["main..main"], "is empty"),
        (["HEAD~99"], "goes beyond the first commit"),
        (["--continue"], "no revert is in progress"),
        (["main", "--skip"], "alone"),
    ],
)
def test_bad_input_changes_nothing(edited, arguments, says):
    before = edited.json("log", "--all")
    assert says in edited("revert", *arguments, code=2).err
    assert edited.json("log", "--all") == before


def test_the_first_commit_stays(edited):
    first = edited.json("log")["commits"][-1]["id"]
    result = edited("revert", first, code=2)
    assert "without it there is no world" in result.err
    assert result.hint
