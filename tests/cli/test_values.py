"""Values that no option takes, and files that no command may write; refused in one place for all."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from memento.cli.commands import COMMANDS
from memento.cli.writing import OUT_FILE, ready_if_asked
from memento.errors import UsageError


def _options(kind):
    """One ``(command, option)`` for each option of a kind."""
    for name in COMMANDS:
        for parameter in COMMANDS[name].params:
            if isinstance(parameter, click.Option) and not parameter.is_flag and kind(parameter):
                yield name, max(parameter.opts, key=len), parameter


TEXTS = [
    (name, word)
    for name, word, option in _options(lambda o: not o.count and not o.hidden)
    if option.name not in ("message", "value")
]
NUMBERS = [(name, word) for name, word, _ in _options(lambda o: isinstance(o.type, click.types.FloatParamType))]


def test_options_are_found():
    assert len(TEXTS) > 80
    assert len(NUMBERS) >= 6


@pytest.mark.parametrize("value", ["", "  ", "\t"])
def test_no_option_takes_an_empty_value(memento, value):
    for name, word in TEXTS:
        done = memento(name, word, value, code=2)
        assert "it is empty" in done.err, (name, word, done.err)
        assert word in done.err


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "NaN"])
def test_no_number_is_infinite_or_none(memento, value):
    for name, word in NUMBERS:
        done = memento(name, f"{word}={value}", code=2)
        assert "not a finite number" in done.err, (name, word, done.err)


@pytest.mark.parametrize("words", [("show", ""), ("edit", "main", " "), ("diff", "main", ""), ("-C", "", "log")])
def test_no_argument_is_empty(memento, words):
    assert "it is empty" in memento(*words, code=2).err


def test_words_for_people_may_be_empty_and_what_is_looked_for_blank(world):
    key = world.ids("memories")[0]
    world("edit", "main", f"memory:{key}", "importance=0.5", "-m", "")
    world("grep", " ", "main")
    world("bisect", "run", "main~1..main", "--", "test", "", "=", "x", code=0)


def _writers():
    for name in COMMANDS:
        for option in COMMANDS[name].params:
            if "--out" in option.opts:
                yield name, option


@pytest.mark.parametrize("name", [name for name, _ in _writers()])
def test_every_out_is_the_same_option(name):
    option = dict(_writers())[name]
    assert option.type is OUT_FILE or name in FOLDERS
    assert "-o" in option.opts
    assert any("--force" in other.opts for other in COMMANDS[name].params)


# commands that write a file from a small world, and the words that they need beside -o
WRITERS = {
    "render": (),
    "fit": (),
    "describe": (),
    "gallery": None,
    "export": ("--format", "chat"),
    "train": ("main", "--epochs", "1"),
    "curriculum": ("tiny", "--steps", "1", "--sessions", "1"),
}
FOLDERS = ("export",)
"""What -o names may be a folder there."""


def test_every_writer_tried_is_one():
    assert set(WRITERS) <= {name for name, _ in _writers()}


@pytest.mark.parametrize("name", list(WRITERS))
def test_files_that_are_not_written(world, name):
    words = [name, *(WRITERS[name] or ())]
    os.mkdir("folder")
    os.mkfifo("pipe")
    os.symlink("/dev/null", "device")
    os.symlink("nowhere", "dangling")
    Path("file").write_text("mine")
    before = sorted(os.listdir())
    for out, why in {
        "folder": "is a folder", "new/": "names a folder", "none/x": "no folder", "file/x": "no folder",
        "pipe": "no regular file", "device": "no regular file", "file": "there already", "dangling": "there already",
        "x" * 300: "too long",
    }.items():  # fmt: skip
        if out == "new/" and name in FOLDERS:
            continue
        done = world(*words, "-o", out, code=2)
        assert why in done.err, (name, out, done.err)
        forced = world(*words, "-o", out, "--force", code=2) if why != "there already" else None
        assert forced is None or why in forced.err
        assert world.json(*words, "-o", out, code=2)["schema"] == "memento.error/1"
    assert sorted(os.listdir()) == before
    assert Path("file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("name", list(WRITERS))
def test_folders_that_may_not_be_written(world, name):
    os.mkdir("locked", 0o500)
    assert "cannot be written" in world(name, *(WRITERS[name] or ()), "-o", "locked/x", code=2).err


def test_force_without_a_file_to_write(world):
    for name in ("fit", "describe"):
        assert "--force replaces a file" in world(name, "main", "--force", code=2).err
    with pytest.raises(UsageError):
        ready_if_asked(None, True)


def test_a_bundle_that_is_there_stays(world):
    world("bundle", "create", "w.bundle")
    assert "--force" in world("bundle", "create", "w.bundle", code=2).hint
    world("bundle", "create", "w.bundle", "--force")
    assert "names no file" in world("bundle", "create", ".", code=2).err
    world("bundle", "verify", "w.bundle", "--force", code=2)


@pytest.mark.parametrize(
    "words", [("grow",), ("entigraph",), ("population",), ("rewrite", "--mode", "off"), ("regenerate",), ("twin",)]
)
def test_the_name_of_a_new_branch_is_looked_at_first(world, words, monkeypatch):
    from memento.workspace import Workspace

    monkeypatch.setattr(Workspace, "world_at", None)
    for name, why in {
        "a b": "not allowed", "a..b": "not allowed", "-x": "begins with", "main": "already",
        "main/x": "folder of names", "MAIN": "upper and lower case", "HEAD": "HEAD",
        "x" * 101: "101 characters", "a" * 40: "id",
    }.items():  # fmt: skip
        done = world(words[0], "main", f"-b{name}", *words[1:], code=2)
        assert why in done.err, (name, done.err)
