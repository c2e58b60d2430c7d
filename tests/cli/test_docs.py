"""docs/cli.md says what the command line does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

import memento as package
from memento.cli.commands import COMMANDS
from memento.cli.docs import reference
from memento.cli.main import cli

PAGE = Path(package.__file__).parent.parent / "docs" / "cli.md"


def test_the_page_is_the_one_that_the_commands_make():
    assert PAGE.read_text() == reference(), "run: python -m memento.cli.docs > docs/cli.md"


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_and_every_option_is_documented(name):
    section = PAGE.read_text().partition(f"### memento {name}\n")[2].partition("\n### ")[0]
    assert section
    command = COMMANDS[name]
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert all(f"`{option}`" in section for option in parameter.opts)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_example_is_a_command_line_that_can_be_read(name):
    """Options in examples are options of the command; nothing is run."""
    command = COMMANDS[name]
    known = {
        option
        for parameter in (*command.params, *cli.params)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    for example in command.examples:
        words = re.sub(r'"[^"]*"', "TEXT", example.partition(" > ")[0].partition(" && ")[0]).split()
        assert words[:2] == ["memento", name]
        assert {word for word in words if word.startswith("-") and word not in ("--", "-")} <= known
