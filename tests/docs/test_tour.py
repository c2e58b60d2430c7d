"""docs/tour.md and the tour of README.md: their commands run in order, and print what is shown.

Of the other pages every command line is one that the command line takes.
"""

from __future__ import annotations

import math
import re
import shlex
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from click.exceptions import Exit

from docs.console import blocks, run
from memento.cli import progress
from memento.cli.commands import COMMANDS
from memento.cli.context import Context
from memento.cli.output import Output

ROOT = Path(__file__).parents[2]
_SHELL = re.compile(r"```(?:sh|console)\n(.*?)```", re.DOTALL)
_DECIMALS = re.compile(r"[+-]?\d+\.\d+")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder in which a page begins; no progress is told, however slow the machine."""
    for name in ("MEMENTO_DIR", "MEMENTO_AUTHOR", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(progress, "_DELAY", math.inf)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tour(root: Path) -> None:
    page = blocks((ROOT / "docs" / "tour.md").read_text())
    assert len(page) >= 10
    for block in page:
        for step in block:
            _, printed = run(step.line, root)
            if step.whole:
                assert printed == step.shown, step.line
                continue
            lines = [_DECIMALS.sub("0.0", one) for one in printed]
            for text in step.shown:
                pattern = _DECIMALS.sub("0.0", text).replace("[", "[[]").replace("…", "*")
                assert any(fnmatchcase(one, pattern) for one in lines), f"{step.line}\n{text}\n" + "\n".join(printed)


def test_the_tour_of_the_readme(root: Path) -> None:
    (tour,) = re.findall(r"```sh\n(memento init worlds.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for line in tour.splitlines():
        code, printed = run(line, root)
        assert code == 0, f"{line}\n" + "\n".join(printed)


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]), ids=lambda p: p.name)
def test_the_command_lines_of_a_page_are_such(page: Path) -> None:
    """Names, options and numbers of arguments; what they name need not be there."""
    for line in re.findall(r"^(?:\$ )?memento (.*)$", "\n".join(_SHELL.findall(page.read_text())), re.MULTILINE):
        name, *arguments = shlex.split(line.partition("&&")[0], comments=True)
        if name.startswith("-"):
            continue
        with suppress(Exit):
            COMMANDS[name].make_context(name, arguments, obj=Context(output=Output(color=False)))
