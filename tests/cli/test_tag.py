from __future__ import annotations

import pytest


def test_a_tag_names_a_commit_for_good(world):
    tip = world.json("log")["commits"][0]["id"]
    assert world.json("tag", "v1")["tags"][0]["commit"] == tip
    memory = world.ids("memories")[0]
    world("edit", "main", f"memory:{memory}", "importance=0.123")
    assert world.json("log", "v1")["commits"][0]["id"] == tip
    assert "tag: v1" in world("log", "v1").out


def test_tags_are_listed_with_their_messages(world):
    world("tag", "v1", "main~1", "-m", "before the migration")
    world("tag", "v2")
    rows = world.json("tag")["tags"]
    assert [(row["name"], row["message"]) for row in rows] == [("v1", "before the migration"), ("v2", "")]
    assert "before the migration" in world("tag").out


def test_delete_and_undo(world):
    world("tag", "v1")
    assert world.json("tag", "-d", "v1")["deleted"] == ["v1"]
    assert world.json("tag")["tags"] == []
    world("undo")
    assert [row["name"] for row in world.json("tag")["tags"]] == ["v1"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["a b"], "a b"), (["v1", "mian"], "did you mean main"), (["-d"], "name the tag"), (["-d", "v9"], "v9")],
)
def test_bad_input(world, arguments, says):
    assert says in world("tag", *arguments, code=2).err
    assert world.json("tag")["tags"] == []


def test_no_tags_yet(world):
    assert "No tags yet" in world("tag").err
