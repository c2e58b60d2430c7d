"""``memento twin``: a branch of synthetic sessions, which the protocol knows for what it is."""

from __future__ import annotations

from pathlib import Path

LIGHTHOUSE = Path(__file__).parents[1] / "formats" / "lighthouse.json"


def test_a_twin_is_a_branch_of_what_it_is_a_twin_of(memento):
    memento("init")
    memento("import", LIGHTHOUSE, "--format", "locomo", "--branch", "talk")
    result = memento("twin", "talk", "-b", "copy", "--copies", 2, "--sessions", 20)
    assert "40 sessions after no real question, of 48 memories" in result.err
    document = memento.json("twin", "talk", "-b", "again", "--copies", 2, "--sessions", 20)
    assert document["sessions"] == 40
    assert document["from"] == memento.json("log", "talk")["commits"][0]["id"]
    same = [memento.json("log", branch, "-n", 1)["commits"][0]["tree"] for branch in ("copy", "again")]
    assert same[0] == same[1]
    refused = memento("tstr", "--real", "talk", "--test", "talk", "--synthetic", "copy", code=2)
    assert "copy knows talk" in refused.err
    assert "was made from" in refused.err
    memento("undo")
    assert "again" not in memento("branch").out


def test_bad_names_are_refused(world):
    assert world("twin", "main", code=2).hint
    assert world("twin", "main", "-b", "main", code=2).hint
    assert world("twin", "nothing", "-b", "x", code=2).hint
    assert world("twin", "main", "-b", "x", "--copies", 0, code=2).err
    assert world("twin", "main", "-b", "x", "--swap", "nan", code=2).err
