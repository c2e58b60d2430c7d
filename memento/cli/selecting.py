"""Options that pick commits by message, author and time."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

_OPTIONS = [
    click.option("--grep", "messages", metavar="PATTERN", multiple=True, help="Only messages that match; repeatable."),
    click.option("--author", "authors", metavar="PATTERN", multiple=True, help="Only authors that match; repeatable."),
    click.option("-i", "--ignore-case", is_flag=True, help="For --grep and --author upper and lower case are one."),
    click.option("-F", "--fixed-strings", "fixed", is_flag=True, help="These patterns are plain text."),
    click.option("--since", "--after", "since", metavar="TIME", help="Only from this time of the world on."),
    click.option("--until", "--before", "until", metavar="TIME", help="Only up to this time of the world."),
    click.option("--merges/--no-merges", default=None, help="Only merges, or none."),
]


def selection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the function gets them as one `Selection`, `selection`."""

    @wraps(function)
    def select_first(*arguments: Any, **given: Any) -> Any:
        from memento.history.selection import select

        names = ("messages", "authors", "since", "until", "merges", "ignore_case", "fixed")
        selection = select(**{name: given.pop(name) for name in names})
        return function(*arguments, selection=selection, **given)

    for option in reversed(_OPTIONS):
        select_first = option(select_first)
    return select_first
