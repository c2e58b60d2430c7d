"""``memento undo``."""

from __future__ import annotations

import re

import click

from memento.cli.completion import operations
from memento.cli.context import Context, define, json_option
from memento.cli.oplog import show_operations, tell_replayed
from memento.errors import UsageError

_MAX_COUNT_DIGITS = 7
"""A number of more digits is the id of an operation."""


@define(
    """
    memento undo
    memento undo 3
    memento undo OPERATION
    memento undo --redo
    """
)
@click.argument("what", metavar="[N|OPERATION]", default="1", shell_complete=operations)
@click.option("--list", "listing", is_flag=True, help="List the operations, as memento oplog does; change nothing.")
@click.option("--redo", is_flag=True, help="Bring back what was taken back, as memento redo does.")
@click.option(
    "-n", "--limit", metavar="N", type=click.IntRange(1), help="With --list: at most N operations.  [default: 20]"
)
@json_option
def command(context: Context, what: str, listing: bool, redo: bool, limit: int | None) -> None:
    """Take back the last operation, the last N, or one earlier one.

    Every command that changes the repository is one operation: a generated world with all its
    weeks, ten thousand forks, a merge. Branches, tags, notes and the current branch stand again
    exactly as before. Undo again to take back the one before; memento redo brings back.

    An earlier OPERATION, by an id that memento oplog lists, is taken back alone where no later one
    moved what it moved. An undo is one operation too, whatever N is.
    """
    output = context.output
    if listing and redo:
        raise UsageError("--list and --redo exclude each other")
    if limit is not None and not listing:
        raise UsageError("-n goes with --list", f"`memento undo {limit}` takes back {limit}")
    if listing:
        show_operations(output, context.workspace.repository, limit or 20, "memento.undo/1")
        return
    count = counted(what)
    if redo:
        if count is None:
            raise UsageError(f"{what!r} is not a number of operations", "`memento redo N` brings back N of them")
        tell_replayed(output, context.workspace.repository.redo(count), False, "memento.undo/1")
        output.hint("`memento undo` takes it back again")
        return
    repository = context.workspace.repository
    undone = [repository.take_back(what)] if count is None else repository.undo(count)
    tell_replayed(output, undone, True, "memento.undo/1")
    tip = next(repository.operations(1))
    if tip.reverts:
        output.hint("`memento undo` brings it back")
    elif len(undone) == 1:
        output.hint("`memento redo` brings it back")
    else:
        output.hint(f"`memento redo {len(undone)}` brings them back")


def counted(text: str) -> int | None:
    """The number of operations that an argument is, or None for an id of one.

    Raises `UsageError` for what is neither.
    """
    if text.isascii() and text.isdigit() and len(text) <= _MAX_COUNT_DIGITS:
        if int(text) == 0:
            raise UsageError("0 operations are nothing to do", "`memento undo N` takes back N operations")
        return int(text)
    if not re.fullmatch("[0-9a-f]{4,40}", text):
        raise UsageError(
            f"{text!r} is neither a number of operations nor the id of one", "`memento oplog` lists operations"
        )
    return None
