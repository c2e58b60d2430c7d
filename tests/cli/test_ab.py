from __future__ import annotations

import json


def test_an_experiment_and_its_export(world):
    turn = world.ids("turns")[1]
    assert "ab/polite/b" in world("ab", "open", "polite", "--turn", turn, "--text", "Gladly.").err
    assert "b is liked 100%" in world("ab", "feed", "polite", "--prefer", "b", "--count", "9").out
    world("export", "--experiments", "--format", "preference", "-o", "none.jsonl", code=2)
    assert "b is preferred" in world("ab", "close", "polite").err
    document = world.json("ab", "polite")
    assert document["experiment"]["verdict"] == "b"
    assert "polite" in world("ab").out
    world("export", "--experiments", "--format", "preference", "-o", "pairs.jsonl")
    pair = json.loads((world.folder / "pairs.jsonl").read_text())
    assert pair["chosen"][0]["content"] == "Gladly."
    world("export", "ab/polite/b", "--format", "chat", "-o", "chat.jsonl")
    assert "Gladly." in (world.folder / "chat.jsonl").read_text()


def test_bad_input(world):
    assert world("ab", "open", "x", code=2).hint
    assert world("ab", "open", "x", "--turn", "zzz", code=2).hint
    assert "is the user's" in world("ab", "open", "x", "--turn", world.ids("turns")[0], code=2).err
    assert world("ab", "feed", "x", "--prefer", "a", code=2).hint
    assert world("ab", "open", code=2).hint
    assert "no `ab start`" in world("ab", "start", "x", code=2).err
    assert "alternative" in world("export", "main", "--format", "preference", "-o", "p.jsonl", code=2).hint
    world("export", "main", "--format", "chat", "-o", "c.jsonl")
    assert "--force" in world("export", "main", "--format", "chat", "-o", "c.jsonl", code=2).hint
    assert world("export", "main", "--experiments", "--format", "chat", "-o", "d.jsonl", code=2).hint


def test_one_experiment_that_cannot_be_told_hides_no_other(world):
    turn = world.ids("turns")[1]
    world("ab", "open", "good", "--turn", turn, "--text", "x")
    for side in ("a", "b"):
        world("fork", "main", f"ab/odd/{side}")
    done = world("ab", "list")
    assert "good" in done.out
    assert "odd is left out" in done.err
    assert [one["name"] for one in world.json("ab", "list")["experiments"]] == ["good"]
    assert "does not begin an experiment" in world("ab", "status", "odd", code=2).err
