from __future__ import annotations

import pytest


def test_takes_back_an_edit_and_brings_it_back(world):
    memory = f"memory:{world.ids('memories')[0]}"
    before = world.json("show", memory)["record"]
    world("edit", "main", memory, "importance=0.123")
    undone = world.json("undo")["undone"]
    assert "importance" in undone["description"]
    assert world.json("show", memory)["record"] == before
    world("undo", "--redo")
    assert world.json("show", memory)["record"]["importance"] == 0.123


def test_takes_back_a_whole_world(memento):
    memento("init")
    memento("generate", "tiny")
    result = memento("undo")
    assert "generate tiny" in result.err
    assert "memento redo" in result.hint
    assert memento.json("branch")["branches"] == []
    memento("undo", "--redo")
    assert len(memento.json("branch")["branches"]) == 1


def test_the_list_shows_the_newest_first(world):
    world("fork", "main", "a")
    world("fork", "main", "b")
    rows = world.json("undo", "--list")["operations"]
    assert len(rows) >= 3
    assert "b" in rows[0]["description"]
    assert "a" in rows[1]["description"]
    assert len(world.json("undo", "--list", "-n", "1")["operations"]) == 1
    assert len(world("undo", "--list").out.splitlines()) == len(rows) + 1


def test_nothing_left_to_undo(memento):
    memento("init")
    result = memento("undo", code=2)
    assert "nothing" in result.err.lower()
    assert result.hint == "`memento oplog` lists what was done"
    assert memento("undo", "--redo", code=2).hint == "`memento oplog` lists what was done"
    memento("undo", "--list", "--redo", code=2)


def test_the_deletion_of_many_branches_is_one_short_line(world):
    world("fork", "main", "trial", "-n", "40")
    world("branch", "-d", "trial-*")
    said = world.json("undo", "--list")["operations"][0]["description"]
    assert said == "delete branch trial-01, trial-02, trial-03, trial-04, trial-05 and 35 more"


def tips(shell):
    return {row["name"]: row["commit"] for row in shell.json("branch")["branches"]}


def test_several_at_once_are_one_operation(world):
    memory = f"memory:{world.ids('memories')[0]}"
    before = tips(world)
    world("fork", "main", "a")
    world("edit", "main", memory, "importance=0.1")
    world("edit", "main", memory, "importance=0.2")
    after = tips(world)
    result = world("undo", "3")
    assert "Took back 3 operations" in result.err
    assert result.hint == "`memento redo 3` brings them back"
    assert tips(world) == before
    world("redo", "3")
    assert tips(world) == after
    words = [row["description"] for row in world.json("oplog", "-n", "2")["operations"]]
    assert words[0].startswith("redo 3 operations")
    assert words[1].startswith("undo 3 operations")


def test_after_several_undone_each_comes_back_in_turn(world):
    memory = f"memory:{world.ids('memories')[0]}"
    seen = [tips(world)]
    for value in ("0.1", "0.2", "0.3"):
        world("edit", "main", memory, f"importance={value}")
        seen.append(tips(world))
    world("undo", "2")
    assert tips(world) == seen[1]
    world("redo")
    assert tips(world) == seen[2]
    world("undo", "2")
    assert tips(world) == seen[0]
    world("redo", "3")
    assert tips(world) == seen[3]


def test_one_earlier_operation_alone(world):
    memory = f"memory:{world.ids('memories')[0]}"
    world("fork", "main", "a")
    fork = world.json("oplog")["operations"][0]["id"]
    world("edit", "main", memory, "importance=0.1")
    edited = tips(world)
    result = world("undo", fork[:8])
    assert "fork main to a" in result.err
    assert result.hint == "`memento undo` brings it back"
    assert tips(world) == {"main": edited["main"]}
    world("undo")
    assert tips(world) == edited
    world("redo")
    assert tips(world) == {"main": edited["main"]}


def test_an_earlier_operation_whose_branch_moved_since_is_refused(world):
    memory = f"memory:{world.ids('memories')[0]}"
    world("edit", "main", memory, "importance=0.1")
    edit = world.json("oplog")["operations"][0]["id"]
    world("edit", "main", memory, "importance=0.2")
    world("fork", "main", "a")
    before = tips(world)
    result = world("undo", edit[:10], code=2)
    assert "moved since, branch main by" in result.err
    assert "`memento undo 3`" in result.hint
    assert tips(world) == before


def test_what_is_undone_already_is_no_more_to_undo(world):
    world("fork", "main", "a")
    operation = world.json("oplog")["operations"][0]["id"]
    world("undo")
    undo = world.json("oplog")["operations"][0]["id"]
    assert "has been taken back" in world("undo", operation[:12], code=2).err
    assert "is an undo or a redo itself" in world("undo", undo[:12], code=2).err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["undo", "0"], "nothing to do"),
        (["undo", "x"], "neither a number"),
        (["undo", "-3"], "`memento undo 3`"),
        (["undo", "99"], "cannot undo 99 operations"),
        (["undo", "abcdef0123456789"], "no operation named"),
        (["undo", "--redo", "abcdef012"], "not a number"),
        (["redo", "0"], "0"),
        (["redo", "x"], "x"),
        (["redo"], "nothing to redo"),
        (["undo", "1", "2"], "2"),
    ],
)
def test_bad_input_changes_nothing(world, arguments, says):
    before, operations = tips(world), world.json("oplog")["operations"]
    result = world(*arguments, code=2)
    assert says in result.err
    assert tips(world) == before
    assert world.json("oplog")["operations"] == operations


def test_more_than_can_be_brought_back_is_refused(world):
    world("fork", "main", "a")
    world("undo")
    assert "cannot redo 2 operations: there is 1" in world("redo", "2", code=2).err
    assert world.json("redo")["redone"]["description"] == "fork main to a"
