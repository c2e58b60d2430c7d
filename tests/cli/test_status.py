from __future__ import annotations


def test_an_empty_repository(memento):
    memento("init")
    result = memento("status")
    assert "On branch main, which has no commits yet" in result.out
    assert "memento generate" in result.hint
    assert memento.json("status")["commit"] is None


def test_a_world(world):
    document = world.json("status")
    assert document["branch"] == "main"
    assert document["commit"]["id"] == world.json("log")["commits"][0]["id"]
    assert document["branches"] == 1
    assert document["tags"] == 0
    assert document["merge"] is None
    assert document["path"] == str(world.folder / ".memento")
    assert "1 branch, 0 tags" in world("status").out
