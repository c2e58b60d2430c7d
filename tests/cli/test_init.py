from __future__ import annotations

import subprocess

import pytest


def test_makes_a_bare_git_repository_and_says_where(memento):
    result = memento("init")
    assert (memento.folder / ".memento").is_dir()
    assert str(memento.folder / ".memento") in result.err
    assert "memento generate" in result.hint
    assert result.out == ""
    done = subprocess.run(
        ["git", "-C", ".memento", "rev-parse", "--is-bare-repository"], capture_output=True, text=True
    )
    assert done.stdout == "true\n"


def test_json(memento):
    path = str(memento.folder / "worlds" / ".memento")
    assert memento.json("init", "worlds") == {"schema": "memento.init/1", "path": path, "created": True}
    assert memento.json("init", "worlds") == {"schema": "memento.init/1", "path": path, "created": False}


def test_again_changes_nothing(world):
    before = world.json("log")
    assert "already" in world("init").err
    assert world.json("log") == before


def test_below_another_folder(memento):
    (memento.folder / "a").mkdir()
    memento("-C", "a", "init", "b")
    assert (memento.folder / "a" / "b" / ".memento").is_dir()


def test_a_file_in_the_way_is_told(memento):
    (memento.folder / "file").write_text("")
    result = memento("init", "file", code=None)
    assert result.code in (2, 4)
    assert "file" in result.err


@pytest.mark.parametrize("content", ["", "not a repository"])
def test_a_folder_memento_that_is_something_else_is_told(memento, content):
    (memento.folder / ".memento").write_text(content)
    result = memento("init", code=None)
    assert result.code in (2, 3, 4)
    assert (memento.folder / ".memento").read_text() == content
