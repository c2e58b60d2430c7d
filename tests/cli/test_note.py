"""``memento note``."""

from __future__ import annotations

import subprocess

import pytest


def test_a_note_is_added_shown_edited_and_removed(world):
    world("note", "add", "main", "-m", "the good one")
    assert world("note", "main").out == "the good one\n"
    world("note", "add", "-m", "and more")
    assert world("note", "show", "main").out == "the good one\n\nand more\n"
    world("note", "edit", "main", "-m", "anew")
    assert world.json("note", "main")["notes"][0]["text"] == "anew"
    world("note", "remove", "main")
    assert world.json("note", "list")["notes"] == []
    world("undo")
    assert world("note").out == "anew\n"


def test_stock_git_and_memento_show_each_others_notes(world):
    world("note", "main", "-m", "by memento")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "-C", str(world.folder / ".memento")]
    assert "Notes:\n    by memento" in subprocess.check_output([*git, "log", "-1", "main"], text=True)
    subprocess.run([*git, "notes", "add", "-m", "by git", "main~1"], check=True, capture_output=True)
    assert world("note", "main~1").out == "by git\n"
    assert len(world("note", "list").out.splitlines()) == 3
    assert len(world.json("note", "list", "main~1")["notes"]) == 1


def test_log_and_show_have_notes(world):
    world("note", "main~1", "-m", "seen here\nand there")
    assert "    Notes:\n        seen here\n        and there\n" in world("log", "--notes").out
    assert "Notes:\n    seen here\n    and there" in world("log", "--full").out
    assert "seen here" in world("log", "--graph", "--notes").out
    assert "seen here" not in world("log").out
    assert "Notes:\n    seen here" in world("show", "main~1").out
    assert [c["note"] for c in world.json("log", "--notes", "-n", 2)["commits"]] == ["", "seen here\nand there"]
    assert world.json("show", "main~1")["note"] == "seen here\nand there"


def test_a_note_cannot_steer_a_terminal(world):
    world("note", "main", "-m", "red \x1b[31m")
    assert "\x1b" not in world("note", "main").out + world("log", "--notes").out + world("show").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "main"), "-m TEXT"),
        (("edit", "main", "-m", "  "), "it is empty"),
        (("main", "main~1"), "one commit, not on 2"),
        (("remove", "main", "-m", "x"), "does not go with remove"),
        (("main",), "memento note add main"),
        (("remove", "main"), "no note on"),
        (("add", "mian", "-m", "x"), "main"),
        (("add", "-m", "a\0b"), "NUL"),
    ],
)
def test_refuses(world, words, said):
    done = world("note", *words, code=2)
    assert said in done.err
    assert world.json("note", "list")["notes"] == []
