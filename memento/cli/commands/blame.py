"""``memento blame``."""

from __future__ import annotations

import click

from memento.cli.arguments import RecordName, split_records
from memento.cli.completion import records_or_revisions
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column
from memento.cli.present import commit_map, short, value_text
from memento.errors import UsageError
from memento.world.records import TABLES
from memento.world.values import format_time

MANIFEST = "manifest"


@define(
    """
    memento blame memory:MEMORY_ID
    memento blame main~3 memory:MEMORY_ID
    memento blame memory:MEMORY_ID@main~3 --json
    memento blame main manifest
    """
)
@click.argument("what", metavar="[REV] RECORD", nargs=-1, required=True, shell_complete=records_or_revisions)
@click.option("-f", "--field", "fields", metavar="FIELD", multiple=True, help="Only this field; repeatable.")
@json_option
def command(context: Context, what: tuple[str, ...], fields: tuple[str, ...]) -> None:
    """Show which commit set each field of a record.

    The record as it is at REV (the current branch if left out), one line a field: the commit that
    gave it its present value, its time, its author, the value and what the commit says. Merges are
    followed to the parent that has the same value; a merge that made a value itself is named. The
    word manifest stands for the world's own settings: its patterns, noise, seed and clock.
    """
    output, repository = context.output, context.workspace.repository
    revision, record = _asked(what)
    if record is None:
        origins = repository.blame(revision, MANIFEST)
        unknown = sorted(set(fields) - {origin.field for origin in origins})
        if unknown:
            raise UsageError(f"a manifest has no {unknown[0]}", f"it has {', '.join(o.field for o in origins)}")
        origins = [origin for origin in origins if not fields or origin.field in fields]
    else:
        for name in fields:
            TABLES[record.table].field(name)
        origins = repository.blame(revision, record.table, record.key, fields)
    if output.json:
        commits = {origin.commit.id: origin.commit for origin in origins}
        content = {
            "revision": repository.resolve(revision),
            "record": str(record or MANIFEST),
            "fields": {o.field: {"value": o.value, "commit": o.commit.id} for o in origins},
            "commits": {name: commit_map(commit) for name, commit in commits.items()},
        }
        output.document("memento.blame/1", content)
        return
    columns = [
        Column("commit", style="yellow"),
        Column("time"),
        Column("author", long=True),
        Column("field"),
        Column("value", long=True),
        Column("subject", long=True),
    ]
    output.table(
        columns,
        (
            (
                short(o.commit.id),
                format_time(o.commit.time)[:16].replace("T", " "),
                o.commit.author.partition(" <")[0],
                o.field,
                value_text(TABLES[record.table].by_name[o.field], o.value) if record else o.value,
                o.commit.subject,
            )
            for o in origins
        ),
    )
    subject = str(record or MANIFEST)
    if record:
        output.hint(f"`memento log {revision} -- {subject}` shows every change of it")


def _asked(what: tuple[str, ...]) -> tuple[str, RecordName | None]:
    """The revision, and the record; None for the manifest."""
    revisions, records = split_records(what)
    manifest = not records and revisions[-1:] == [MANIFEST]
    if manifest:
        revisions.pop()
    if len(records) + manifest != 1 or len(revisions) > 1 or (records and records[0].revision and revisions):
        raise UsageError("blame takes one record and at most one revision", "`memento blame main memory:ID`")
    if manifest:
        return (revisions or ["HEAD"])[0], None
    return records[0].revision or (revisions or ["HEAD"])[0], records[0]
