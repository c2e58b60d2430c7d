from __future__ import annotations

import pytest


@pytest.fixture
def trials(world):
    world("fork", "main", "trial", "-n", "3")
    return world


def names(shell, *patterns):
    return [b["name"] for b in shell.json("branch", *patterns)["branches"]]


def test_lists_branches_with_a_star_at_the_current_one(trials):
    rows = trials.json("branch")["branches"]
    assert [row["name"] for row in rows] == ["main", "trial-1", "trial-2", "trial-3"]
    assert [row["current"] for row in rows] == [True, False, False, False]
    lines = trials("branch").out.splitlines()
    assert len(lines) == 5
    assert lines[1].startswith("*  main")


def test_patterns_narrow_the_list(trials):
    assert names(trials, "trial-*") == ["trial-1", "trial-2", "trial-3"]
    assert names(trials, "*-2") == ["trial-2"]
    assert "No branch matches" in trials("branch", "x*").err


def test_delete_and_undo(trials):
    tip = trials.json("log", "trial-1")["commits"][0]["id"]
    assert trials.json("branch", "-d", "trial-*")["deleted"] == ["trial-1", "trial-2", "trial-3"]
    assert names(trials) == ["main"]
    trials("undo")
    assert names(trials) == ["main", "trial-1", "trial-2", "trial-3"]
    assert trials.json("log", "trial-1")["commits"][0]["id"] == tip


def test_rename_and_head_follows(trials):
    trials("branch", "-m", "trial-1", "kept")
    assert names(trials) == ["kept", "main", "trial-2", "trial-3"]
    trials("branch", "-m", "base")
    assert trials.json("status")["branch"] == "base"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-d", "trail-1"], "did you mean"),
        (["-d", "nothing-*"], "no branch matches"),
        (["-d"], "name the branches"),
        (["-d", "main"], "main"),
        (["-m", "mian", "x"], "did you mean"),
        (["-m", "trial-1", "main"], "main"),
        (["-m", "trial-1", "has space"], "has space"),
        (["-m"], "old and the new"),
        (["-d", "-m", "x"], "exclude"),
    ],
)
def test_bad_input_changes_nothing(trials, arguments, says):
    result = trials("branch", *arguments, code=2)
    assert says in result.err
    assert names(trials) == ["main", "trial-1", "trial-2", "trial-3"]


def test_an_empty_repository_has_none(memento):
    memento("init")
    result = memento("branch")
    assert "No branches yet" in result.err
    assert "memento generate" in result.hint
    assert memento.json("branch")["branches"] == []


def test_a_name_that_is_taken_and_one_that_is_not_there_are_told_with_the_command(world):
    world("fork", "main", "trial")
    assert "`memento branch -d trial`" in world("fork", "main", "trial", code=2).hint
    assert "`memento switch NAME`" in world("branch", "-d", "main", code=2).hint
    assert world("branch", "-d", "nope", code=2).hint == "`memento branch` lists what there is"
    assert world("tag", "-d", "nope", code=2).hint == "`memento tag` lists what there is"
    assert world("edit", "nope", "memory:x", "a=1", code=2).hint
    assert "`memento branch`" in world("merge", "main", "--into", "nope", code=2).hint


@pytest.fixture
def parted(trials):
    """main, and trial-1 a commit ahead of it; trial-2 and trial-3 where main was."""
    trials("edit", "trial-1", f"memory:{trials.ids('memories')[0]}", "importance=0.5")
    return trials


def test_branches_that_contain_or_lie_in_a_revision(parted):
    def chosen(*options):
        return [b["name"] for b in parted.json("branch", *options)["branches"]]

    assert chosen("--contains", "trial-1") == ["trial-1"]
    assert chosen("--contains", "main~1") == ["main", "trial-1", "trial-2", "trial-3"]
    assert chosen("--merged", "main") == ["main", "trial-2", "trial-3"]
    assert chosen("--no-merged", "main") == ["trial-1"]
    assert chosen("trial-*", "--merged", "trial-1") == ["trial-1", "trial-2", "trial-3"]
    assert chosen("--contains", "trial-1", "--merged", "main") == []


def test_the_order_and_the_number_of_rows(parted):
    def chosen(*options):
        return [b["name"] for b in parted.json("branch", *options)["branches"]]

    assert chosen("-n", "2") == ["main", "trial-1"]
    assert chosen("--sort", "newest", "-n", "1") == ["trial-1"]
    assert chosen("--sort", "oldest") == ["main", "trial-2", "trial-3", "trial-1"]
    assert len(parted("branch", "-2").out.splitlines()) == 3


def test_what_is_merged_is_deleted_and_the_current_branch_stays(parted):
    assert parted.json("branch", "-d", "--merged", "main")["deleted"] == ["trial-2", "trial-3"]
    assert names(parted) == ["main", "trial-1"]
    assert "no branch is left" in parted("branch", "-d", "--merged", "main", code=2).err
    assert "about lists" in parted("branch", "-d", "trial-1", "-n", "1", code=2).err
    assert "names alone" in parted("branch", "-m", "a", "--merged", "main", code=2).err
    assert "mian" in parted("branch", "--contains", "mian", code=2).err


def test_a_stream_is_one_document(world):
    world("fork", "main", "many", "-n", "2500")
    assert len(world.json("branch")["branches"]) == 2501
    assert world.json("branch", "x*") == {"schema": "memento.branch/1", "branches": []}


def test_the_deletion_of_thousands_is_one_operation(world):
    world("fork", "main", "many", "-n", "3000")
    before = len(world.json("oplog", "-n", "100")["operations"])
    world("branch", "-d", "many-*")
    assert names(world) == ["main"]
    assert len(world.json("oplog", "-n", "100")["operations"]) == before + 1
    world("undo")
    assert len(names(world)) == 3001
