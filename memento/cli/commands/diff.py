"""``memento diff``."""

from __future__ import annotations

import click

from memento.cli.arguments import is_record, record_name, two_worlds
from memento.cli.changes import ON_TERMINAL, diff_lines, only, stat_lines
from memento.cli.completion import records_or_revisions
from memento.cli.context import Context, define, json_option
from memento.cli.learning import labels_option
from memento.cli.lookup import record_at
from memento.cli.seeing import rendered_lines
from memento.errors import UsageError
from memento.world.records import schema_of


@define(
    """
    memento diff main trial
    memento diff main...trial --stat
    memento diff main~1 main
    memento diff main trial -- memory:MEMORY_ID
    memento diff main trial --table memories --json
    memento diff main trial --rendered
    """
)
@click.argument("what", metavar="[A] [B] [-- RECORD...]", nargs=-1, shell_complete=records_or_revisions)
@click.option("--stat", is_flag=True, help="Show numbers of records only.")
@click.option("--table", "tables", metavar="TABLE", multiple=True, help="Only records of this table; repeatable.")
@click.option(
    "-n", "--limit", metavar="N", type=click.IntRange(0),
    help=f"Show at most N records; 0 means all. On a terminal {ON_TERMINAL} if left out.",
)  # fmt: skip
@click.option("--rendered", is_flag=True, help="Show what a model sees of it: columns, label flips, and why.")
@labels_option("planted, or observed where nothing is; with --rendered")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where there is a difference.")
@json_option
def command(
    context: Context,
    what: tuple[str, ...],
    stat: bool,
    tables: tuple[str, ...],
    limit: int | None,
    rendered: bool,
    labels: str | None,
    exit_code: bool,
) -> int:
    """Show what differs between two worlds, field by field.

    A B and A..B compare two revisions; A...B shows what B changed since it parted from A; A alone
    is compared with the current branch; nothing shows what the last commit changed. Records such
    as memory:ID narrow it down. With --rendered both worlds are rendered: how far each column drifts,
    which labels cross 0.5, and the edits that make each of them do so.
    """
    output, workspace = context.output, context.workspace
    records = [record_name(text) for text in what if is_record(text)]
    old, new = two_worlds(context, [text for text in what if not is_record(text)])
    if labels and not rendered:
        raise UsageError("--labels goes with --rendered")
    if rendered:
        if records or tables or stat or limit is not None:
            raise UsageError("--rendered is about whole worlds", "`memento diff main trial --rendered`")
        seen = workspace.diff_rendered(old, new, labels)
        if output.json:
            output.document("memento.diff/1", {"old": old, "new": new, "rendered": seen.to_json()})
        else:
            rendered_lines(output, seen)
        return 1 if exit_code and seen.effect.records else 0
    diff = workspace.diff(old, new)
    if records or tables:
        diff = only(diff, {schema_of(name).name for name in tables}, {(r.table, r.key) for r in records})
        for record in records if not diff else ():
            if record_at(workspace, record, old) is None:
                workspace.record(new, record.table, record.key)
    if output.json:
        resolve = workspace.repository.resolve
        ends = {side: {"revision": name, "commit": resolve(name)} for side, name in (("old", old), ("new", new))}
        output.document("memento.diff/1", ends | ({"stat": diff.stat()} if stat else diff.to_json()))
    elif not diff:
        output.message(f"No difference between {old} and {new}" + (" there" if records or tables else ""))
    elif stat:
        output.lines(stat_lines(diff.stat(), diff.manifest_changed))
    else:
        output.lines(diff_lines(output, diff, limit if limit is not None else ON_TERMINAL if output.terminal else 0))
    return 1 if exit_code and diff else 0
