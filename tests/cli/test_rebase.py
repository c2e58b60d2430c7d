from __future__ import annotations

import pytest


@pytest.fixture
def parted(world):
    """Trial with three edits, the second of a memory that main changed too."""
    world.a, world.b, world.c = world.ids("memories")[:3]
    world("fork", "main", "trial")
    for key in (world.a, world.b, world.c):
        world("edit", "trial", f"memory:{key}", "importance=0.9", "-m", f"{key} is weighty")
    world("edit", "main", f"memory:{world.b}", "importance=0.1", "-m", "b is light")
    return world


def test_a_rebase_stops_is_shown_and_ends_as_one_operation(parted):
    tip = parted.json("log", "trial")["commits"][0]["id"]
    stopped = parted("rebase", "main", "trial", code=1)
    assert "Rebasing trial onto main stopped at step 2 of 3" in stopped.err
    assert "Rebasing trial onto main: 1 of 3 done, 1 conflict" in parted("status").out
    assert parted.json("status")["merge"]["done"] == 1
    assert parted.json("log", "trial")["commits"][0]["id"] == tip
    assert "1 conflict still open" in parted("rebase", "--continue", code=1).err
    parted("resolve", "--all", "--theirs")
    done = parted("rebase", "--continue")
    assert "trial rebased onto main: 3 commits, now at" in done.err
    messages = [commit["message"] for commit in parted.json("log", "trial", "-n", "4")["commits"]]
    assert messages == [f"{key} is weighty" for key in (parted.c, parted.b, parted.a)] + ["b is light"]
    assert len(parted.json("undo", "--list", "-n", "1")["operations"][0]["changes"]) == 1
    parted("undo")
    assert parted.json("log", "trial")["commits"][0]["id"] == tip


def test_up_to_date_forward_and_onto(parted):
    assert "trial~3 already" in parted("rebase", "trial~3", "trial").err
    parted("fork", "main~1", "old")
    assert "moved forward" in parted("rebase", "main", "old").err
    document = parted.json("rebase", "--onto", "main", "trial~1", "trial")
    assert (document["kind"], document["total"]) == ("done", 1)
    assert parted.json("show", f"memory:{parted.a}@trial")["record"]["importance"] != 0.9


def test_a_side_decides_and_a_dry_run_keeps_nothing(parted):
    before = parted.json("log", "--all")
    assert "would stop at step 2 of 3" in parted("rebase", "main", "trial", "--dry-run", code=1).err
    assert parted.json("rebase", "main", "trial", "--theirs", "-n")["kind"] == "done"
    assert parted.json("log", "--all") == before
    document = parted.json("rebase", "main", "trial", "--ours")
    assert (len(document["made"]), len(document["dropped"])) == (2, 1)


def test_the_current_branch_is_rebased_if_none_is_named(parted):
    parted("switch", "trial")
    assert parted.json("rebase", "main", "--skip", code=2)["exit_code"] == 2
    parted("rebase", "main", code=1)
    assert parted.json("rebase", "--skip")["branch"] == "trial"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name the branch to rebase onto"),
        (["mian"], "did you mean main"),
        (["main", "trail"], "did you mean trial"),
        (["main", "trial", "--onto", "mian"], "did you mean main"),
        (["--continue"], "no rebase is in progress"),
        (["main", "trial", "--abort"], "alone"),
        (["main", "trial", "--ours", "--theirs"], "exclude"),
    ],
)
def test_bad_input_changes_nothing(parted, arguments, says):
    before = parted.json("log", "--all")
    assert says in parted("rebase", *arguments, code=2).err
    assert parted.json("log", "--all") == before
