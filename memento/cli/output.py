"""What a command says: results on stdout, everything else on stderr.

With ``--json`` stdout holds one JSON document and nothing else. Without it stdout holds text and
tables, cut to the terminal's width, plain and whole when piped. Messages, warnings, hints and
progress go to stderr.
"""

from __future__ import annotations

import json as json_module
import math
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import click

Document = Mapping[str, Any]
_BLOCK = 256
_ROWS = 1000
"""Rows of a stream that are written together."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: numbers stand `right`, a `long` one is cut where the line is full."""

    title: str
    right: bool = False
    long: bool = False
    style: str = ""


@dataclass
class Output:
    """Where one run of a command writes. `color` None means: as the terminal allows."""

    json: bool = False
    quiet: bool = False
    verbose: int = 0
    color: bool | None = None

    @property
    def terminal(self) -> bool:
        """Whether a person reads stdout as it comes."""
        return sys.stdout.isatty()

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return shutil.get_terminal_size((100, 24)).columns

    def document(self, schema: str, content: Document) -> None:
        """The one JSON document of a run, `schema` such as ``memento.log/1``."""
        click.echo(to_json({"schema": schema, **content}, indent=2 if self.terminal else None))

    def stream(self, schema: str, name: str, rows: Iterable[Document]) -> None:
        """As `document` of one list, whose rows are written as they come and never held together."""
        if self.terminal:
            self.document(schema, {name: list(rows)})
            return
        lead = f'{{"schema": {to_json(schema)}, {to_json(name)}: ['
        batch = [lead]
        for number, row in enumerate(rows):
            batch.append(f"{', ' if number else ''}{to_json(row)}")
            if len(batch) == _ROWS:
                click.echo("".join(batch), nl=False)
                batch.clear()
        click.echo("".join(batch) + "]}")

    def line(self, text: str = "") -> None:
        """A line of the result. Silent with ``--json``."""
        if not self.json:
            click.echo(text, color=self.color)

    def lines(self, lines: Iterable[str]) -> None:
        """Lines of the result, written as they come; many at once where nobody reads along. Silent
        with ``--json``."""
        if self.json:
            return
        coming = iter(lines)
        while block := list(islice(coming, 1 if self.terminal else _BLOCK)):
            click.echo("\n".join(block), color=self.color)

    def table(self, columns: Sequence[Column | str], rows: Iterable[Sequence[Any]]) -> None:
        """A table of the result. Silent with ``--json``."""
        if self.json:
            return
        heads = [column if isinstance(column, Column) else Column(column) for column in columns]
        cells = [[clean("" if cell is None else str(cell)) for cell in row] for row in rows]
        self.lines(table_lines(heads, cells, self.width if self.terminal else 0))

    def message(self, text: str) -> None:
        """What was done, for people; silent with ``-q``."""
        if not self.quiet:
            click.echo(text, err=True, color=self.color)

    def warning(self, text: str) -> None:
        """Something odd that did not stop the command; said even with ``-q``."""
        click.echo(f"{self.paint('Warning:', fg='yellow')} {text}", err=True, color=self.color)

    def error(self, text: str) -> None:
        """What went wrong; said even with ``-q``."""
        text = "\n".join(_shortened(clean(line)) for line in text.splitlines())
        click.echo(f"{click.style('Error:', fg='red', bold=True)} {text}", err=True, color=self.color)

    def hint(self, text: str) -> None:
        """What to do next, commands in backticks; silent with ``-q``. In colour they are bold instead."""
        if not self.quiet:
            if self.color or (self.color is None and sys.stderr.isatty()):
                text = re.sub("`([^`]+)`", lambda found: self.paint(found[1], bold=True), text)
            click.echo(f"{self.paint('Hint:', fg='cyan')} {text}", err=True, color=self.color)

    def detail(self, text: str) -> None:
        """Said with ``-v`` only."""
        if self.verbose and not self.quiet:
            click.echo(self.paint(text, dim=True), err=True, color=self.color)

    @staticmethod
    def paint(text: str, **style: Any) -> str:
        """Text in a colour; click takes it away again where colour is not wanted."""
        return click.style(text, **style) if text else ""


def table_lines(heads: Sequence[Column], rows: Sequence[Sequence[str]], width: int = 0) -> list[str]:
    """The lines of a table without blanks at line ends; the header first.

    With a `width` long columns are cut so that a line fits, and columns have their styles; without
    one nothing is cut or coloured.
    """
    titles = [head.title if width else head.title.upper() for head in heads]
    widths = [max(map(display_width, (title, *(row[i] for row in rows)))) for i, title in enumerate(titles)]
    long = [i for i, head in enumerate(heads) if head.long]
    if width and long:
        rest = width - sum(widths) - 2 * (len(heads) - 1)
        for i in sorted(long, key=widths.__getitem__, reverse=True):
            cut_by = min(max(-rest, 0), max(widths[i] - _LEAST, 0))
            widths[i] -= cut_by
            rest += cut_by

    def join(cells: Sequence[str], styles: Sequence[str]) -> str:
        fitted = []
        for i, cell in enumerate(cells):
            text = cut(cell, widths[i]) if width else cell
            blanks = " " * (widths[i] - display_width(text))
            last = i == len(cells) - 1 and not heads[i].right
            styled = _styled(text, styles[i]) if width else text
            fitted.append(blanks + styled if heads[i].right else styled + ("" if last else blanks))
        return "  ".join(fitted).rstrip()

    return [join(titles, ["bold"] * len(heads)), *(join(row, [head.style for head in heads]) for row in rows)]


_LEAST = 12
"""A long column is not cut below this."""


def _styled(text: str, style: str) -> str:
    if not style:
        return text
    return click.style(text, bold=True) if style == "bold" else click.style(text, fg=style)


_LONG = 600


def _shortened(line: str) -> str:
    """A line without the middle of a huge value in it."""
    return line if len(line) <= _LONG else f"{line[: _LONG // 2]} … {line[-_LONG // 2 :]}"


def wrap(text: str, width: int, indent: int) -> list[str]:
    """`text` in lines of at most `width` cells; all but the first are indented beyond that."""
    lines, line = [], ""
    for word in text.split():
        if line and display_width(line) + 1 + display_width(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    return [lines[0], *(" " * indent + line for line in lines[1:])]


def display_width(text: str) -> int:
    """Cells that `text` takes on a terminal; wide East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def clean(text: str) -> str:
    """Text on one line that cannot steer a terminal: control characters are written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == " " else _ESCAPES.get(c) or _escape(c) for c in text)


_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\u00a0": " "}


def _escape(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode()


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, with an ellipsis where it was cut."""
    if display_width(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += display_width(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def to_json(document: Any, indent: int | None = None) -> str:
    """`document` as JSON; NaN becomes null, numpy values their plain ones, keys keep their order."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    ascii_only = not encoding.startswith("utf")
    try:
        return json_module.dumps(document, ensure_ascii=ascii_only, allow_nan=False, indent=indent, default=_plain)
    except ValueError:
        return json_module.dumps(
            _without_nan(document), ensure_ascii=ascii_only, allow_nan=False, indent=indent, default=_plain
        )


def _plain(value: Any) -> Any:
    for attribute in ("to_json", "to_map"):
        if hasattr(value, attribute):
            return getattr(value, attribute)()
    if hasattr(value, "tolist"):
        return _without_nan(value.tolist())
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__fspath__"):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return value


def plural(count: int, one: str, many: str = "") -> str:
    """``1 memory``, ``3 memories``, with thousands marked."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
