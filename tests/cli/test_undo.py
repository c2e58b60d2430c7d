from __future__ import annotations


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
    assert "memento undo --redo" in result.hint
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
    assert result.hint == "`memento undo --list` lists what was done"
    assert memento("undo", "--redo", code=2).hint == "`memento undo --list` lists what was done"
    memento("undo", "--list", "--redo", code=2)


def test_the_deletion_of_many_branches_is_one_short_line(world):
    world("fork", "main", "trial", "-n", "40")
    world("branch", "-d", "trial-*")
    said = world.json("undo", "--list")["operations"][0]["description"]
    assert said == "delete branch trial-01, trial-02, trial-03, trial-04, trial-05 and 35 more"
