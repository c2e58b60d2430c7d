from __future__ import annotations

import pytest


@pytest.fixture
def parted(world):
    """Main and trial, parted, each with an edit of another memory."""
    world.a, world.b = world.ids("memories")[:2]
    world("fork", "main", "trial")
    world("edit", "trial", f"memory:{world.a}", "importance=0.9", "-m", "trial's edit")
    world("edit", "main", f"memory:{world.b}", "importance=0.1")
    return world


@pytest.fixture
def conflicting(parted):
    """The same, and one field changed apart."""
    parted("edit", "main", f"memory:{parted.a}", "importance=0.2")
    return parted


def test_takes_both_sides(parted):
    merged = parted.json("merge", "trial")
    assert merged["kind"] == "merged"
    assert merged["branch"] == "main"
    records = {r["id"]: r for r in parted.json("show", "-t", "memories")["memories"]}
    assert (records[parted.a]["importance"], records[parted.b]["importance"]) == (0.9, 0.1)
    assert parted.json("log")["commits"][0]["id"] == merged["commit"]
    assert len(parted.json("log")["commits"][0]["parents"]) == 2


def test_into_another_branch_with_a_message(parted):
    merged = parted.json("merge", "main", "--into", "trial", "-m", "bring main in")
    assert merged["branch"] == "trial"
    assert parted.json("log", "trial")["commits"][0]["message"] == "bring main in"


def test_says_what_came_in(parted):
    result = parted("merge", "trial")
    assert "trial merged into main" in result.err
    assert "trial: memories 1 changed" in result.out
    assert "memento undo" in result.hint


def test_again_is_a_no_op_and_behind_is_a_fast_forward(parted):
    parted("merge", "trial")
    assert parted.json("merge", "trial")["kind"] == "up to date"
    assert "already" in parted("merge", "trial").err
    assert parted.json("merge", "main", "--into", "trial")["kind"] == "fast-forward"
    assert parted.json("diff", "main", "trial")["stat"] == {}


def test_a_dry_run_changes_nothing(conflicting):
    before = conflicting.json("log", "--all")
    document = conflicting.json("merge", "trial", "--dry-run", code=1)
    assert document["dry_run"] is True
    assert len(document["conflicts"]) == 1
    assert conflicting.json("log", "--all") == before
    assert conflicting.json("status")["merge"] is None
    assert "would stop at 1 conflict" in conflicting("merge", "trial", "-n", code=1).err


def test_a_dry_run_tells_records_conflicts_and_labels(conflicting):
    document = conflicting.json("merge", "trial", "-n", code=1)
    assert document["records"] == {}
    said = conflicting("merge", "trial", "-n", code=1).out
    assert "main: 0 records would change, 1 conflict, 0 contradictions" in said
    document = conflicting.json("merge", "trial", "-n", "--theirs")
    assert document["records"] == {"memories": {"added": 0, "removed": 0, "changed": 1}}
    assert document["flips"]["pairs"] > 0
    conflicting("merge", "trial", "--theirs")
    conflicting("fork", "main~1", "behind")
    assert conflicting.json("merge", "main", "--into", "behind", "-n")["records"] == document["records"]


def test_many_branches_become_one_commit(parted):
    parted("fork", "main~1", "v", "-n", "3")
    for number in (1, 2, 3):
        memory = parted.ids("memories")[2 + number]
        parted("edit", f"v-{number}", f"memory:{memory}", "importance=0.6")
    said = parted("merge", "v-1", "v-2", "v-3", "trial")
    assert "merged into main as" in said.err
    commit = parted.json("log", "-n", "1")["commits"][0]
    assert len(commit["parents"]) == 5
    assert "has all of" in parted("merge", "v-1", "trial").err


def test_a_conflict_stops_with_1_and_says_what_now(conflicting):
    before = conflicting.json("log")
    result = conflicting("merge", "trial", code=1)
    assert "stopped at 1 conflict" in result.err
    assert f"memory:{conflicting.a}.importance" in result.out
    assert "0.2 in main" in result.out
    assert "0.9 in trial" in result.out
    assert "memento resolve" in result.out
    assert "memento conflicts" in result.hint
    assert conflicting.json("log") == before
    assert conflicting.json("status")["merge"]["conflicts"]
    assert "Merging trial into main: 1 conflict" in conflicting("status").out


@pytest.mark.parametrize(("side", "value"), [("--ours", 0.2), ("--theirs", 0.9)])
def test_a_side_decides_every_conflict(conflicting, side, value):
    merged = conflicting.json("merge", "trial", side)
    assert merged["kind"] == "merged"
    assert conflicting.json("show", f"memory:{conflicting.a}")["record"]["importance"] == value


def test_abort(conflicting):
    conflicting("merge", "trial", code=1)
    assert "no branch has moved" in conflicting("merge", "--abort").err
    assert conflicting.json("status")["merge"] is None


def test_resolve_and_continue(conflicting):
    conflict = conflicting.json("merge", "trial", code=1)["conflicts"][0]
    assert "1 conflict still open" in conflicting("merge", "--continue", code=1).err
    conflicting("resolve", conflict["id"], "--value", "0.5")
    merged = conflicting.json("merge", "--continue")
    assert merged["kind"] == "merged"
    assert conflicting.json("show", f"memory:{conflicting.a}")["record"]["importance"] == 0.5
    assert conflicting.json("status")["merge"] is None


def test_another_merge_must_wait(conflicting):
    conflicting("merge", "trial", code=1)
    result = conflicting("merge", "trial", code=1)
    assert "in progress" in result.err
    assert "--abort" in result.hint


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["trail"], "did you mean trial"),
        (["trial", "--into", "mian"], "did you mean main"),
        ([], "name the branch"),
        (["trial", "--ours", "--theirs"], "exclude"),
        (["trial", "--continue"], "alone"),
        (["--continue"], "no merge is in progress"),
        (["--abort"], "no merge is in progress"),
    ],
)
def test_bad_input_changes_nothing(parted, arguments, says):
    before = parted.json("log", "--all")
    assert says in parted("merge", *arguments, code=2).err
    assert parted.json("log", "--all") == before
