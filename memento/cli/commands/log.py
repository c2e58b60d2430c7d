"""``memento log``."""

from __future__ import annotations

from itertools import islice

import click

from memento.cli.arguments import RecordName, split_records
from memento.cli.completion import records_or_revisions
from memento.cli.context import Context, define, json_option
from memento.cli.filtering import where_option
from memento.cli.lookup import changes_of
from memento.cli.present import (
    change_word,
    commit_line,
    commit_lines,
    commit_map,
    decorations,
    field_change_lines,
    note_lines,
)
from memento.errors import UsageError


@define(
    """
    memento log
    memento log --graph --all
    memento log main~5 -n 3
    memento log main -- memory:MEMORY_ID
    memento log --all --where 'touched(memory:MEMORY_ID) & name("trial-*")'
    """
)
@click.argument("what", metavar="[REV]... [-- RECORD]", nargs=-1, shell_complete=records_or_revisions)
@click.option("--graph", is_flag=True, help="Draw how branches part and join.")
@click.option("-a", "--all", "everything", is_flag=True, help="Begin at every branch.")
@click.option("-n", "--limit", metavar="N", type=click.IntRange(1), help="Show at most N commits.")
@click.option("--full", is_flag=True, help="Show authors, whole messages and notes.")
@click.option("--notes", is_flag=True, help="Show what is noted on each commit; see memento note.")
@where_option
@json_option
def command(
    context: Context,
    what: tuple[str, ...],
    graph: bool,
    everything: bool,
    limit: int | None,
    full: bool,
    notes: bool,
    condition: str | None,
) -> None:
    """Show how a world came to be, or one record's history.

    Commits newest first, from REV (the current branch if left out). With a RECORD such as
    memory:ID only the commits that added, changed or removed it, field by field. With --where only
    those for which an expression holds; what it asks of branches holds for all their commits.
    """
    output, repository = context.output, context.workspace.repository
    revisions, records = split_records(what)
    if condition is not None and (records or graph):
        raise UsageError(
            "--where picks single commits: it goes with neither a record nor --graph",
            "for a record: `memento log --where 'touched(memory:ID)'`",
        )
    if records:
        if len(records) > 1 or len(revisions) > 1 or graph or everything:
            raise UsageError(
                "the history of a record takes one revision and one record", "`memento log main -- memory:ID`"
            )
        _record_log(context, records[0].revision or (revisions[0] if revisions else "HEAD"), records[0], limit)
        return
    if everything:
        revisions += dict.fromkeys(branch.commit for branch in repository.branches())
    names = decorations(repository)
    noted = repository.notes().all() if notes or full else {}
    shown = repository.log(*revisions, limit=None if condition else limit)
    if condition is not None:
        from memento.query import commits as satisfying

        shown = islice(satisfying(context.workspace, condition, shown), limit)
    if output.json:
        commits = [commit_map(c, names.get(c.id, ())) | ({"note": noted.get(c.id, "")} if notes else {}) for c in shown]
        output.document("memento.log/1", {"commits": commits})
    elif graph:
        for drawing, commit in repository.graph(*revisions, limit=limit):
            lead = drawing.rstrip()
            output.line(commit_line(output, commit, names.get(commit.id, ()), f"{lead} ") if commit else lead)
            if commit and commit.id in noted:
                output.lines(note_lines(noted[commit.id], f"{lead.replace('*', '|')}     "))
    else:
        for number, commit in enumerate(shown):
            if full:
                output.lines([""] if number else [])
                output.lines(commit_lines(output, commit, names.get(commit.id, ()), noted.get(commit.id, "")))
            else:
                output.line(commit_line(output, commit, names.get(commit.id, ())))
                output.lines(note_lines(noted[commit.id], "    ") if commit.id in noted else ())


def _record_log(context: Context, revision: str, record: RecordName, limit: int | None) -> None:
    output, repository = context.output, context.workspace.repository
    entries = []
    for commit, change in repository.log_record(revision, record.table, record.key):
        fields = changes_of(context.workspace, commit, record)
        entries.append({"commit": commit_map(commit), "change": change, "fields": fields})
        output.line(commit_line(output, commit, mark=f"{change_word(output, change)}  "))
        if change == "changed":
            output.lines(f"    {line}" for line in field_change_lines(output, record.table, fields))
        if limit is not None and len(entries) >= limit:
            break
    if not entries:
        context.workspace.record(revision, record.table, record.key)
    if output.json:
        output.document("memento.log/1", {"record": str(record), "commits": entries})
