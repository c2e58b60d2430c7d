from __future__ import annotations

import pytest


@pytest.fixture
def parted(world):
    """Trial with two edits, the second of a memory that main changed too."""
    world.a, world.b = world.ids("memories")[:2]
    world("fork", "main", "trial")
    world("edit", "trial", f"memory:{world.a}", "importance=0.9", "-m", "a is weighty")
    world("edit", "trial", f"memory:{world.b}", "importance=0.8", "-m", "b is weighty")
    world("edit", "main", f"memory:{world.b}", "importance=0.1", "-m", "b is light")
    return world


def importance(world, key, revision="main"):
    return world.json("show", f"memory:{key}@{revision}")["record"]["importance"]


def test_one_commit_comes_over(parted):
    document = parted.json("cherry-pick", "trial~1")
    assert (document["kind"], document["verb"], len(document["made"])) == ("done", "cherry-pick", 1)
    assert importance(parted, parted.a) == 0.9
    commit = parted.json("log", "-n", "1")["commits"][0]
    assert (commit["id"], commit["message"]) == (document["commit"], "a is weighty")
    again = parted("cherry-pick", "trial~1")
    assert "main has the changes of trial~1 already" in again.err
    assert "left out" in again.out
    parted("undo")
    assert importance(parted, parted.a) != 0.9


def test_a_range_stops_at_a_conflict_and_goes_on(parted):
    before = parted.json("log")
    stopped = parted("cherry-pick", "main..trial", code=1)
    assert "Picking main..trial onto main stopped at step 2 of 2" in stopped.err
    assert "memento cherry-pick --skip" in stopped.hint
    assert parted.json("log") == before
    assert "Picking main..trial onto main: 1 of 2 done, 1 conflict" in parted("status").out
    assert parted("conflicts").err.startswith("Picking main..trial onto main: 1 of 2 done")
    parted("resolve", "--all", "--theirs")
    assert "`memento cherry-pick --continue` goes on" in parted("status").hint
    done = parted("cherry-pick", "--continue")
    assert "2 commits picked onto main, now at" in done.err
    assert "memento undo" in done.hint
    assert (importance(parted, parted.a), importance(parted, parted.b)) == (0.9, 0.8)


def test_skip_and_abort(parted):
    parted("cherry-pick", "main..trial", code=1)
    assert parted.json("cherry-pick", "--skip")["kind"] == "done"
    assert importance(parted, parted.b) == 0.1
    parted("undo")
    parted("cherry-pick", "trial", code=1)
    assert "no branch has moved" in parted("cherry-pick", "--abort").err
    assert parted.json("status")["merge"] is None


def test_onto_another_branch_with_words_and_origin(parted):
    parted("cherry-pick", "main", "--onto", "trial", "--theirs", "--message", "lighter", "-x")
    assert importance(parted, parted.b, "trial") == 0.1
    assert parted.json("log", "trial")["commits"][0]["message"] == "lighter"


def test_a_dry_run_tells_what_would_change(parted):
    before = parted.json("log", "--all")
    document = parted.json("cherry-pick", "trial~1", "--dry-run")
    assert document["records"] == {"memories": {"added": 0, "removed": 0, "changed": 1}}
    assert {"pairs", "up", "down", "changed"} <= set(document["flips"])
    said = parted("cherry-pick", "trial~1", "-n")
    assert "1 commit would be picked onto main" in said.err
    assert "1 record would change" in said.out
    assert "would flip" in said.out
    assert "would stop at step 2 of 2" in parted("cherry-pick", "main..trial", "-n", code=1).err
    assert parted.json("log", "--all") == before
    assert parted.json("status")["merge"] is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name the commits"),
        (["trail"], "did you mean trial"),
        (["trial", "--onto", "mian"], "did you mean main"),
        (["trial..trial"], "is empty"),
        (["trial...main"], "two sides"),
        (["trial", "--mainline", "2"], "there is no parent 2"),
        (["trial", "--mainline", "0"], "0"),
        (["main..trial", "--message", "x"], "one message for 2 commits"),
        (["trial", "--ours", "--theirs"], "exclude"),
        (["trial", "--continue"], "alone"),
        (["--skip", "--abort"], "alone"),
        (["--continue"], "no cherry-pick is in progress"),
        (["--skip"], "no cherry-pick is in progress"),
        (["--abort"], "no cherry-pick is in progress"),
    ],
)
def test_bad_input_changes_nothing(parted, arguments, says):
    before = parted.json("log", "--all")
    result = parted("cherry-pick", *arguments, code=2)
    assert says in result.err
    assert result.hint
    assert parted.json("log", "--all") == before


def test_a_merge_cannot_end_a_pick(parted):
    parted("cherry-pick", "trial", code=1)
    result = parted("merge", "--continue", code=2)
    assert "a cherry-pick is in progress, not a merge" in result.err
    assert "memento cherry-pick --continue" in result.hint
    assert "a cherry-pick is in progress" in parted("rebase", "main", "trial", code=1).err
