"""Operations in words, and as the plain maps of ``--json``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from memento.cli.output import Column, Output, plural
from memento.cli.present import operation_lines, operation_map

if TYPE_CHECKING:
    from memento.history import Operation, Repository


def show_operations(output: Output, repository: Repository, limit: int, schema: str) -> None:
    """Prints the last `limit` operations, newest first, and says which of them are in force."""
    operations = list(repository.operations(limit))
    oldest = operations[-1].id if operations else ""
    standing: set[str] = set()
    for operation in repository.in_force():
        standing.add(operation.id)
        if operation.id == oldest or len(standing) > len(operations):
            break
    if output.json:
        rows = [operation_map(o) | {"in_force": o.id in standing, "step": o.steps} for o in operations]
        output.document(schema, {"operations": rows})
    elif operations:
        columns = [
            Column("operation", style="yellow"),
            Column("refs", right=True),
            Column(""),
            Column("what", long=True),
        ]
        output.table(columns, ((o.id[:8], len(o.changes), _state(o, standing), o.description) for o in operations))
    else:
        output.message("Nothing has been done yet")


def _state(operation: Operation, standing: set[str]) -> str:
    return "" if operation.steps or operation.id in standing else "undone"


def tell_replayed(output: Output, operations: Sequence[Operation], back: bool, schema: str) -> None:
    """Says what an undo took `back`, or a redo brought back."""
    first, count = operations[0], len(operations)
    word = "undone" if back else "redone"
    if output.json:
        output.document(schema, {word: operation_map(first), "operations": [operation_map(o) for o in operations]})
    done = "Took back" if back else "Brought back"
    if count == 1:
        output.message(f"{done}: {first.description}")
        if not output.quiet:
            output.lines(operation_lines(output, first, back=back))
    else:
        output.message(f"{done} {plural(count, 'operation')}:")
        output.lines(_few([operation.description for operation in operations]))


def _few(lines: Sequence[str], limit: int = 10) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:limit])
    if len(lines) > limit:
        yield f"  and {len(lines) - limit:,} more"


def change_map(ref: str, before: str, after: str, stat: Any) -> dict[str, Any]:
    """One moved reference for ``--json``, with the numbers of changed records where it is a branch."""
    return {"ref": ref, "before": before, "after": after, "stat": stat}
