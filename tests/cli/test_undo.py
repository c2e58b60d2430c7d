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
    memento("undo", "--list", "--redo", code=2)
