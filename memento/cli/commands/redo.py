"""``memento redo``."""

from __future__ import annotations

import click

from memento.cli.context import Context, define, json_option
from memento.cli.oplog import tell_replayed


@define(
    """
    memento redo
    memento redo 3
    """
)
@click.argument("count", metavar="[N]", type=click.IntRange(1), default=1)
@json_option
def command(context: Context, count: int) -> None:
    """Bring back what undo took back.

    It is there until something new is done. A redo is one operation, whatever N is; memento undo
    takes it back again.
    """
    redone = context.workspace.repository.redo(count)
    tell_replayed(context.output, redone, False, "memento.redo/1")
    context.output.hint(
        f"`memento undo{'' if count == 1 else f' {count}'}` takes {'it' if count == 1 else 'them'} back"
    )
