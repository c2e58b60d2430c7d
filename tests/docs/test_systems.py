"""The table of systems names files that are there and command lines that can be read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from memento.cli.main import cli

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "systems.md").read_text("utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith(("| system", "| ---"))]
CODE = re.findall(r"`([^`]+)`", TEXT)


def test_files_are_there() -> None:
    paths = [code for code in CODE if "/" in code and " " not in code]
    assert len(paths) > 40
    missing = [path for path in paths if not any((ROOT / lead / path).exists() for lead in ("", "memento"))]
    assert missing == []


def test_command_lines_can_be_read() -> None:
    lines = [shlex.split(code)[1:] for code in CODE if code.startswith("memento ")]
    assert len(lines) > 25
    for line in lines:
        command = cli.get_command(click.Context(cli), line[0])
        assert command is not None, line
        options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        given = {word for word in line[1:] if word.startswith("-")}
        assert given <= options, line


def test_every_row_is_whole() -> None:
    assert len(ROWS) > 35
    for row in ROWS:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 5, row
        assert cells[0], row
        assert cells[4], row
        assert cells[1] or "not yet" in cells[4] or "not to be done" in cells[4], row
