"""``memento thread``."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def forked(world):
    """A world in which a session has two threads; returns the session, their tips, and the common turn."""
    session = world.json("show", "-t", "turns")["turns"][0]["session"]
    turns = [t["id"] for t in world.json("show", "-t", "turns", "--where", f"session={session}")["turns"]]
    add = {"id": f"{session}.other-1", "session": session, "parent": turns[-2], "role": "agent", "text": "otherwise"}
    world("edit", "main", "--file", "-", input=json.dumps({"add": "turn", "values": add}))
    return session, turns[-1], add["id"], turns[-2]


def test_threads_are_listed_as_a_tree(world, forked):
    session, first, other, common = forked
    lines = world("thread", f"session:{session}").out.splitlines()
    assert sum(line.startswith("* ") for line in lines) == len(lines) - 1
    assert [line.partition("  (thread ")[2] for line in lines if "(thread" in line] == ["1)", "2)"]
    assert any(line.startswith("*   " + first) for line in lines)
    assert any(line.startswith("    " + other) for line in lines)
    document = world.json("thread", f"session:{session}")
    assert [thread["tip"] for thread in document["threads"]] == [first, other]
    assert document["main_line"][-2:] == [common, first]
    assert world.json("thread", session) == document
    assert len(world.json("thread", f"session:{session}@main~1")["threads"]) == 1


def test_choosing_is_one_edit_that_the_main_line_follows(world, forked):
    session, first, other, common = forked
    done = world.json("thread", "choose", f"turn:{other}", "-m", "the answer that helped")
    assert done["preferences"] == {first: 0.0, other: 1.0}
    assert world.json("log", "-n", "1")["commits"][0]["message"] == "the answer that helped"
    shown = world("show", f"session:{session}")
    assert "otherwise" in shown.out.splitlines()[-1]
    assert first not in shown.out
    assert f"memento thread session:{session}" in shown.hint
    assert world.json("show", f"session:{session}")["main_line"][-2:] == [common, other]
    again = world("thread", "choose", f"session:{session}", "1")
    assert "already" in again.err  # preferred threads are listed first
    back = world.json("thread", "choose", f"session:{session}", "2")
    assert back["turn"] == first
    world("undo")
    world("undo")
    assert world.json("show", f"session:{session}")["main_line"][-1] == first
    assert world.json("show", f"turn:{other}")["record"]["preference"] is None


def test_on_another_branch(world, forked):
    session, _, other, _ = forked
    world("fork", "main", "trial")
    assert world.json("thread", "choose", f"turn:{other}", "--branch", "trial")["branch"] == "trial"
    assert world.json("show", f"session:{session}@trial")["main_line"][-1] == other
    assert world.json("show", f"session:{session}")["main_line"][-1] != other


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "say which session"),
        (("memory:MEMORY",), 2, "is not a session"),
        (("session:nowhere",), 2, "nowhere"),
        (("choose",), 2, "say which thread"),
        (("choose", "turn:nowhere"), 2, "nowhere"),
        (("choose", "session:SESSION"), 2, "names no thread"),
        (("choose", "session:SESSION", "9"), 2, "there is no thread 9"),
        (("choose", "turn:COMMON"), 2, "nothing to choose"),
        (("choose", "turn:COMMON@main~1"), 2, "a choice is made on a branch as it is now"),
        (("session:SESSION", "--branch", "main"), 2, "a listing takes one session"),
    ],
)
def test_what_cannot_be_done_is_told(world, forked, words, code, said):
    session, _, _, common = forked
    for name, value in (("MEMORY", world.ids("memories")[0]), ("SESSION", session), ("COMMON", common)):
        words = tuple(word.replace(name, value) for word in words)
    result = world("thread", *words, code=code)
    assert said in result.err
    assert result.hint
