"""``memento undo``."""

from __future__ import annotations

import click

from memento.cli.context import Context, define, json_option
from memento.cli.output import Column
from memento.cli.present import operation_lines, operation_map
from memento.errors import UsageError


@define(
    """
    memento undo
    memento undo --list
    memento undo --redo
    """
)
@click.option("--list", "listing", is_flag=True, help="List the operations, newest first, and change nothing.")
@click.option("--redo", is_flag=True, help="Bring back what the last undo took back.")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, show_default=True, help="List at most this many.")
@json_option
def command(context: Context, listing: bool, redo: bool, limit: int) -> None:
    """Take back the last operation.

    Every command that changes the repository is one operation: a generated world with all its
    weeks, ten thousand forks, a merge. Undo again to take back the one before.
    """
    output, repository = context.output, context.workspace.repository
    if listing and redo:
        raise UsageError("--list and --redo exclude each other")
    if listing:
        operations = list(repository.operations(limit))
        if output.json:
            output.document("memento.undo/1", {"operations": [operation_map(o) for o in operations]})
        elif operations:
            columns = [Column("operation", style="yellow"), Column("refs", right=True), Column("what", long=True)]
            output.table(columns, ((o.id[:8], len(o.changes), o.description) for o in operations))
        else:
            output.message("Nothing has been done yet")
        return
    operation = repository.redo() if redo else repository.undo()
    if output.json:
        output.document("memento.undo/1", {"redone" if redo else "undone": operation_map(operation)})
    output.message(f"{'Brought back' if redo else 'Took back'}: {operation.description}")
    if not output.quiet:
        output.lines(operation_lines(output, operation, back=not redo))
    output.hint("`memento undo` takes it back again" if redo else "`memento undo --redo` brings it back")
