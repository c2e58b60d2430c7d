"""``memento oplog``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from memento.cli.changes import stat_words
from memento.cli.completion import operations
from memento.cli.context import Context, define, json_option
from memento.cli.oplog import change_map, show_operations
from memento.cli.present import operation_lines
from memento.errors import MementoError, UsageError

if TYPE_CHECKING:
    from memento.history import Operation


@define(
    """
    memento oplog
    memento oplog -n 5
    memento oplog show
    memento oplog show OPERATION -n 50
    """
)
@click.argument("words", metavar="[show [OPERATION]]", nargs=-1, shell_complete=operations)
@click.option(
    "-n", "--limit", metavar="N", type=click.IntRange(1), default=20, show_default=True,
    help="At most N operations, or references of one.",
)  # fmt: skip
@json_option
def command(context: Context, words: tuple[str, ...], limit: int) -> None:
    """List what was done to the repository, newest first.

    Every command that changes something is one operation: a generated world with all its weeks, ten
    thousand forks, a merge. With show it tells what OPERATION, the last one if left out, moved from
    where to where, and how many records changed on each branch. memento undo takes operations back.
    """
    if words and words[0] != "show":
        raise UsageError(f"oplog takes no {words[0]!r}", "`memento oplog` lists, `memento oplog show OPERATION` shows")
    if len(words) > 2:
        raise UsageError("oplog show takes one operation", "`memento oplog` lists them")
    repository = context.workspace.repository
    if not words:
        show_operations(context.output, repository, limit, "memento.oplog/1")
        return
    if len(words) == 1 and not any(True for _ in repository.operations(1)):
        raise UsageError("nothing has been done yet", "`memento generate tiny` makes a world")
    _show(context, repository.operation(words[1] if len(words) == 2 else ""), limit)


def _show(context: Context, operation: Operation, limit: int) -> None:
    output = context.output
    stats = [_stat(context, *change) for change in islice(operation.changes, limit)]
    if output.json:
        stats += [None] * (len(operation.changes) - len(stats))
        changes = [change_map(*change, stat) for change, stat in zip(operation.changes, stats, strict=True)]
        content: dict[str, Any] = {"id": operation.id, "description": operation.description, "changes": changes}
        for name in ("parent", "undoes", "redoes", "reverts"):
            content[name] = getattr(operation, name) or None
        output.document("memento.oplog/1", {"operation": content})
        return
    output.line(f"{output.paint('operation ' + operation.id, fg='yellow')}")
    output.line(operation.description)
    for name, words in (("undoes", "Stepped back to before"), ("redoes", "Stepped forth to"), ("reverts", "Took back")):
        if getattr(operation, name):
            output.line(f"{words} {getattr(operation, name)[:8]}")
    lines = operation_lines(output, operation, back=False, limit=limit)
    for line, stat in zip(lines, [*stats, None], strict=False):
        output.line(line)
        for table, counts in (stat or {}).items():
            output.line(f"    {table}  {stat_words(counts)}")


def _stat(context: Context, ref: str, before: str, after: str) -> dict[str, dict[str, int]] | None:
    """The numbers of changed records by table, where a branch moved from one world to another."""
    from memento.changes.diff import diff_trees

    if not ref.startswith("refs/heads/") or not (before and after):
        return None
    repository = context.workspace.repository
    try:
        trees = [repository.tree_of(commit) for commit in (before, after)]
        return {table: dict(counts) for table, counts in diff_trees(repository.objects, *trees).stat().items()}
    except MementoError:
        return None
