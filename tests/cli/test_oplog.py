from __future__ import annotations

import pytest


def test_lists_operations_newest_first_and_what_is_undone(world):
    world("fork", "main", "a")
    world("fork", "main", "b")
    world("undo")
    rows = world.json("oplog")["operations"]
    assert [row["description"] for row in rows[:3]] == ["undo: fork main to b", "fork main to b", "fork main to a"]
    assert [row["in_force"] for row in rows[:3]] == [False, False, True]
    assert [row["step"] for row in rows[:3]] == [True, False, False]
    lines = world("oplog").out.splitlines()
    assert "undone" in lines[2]
    assert not any("undone" in line for line in [*lines[:2], *lines[3:]])
    assert world.json("oplog", "-n", "1")["operations"] == rows[:1]
    assert world.json("undo", "--list")["operations"] == rows


def test_shows_what_moved_and_how_many_records_changed(world):
    memory = f"memory:{world.ids('memories')[0]}"
    world("edit", "main", memory, "importance=0.123")
    found = world.json("oplog", "show")["operation"]
    assert [change["ref"] for change in found["changes"]] == ["refs/heads/main"]
    assert found["changes"][0]["stat"]["memories"]["changed"] == 1
    assert found["changes"][0]["after"] == world.json("log", "-n", "1")["commits"][0]["id"]
    text = world("oplog", "show", found["id"][:8]).out
    assert found["id"] in text
    assert "memories  1 changed" in text
    assert found["parent"] == world.json("oplog")["operations"][1]["id"]


def test_shows_a_few_references_of_many(world):
    world("fork", "main", "many", "-n", "50")
    assert "and 48 more" in world("oplog", "show", "-n", "2").out
    assert len(world.json("oplog", "show", "-n", "2")["operation"]["changes"]) == 50


def test_says_what_an_undo_is_about(world):
    world("fork", "main", "a")
    fork = world.json("oplog")["operations"][0]["id"]
    world("undo")
    assert world.json("oplog", "show")["operation"]["undoes"] == fork
    assert f"Stepped back to before {fork[:8]}" in world("oplog", "show").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["list"], "takes no 'list'"),
        (["show", "1", "2"], "takes one operation"),
        (["show", "zz"], "names no operation"),
        (["show", "0123456789"], "no operation named"),
        (["-n", "0"], "0"),
    ],
)
def test_bad_input(world, arguments, says):
    assert says in world("oplog", *arguments, code=2).err


def test_a_commit_is_no_operation(world):
    commit = world.json("log", "-n", "1")["commits"][0]["id"]
    assert "no operation named" in world("oplog", "show", commit, code=2).err


def test_an_empty_repository(memento):
    memento("init")
    assert memento.json("oplog")["operations"] == []
    assert "Nothing has been done yet" in memento("oplog").err
    assert "nothing has been done yet" in memento("oplog", "show", code=2).err
