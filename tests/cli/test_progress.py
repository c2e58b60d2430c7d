"""Progress: nothing in the first second, then plain lines when piped."""

from __future__ import annotations

import pytest

from memento.cli import progress as module
from memento.cli.output import Output
from memento.cli.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests move by hand."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_quick_work_shows_nothing(capsys, clock):
    with Progress(Output(), "simulating", total=3) as progress:
        assert list(progress.track("abc")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_slow_work_prints_plain_lines_now_and_then(capsys, clock):
    with Progress(Output(), "simulating", total=2000) as progress:
        for _ in progress.track(range(2000)):
            clock[0] += 0.01
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert 3 <= len(lines) <= 6
    assert lines[0].startswith("simulating: 1")
    assert "of 2,000 (5%)" in lines[0]


def test_notes_and_unknown_totals(capsys, clock):
    with Progress(Output(), "reading") as progress:
        clock[0] += 2
        progress.advance(1200, note="a.json")
    assert capsys.readouterr().err == "reading: 1,200, a.json\n"


def test_quiet_shows_nothing(capsys, clock):
    with Progress(Output(quiet=True), "simulating", total=2) as progress:
        clock[0] += 60
        progress.advance()
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(capsys, clock, monkeypatch):
    monkeypatch.setattr(module.sys.stderr, "isatty", lambda: True, raising=False)
    with Progress(Output(color=False), "simulating", total=4) as progress:
        clock[0] += 2
        progress.advance(2, note="week 2")
        clock[0] += 2
        progress.advance(2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "simulating" in captured.err
