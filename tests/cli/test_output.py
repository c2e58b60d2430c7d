"""Tables, JSON and messages, on a terminal and piped."""

from __future__ import annotations

import json

import numpy as np
import pytest

from memento.cli.output import Column, Output, clean, cut, display_width, plural, table_lines, to_json


@pytest.fixture
def terminal(monkeypatch):
    """Stdout as a terminal of 40 columns."""
    monkeypatch.setattr(Output, "terminal", property(lambda self: True))
    monkeypatch.setattr(Output, "width", property(lambda self: 40))


def test_a_piped_table_is_plain_aligned_and_whole(capsys):
    Output().table(
        ["name", Column("size", right=True), Column("text", long=True)], [["a", 1, "x" * 300], ["bcd", 22, "y"]]
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["NAME  SIZE  TEXT", f"a        1  {'x' * 300}", "bcd     22  y"]


def test_a_table_on_a_terminal_fits_its_width(capsys, terminal):
    Output(color=False).table(["id", Column("text", long=True)], [["abc-1", "word " * 30], ["abc-2", "short"]])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(display_width(line) <= 40 for line in lines)
    assert lines[1].startswith("abc-1")
    assert "…" in lines[1]


def test_text_in_a_table_is_not_markup_and_cannot_steer_the_terminal(capsys, terminal):
    Output(color=False).table(["text"], [["[red]not markup[/red]"], ["\x1b[2Jgone\nnext"]])
    out = capsys.readouterr().out
    assert "[red]not markup[/red]" in out
    assert "\x1b[2J" not in out
    assert "\\x1b[2Jgone\\nnext" in out


def test_json_mode_silences_everything_but_the_document(capsys):
    output = Output(json=True)
    output.line("x")
    output.table(["a"], [["b"]])
    output.document("memento.test/1", {"a": 1})
    output.message("said")
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"schema": "memento.test/1", "a": 1}
    assert captured.err == "said\n"


def test_json_of_numpy_values_sets_and_nan():
    value = {
        "a": np.int64(1),
        "b": np.array([1.5, np.nan]),
        "c": {"y", "x"},
        "d": float("nan"),
        "e": [float("inf"), np.True_],
    }
    assert json.loads(to_json(value)) == {"a": 1, "b": [1.5, None], "c": ["x", "y"], "d": None, "e": [None, True]}


def test_quiet_keeps_warnings_and_drops_hints(capsys):
    output = Output(quiet=True, verbose=1)
    output.message("m")
    output.hint("h")
    output.detail("d")
    output.warning("w")
    assert capsys.readouterr().err == "Warning: w\n"


def test_colour_is_off_when_piped_and_with_color_false(capsys):
    Output().line(Output.paint("x", fg="red"))
    Output(color=False).line(Output.paint("x", fg="red"))
    Output(color=True).line(Output.paint("x", fg="red"))
    assert capsys.readouterr().out == "x\nx\n\x1b[31mx\x1b[0m\n"


def test_no_color_and_force_color(world):
    world.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in world("log").out
    assert "\x1b[" not in world("log", "--no-color").out
    assert "\x1b[" not in world("--no-color", "log").out
    world.setenv("NO_COLOR", "1")
    assert "\x1b[" not in world("log").out
    assert "\x1b[" not in world("nonsense", code=2).err


def test_clean_keeps_words_and_spaces_of_all_languages():
    assert clean("héllo wörld 世界") == "héllo wörld 世界"
    assert clean("a\u00a0b\u202ec") == "a b\\u202ec"


@pytest.mark.parametrize(
    ("text", "width", "expected"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("世界世界", 5, "世界…")]
)
def test_cut(text, width, expected):
    assert cut(text, width) == expected


def test_table_lines_of_wide_characters_stays_aligned():
    lines = table_lines([Column("a"), Column("b")], [["世界", "x"], ["abcd", "y"]])
    assert [display_width(line) for line in lines[1:]] == [7, 7]


def test_plural():
    assert plural(1, "memory", "memories") == "1 memory"
    assert plural(1200, "memory", "memories") == "1,200 memories"
