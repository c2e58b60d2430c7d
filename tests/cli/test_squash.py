from __future__ import annotations

import pytest


@pytest.fixture
def parted(world):
    """Trial with three edits."""
    world.a, world.b, world.c = world.ids("memories")[:3]
    world("fork", "main", "trial")
    for key in (world.a, world.b, world.c):
        world("edit", "trial", f"memory:{key}", "importance=0.9", "-m", f"{key} is weighty")
    return world


def test_a_branch_comes_in_as_one_commit(parted):
    before = parted.json("log")["commits"][0]["id"]
    said = parted("squash", "trial", "--into", "main")
    assert "trial squashed into main as one commit, " in said.err
    commit = parted.json("log")["commits"][0]
    assert commit["parents"] == [before]
    assert commit["message"].splitlines()[0] == "Squash trial into main"
    assert parted.json("diff", "main", "trial")["stat"] == {}
    assert "main has all of trial already" in parted("squash", "trial").err


def test_it_stops_at_conflicts(parted):
    parted("edit", "main", f"memory:{parted.a}", "importance=0.1")
    assert "Squashing trial into main stopped at 1 conflict" in parted("squash", "trial", code=1).err
    assert "memento squash --abort" in parted("conflicts").hint
    parted("resolve", "--all", "--ours")
    parted("squash", "--continue")
    assert parted.json("show", f"memory:{parted.a}")["record"]["importance"] == 0.1


@pytest.mark.parametrize("form", [["-n", "3", "trial"], ["-3", "trial"], ["main..trial"]])
def test_the_last_commits_are_folded(parted, form):
    tree = parted.json("log", "trial")["commits"][0]["tree"]
    assert "3 commits of trial would be squashed" in parted("squash", *form, "--dry-run").err
    said = parted("squash", *form)
    assert "3 commits of trial squashed into one commit as" in said.err
    commit, parent = parted.json("log", "trial", "-n", "2")["commits"]
    assert commit["tree"] == tree
    assert commit["parents"] == [parent["id"]] == [parted.json("log", "main")["commits"][0]["id"]]
    assert "Nothing to fold" in parted("squash", "main..trial").err
    parted("undo")
    assert parted.json("log", "trial")["commits"][0]["message"] == f"{parted.c} is weighty"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "say what to squash"),
        (["trail"], "did you mean trial"),
        (["-n", "99"], "has 4 commits, not 99"),
        (["-n", "0"], "0"),
        (["trial..main"], "is not in the history of main"),
        (["main...trial"], "is not REV..BRANCH"),
        (["..trial"], "is not REV..BRANCH"),
        (["main..trial", "-n", "2"], "one range"),
        (["-n", "2", "--into", "main"], "go with a branch"),
        (["--continue"], "no squash is in progress"),
    ],
)
def test_bad_input_changes_nothing(parted, arguments, says):
    before = parted.json("log", "--all")
    assert says in parted("squash", *arguments, code=2).err
    assert parted.json("log", "--all") == before
