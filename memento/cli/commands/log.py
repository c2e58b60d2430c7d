"""``memento log``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

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
from memento.cli.selecting import selection_options
from memento.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from memento.cli.output import Output
    from memento.history import Commit
    from memento.history.selection import Selection


@define(
    """
    memento log
    memento log --graph --all
    memento log main~5 -n 3
    memento log main..trial
    memento log --since 2026-01-15 --grep edit
    memento log main -- memory:MEMORY_ID
    memento log --all --where 'touched(memory:MEMORY_ID) & name("trial-*")'
    """
)
@click.argument("what", metavar="[REV|RANGE]... [-- RECORD]", nargs=-1, shell_complete=records_or_revisions)
@click.option("--graph", is_flag=True, help="Draw how branches part and join.")
@click.option("-a", "--all", "everything", is_flag=True, help="Begin at every branch.")
@click.option("-n", "--limit", metavar="N", type=click.IntRange(1), help="Show at most N commits.")
@click.option("--full", is_flag=True, help="Show authors, whole messages and notes.")
@click.option("--first-parent", is_flag=True, help="Follow only the first parent of merges.")
@click.option("--oneline", is_flag=True, hidden=True, expose_value=False, help="One line a commit, as it is anyway.")
@selection_options
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
    first_parent: bool,
    notes: bool,
    condition: str | None,
    selection: Selection,
) -> None:
    """Show how a world came to be, or one record's history.

    Commits newest first, from REV (the current branch if left out). A RANGE is A..B (what B has and
    A has not), A...B (what one of both has), ^A (without what A has) or A^! (that commit alone). With
    a RECORD such as memory:ID only the commits that added, changed or removed it, field by field.
    Patterns are regular expressions; a TIME is 2026-01-15, 2026-01-15T09:30Z or seconds since 1970.
    With --where only those for which an expression holds; what it asks of branches holds for all
    their commits.
    """
    output, repository = context.output, context.workspace.repository
    revisions, records = split_records(what)
    if graph and selection:
        raise UsageError("--graph draws a whole history: it goes with no option that picks commits")
    if condition is not None and (records or graph):
        raise UsageError(
            "--where picks single commits: it goes with neither a record nor --graph",
            "for a record: `memento log --where 'touched(memory:ID)'`",
        )
    if records:
        if len(records) > 1 or (records[0].revision and revisions) or graph or everything:
            raise UsageError(
                "the history of a record is that of one record, from one revision", "`memento log main -- memory:ID`"
            )
        words = [records[0].revision] if records[0].revision else revisions
        _record_log(context, words, records[0], selection, first_parent, limit)
        return
    if everything:
        revisions += dict.fromkeys(repository.tips().values())
    names = decorations(repository)
    noted = repository.notes().all() if notes or full else {}
    if graph and not output.json:
        for drawing, commit in repository.graph(*revisions, first_parent=first_parent, limit=limit):
            lead = drawing.rstrip()
            output.line(commit_line(output, commit, names.get(commit.id, ()), f"{lead} ") if commit else lead)
            if commit and commit.id in noted:
                output.lines(note_lines(noted[commit.id], f"{lead.replace('*', '|')}     "))
        return
    shown: Iterable[Commit] = selection.of(repository.log(*revisions, first_parent=first_parent))
    if condition is not None:
        from memento.query import commits as satisfying

        shown = satisfying(context.workspace, condition, shown)
    commits = islice(shown, limit)
    if output.json:
        maps = [commit_map(c, names.get(c.id, ())) | ({"note": noted.get(c.id, "")} if notes else {}) for c in commits]
        output.document("memento.log/1", {"commits": maps})
        return
    output.lines(_lines(output, commits, names, noted, full))


def _lines(
    output: Output,
    commits: Iterable[Commit],
    names: Mapping[str, Sequence[str]],
    noted: Mapping[str, str],
    full: bool,
) -> Iterator[str]:
    for number, commit in enumerate(commits):
        if full:
            yield from [""] if number else []
            yield from commit_lines(output, commit, names.get(commit.id, ()), noted.get(commit.id, ""))
        else:
            yield commit_line(output, commit, names.get(commit.id, ()))
            yield from note_lines(noted[commit.id], "    ") if commit.id in noted else ()


def _record_log(
    context: Context,
    revisions: list[str],
    record: RecordName,
    selection: Selection,
    first_parent: bool,
    limit: int | None,
) -> None:
    output, repository = context.output, context.workspace.repository
    entries = []
    changes = repository.log_record(revisions, record.table, record.key, first_parent)
    for commit, change in islice(((c, what) for c, what in changes if selection.fits(c)), limit):
        fields = changes_of(context.workspace, commit, record)
        entries.append({"commit": commit_map(commit), "change": change, "fields": fields})
        output.line(commit_line(output, commit, mark=f"{change_word(output, change)}  "))
        if change == "changed":
            output.lines(f"    {line}" for line in field_change_lines(output, record.table, fields))
    if not entries and not selection and not _is_range(revisions):
        context.workspace.record((revisions or ["HEAD"])[0], record.table, record.key)
    if output.json:
        output.document("memento.log/1", {"record": str(record), "commits": entries})


def _is_range(revisions: list[str]) -> bool:
    return len(revisions) > 1 or any(
        ".." in word or "^" in word[:1] or word.endswith(("^!", "^@")) for word in revisions
    )
