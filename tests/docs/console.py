"""Runs the commands that a page shows, in order, in one folder; and pastes what they print.

``PYTHONPATH=tests python -m docs.console docs/tour.md`` runs a page anew and writes the outputs into it. A block with
a line ``…`` shows only a part, and is left as it is; its decimals are examples.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from memento.cli.main import cli

_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A command line, and the lines that a page shows under it."""

    line: str
    shown: list[str]

    @property
    def whole(self) -> bool:
        """Whether the page shows all that the command prints."""
        return "…" not in self.shown


def steps(block: str) -> list[Step]:
    """The commands of one block; each begins with ``$``, its output follows."""
    found = [part.splitlines() for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [Step(line, shown) for line, *shown in found]


def blocks(page: str) -> list[list[Step]]:
    """All blocks of a page."""
    return [steps(block) for block in _BLOCK.findall(page)]


def run(line: str, root: Path) -> tuple[int, list[str]]:
    """Runs ``cd DIR`` or ``memento …``, or some joined by ``&&``; the exit code and the lines printed.

    `root` is the folder in which all began, which is printed as ``…``.
    """
    printed: list[str] = []
    for part in line.split("&&"):
        name, *arguments = shlex.split(part, comments=True)
        if name == "cd":
            os.chdir(arguments[0])
            continue
        assert name == "memento", part
        done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        printed += [text.rstrip() for text in done.output.replace(str(root), "…").splitlines()]
        if done.exit_code:
            return done.exit_code, printed
    return 0, printed


def retell(page: str) -> str:
    """The page with what its commands print now, run in the current folder."""

    root = Path.cwd()

    def told() -> Iterator[str]:
        end = 0
        for match in _BLOCK.finditer(page):
            yield page[end : match.start(1)]
            for step in steps(match[1]):
                _, printed = run(step.line, root)
                yield "\n".join([f"$ {step.line}", *(printed if step.whole else step.shown), ""])
            end = match.end(1)
        yield page[end:]

    return "".join(told())


if __name__ == "__main__":
    place = Path(sys.argv[1]).absolute()
    os.chdir(Path(tempfile.mkdtemp()).resolve())
    place.write_text(retell(place.read_text()))
