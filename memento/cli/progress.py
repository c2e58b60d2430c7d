"""Progress of anything that takes over a second: a bar on a terminal, plain lines when piped."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import click

from memento.cli.output import Output

_DELAY = 1.0
_PLAIN_EVERY = 5.0

T = TypeVar("T")


class Progress:
    """A count of work done, shown on stderr once it has lasted a second; nothing with ``-q``.

    ```python
    with Progress(output, "simulating", total=52) as progress:
        for week in progress.track(weeks):
            ...
    ```
    """

    def __init__(self, output: Output, what: str, total: int | None = None) -> None:
        self.output = output
        self.what = what
        self.total = total
        self.done = 0
        self._note = ""
        self._shown: Any = None
        self._task: Any = None
        self._begin = self._last = 0.0

    def __enter__(self) -> Self:
        self._begin = self._last = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown.stop()

    def track(self, items: Iterable[T]) -> Iterator[T]:
        """The items, counting each one when the next is asked for."""
        for item in items:
            yield item
            self.advance()

    def advance(self, count: int = 1, note: str = "") -> None:
        """`count` more are done; `note` says what is at hand."""
        self.update(self.done + count, note=note)

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """`done` are done so far."""
        self.done = done
        self.total = total if total is not None else self.total
        self._note = note or self._note
        now = time.monotonic()
        if self.output.quiet or now - self._begin < _DELAY:
            return
        if sys.stderr.isatty():
            self._draw()
        elif now - self._last >= _PLAIN_EVERY or self._last == self._begin:
            self._last = now
            click.echo(self.text(), err=True)

    def report(self, done: int, total: int = 0, note: str = "") -> None:
        """`update` in the form in which a workspace reports; total 0 where it is not known.

        `note` is dropped: the messages of commits say what the counts do.
        """
        self.update(done, total or None)

    def text(self) -> str:
        """The state in one plain line."""
        share = f"{self.done:,} of {self.total:,} ({self.done / self.total:.0%})" if self.total else f"{self.done:,}"
        return f"{self.what}: {share}" + (f", {self._note}" if self._note else "")

    def _draw(self) -> None:
        if self._shown is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            console = Console(file=sys.stderr, no_color=self.output.color is False)
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._shown = Bar(*columns, console=console, transient=True)
            self._task = self._shown.add_task(self.what, total=self.total)
            self._shown.start()
        description = f"{self.what} {self._note}" if self._note else self.what
        self._shown.update(self._task, completed=self.done, total=self.total, description=description)
