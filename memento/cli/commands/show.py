"""``memento show``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import is_record, record_name
from memento.cli.changes import stat_lines
from memento.cli.completion import records_or_revisions
from memento.cli.context import Context, define, json_option
from memento.cli.failure import OK, STORE
from memento.cli.lookup import reference_words
from memento.cli.output import plural
from memento.cli.present import (
    commit_lines,
    commit_map,
    decorations,
    record_lines,
    record_table,
    turn_lines,
    world_lines,
)
from memento.errors import CorruptRecord, NotFound, UsageError
from memento.world.keys import natural
from memento.world.records import TABLES, Record, Schema, key_of, schema_of
from memento.world.values import parse

if TYPE_CHECKING:
    from memento.changes.snapshot import Snapshot

ON_TERMINAL = 50


@define(
    """
    memento show
    memento show main~2
    memento show main --table memories --limit 10
    memento show main --table memories --grep deploy --where kind=constraint
    memento show memory:MEMORY_ID@main~3
    """
)
@click.argument("words", metavar="[REV] [RECORD[@REV]]", nargs=-1, shell_complete=records_or_revisions)
@click.option("-t", "--table", metavar="TABLE", help="List the records of a table: memories, sessions, entities …")
@click.option("--grep", metavar="TEXT", help="Only records with TEXT in any field; case does not matter.")
@click.option(
    "--where", "conditions", metavar="FIELD=VALUE", multiple=True, help="Only records with this value; repeatable."
)
@click.option(
    "-n", "--limit", metavar="N", type=click.IntRange(0),
    help=f"List at most N records; 0 means all. On a terminal {ON_TERMINAL} if left out.",
)  # fmt: skip
@json_option
def command(
    context: Context,
    words: tuple[str, ...],
    table: str | None,
    grep: str | None,
    conditions: tuple[str, ...],
    limit: int | None,
) -> int:
    """Show a commit, a table of its world, or one record.

    REV is the current branch if left out. A record is written memory:ID, as it is now, or
    memory:ID@REV, as it was then (or REV memory:ID); a session comes with its main line. Tables are
    listed by time, then by id.
    """
    what = _one(words)
    if is_record(what):
        if table or grep or conditions:
            raise UsageError("--table, --grep and --where go with a revision, not with a record")
        _show_record(context, what)
        return OK
    if table or grep or conditions:
        _show_table(context, what, schema_of(table or "memories").name, grep, conditions, limit)
        return OK
    return _show_commit(context, what)


def _one(words: tuple[str, ...]) -> str:
    """The one thing that is meant: a revision, or a record as ``memory:ID@REV``."""
    if len(words) == 2 and is_record(words[1]) and not is_record(words[0]) and not record_name(words[1]).revision:
        return f"{words[1]}@{words[0]}"
    if len(words) > 1:
        raise UsageError(f"one thing can be shown at a time, not {len(words)}", "`memento show memory:ID@REV`")
    return (words[0] if words else "") or "HEAD"


def _show_record(context: Context, what: str) -> None:
    name = record_name(what)
    output, repository = context.output, context.workspace.repository
    revision = name.revision or "HEAD"
    repository.resolve(revision)
    try:
        record = context.workspace.record(revision, name.table, name.key)
    except NotFound as missing:
        try:
            repository.blame(revision, name.table, name.key)
        except NotFound as gone:  # names the commit that removed it, where one did
            raise (gone if gone.hint else missing) from None
        raise
    lookup = context.workspace.snapshot(revision)
    threads = context.workspace.threads(revision, name.key) if name.table == "sessions" else None
    if output.json:
        content = {"commit": repository.resolve(revision), "table": name.table, "record": record}
        said = {} if threads is None else {"main_line": threads.main_line()}
        output.document("memento.show/1", content | said)
        return
    schema = TABLES[name.table]
    output.lines(record_lines(output, schema, record, reference_words(lookup, schema, record)))
    if threads is not None and len(threads.turns):
        output.line()
        output.lines(turn_lines(output, threads, threads.main_line()))
        if len(threads.tips()) > 1:
            output.hint(f"`memento thread {what}` lists all {len(threads.tips())} threads of the session")
    where = f"{name.revision} " if name.revision else ""
    output.hint(f"`memento log {where}-- {name}` shows how it came to be so")


def _show_table(
    context: Context, revision: str, table: str, grep: str | None, conditions: tuple[str, ...], limit: int | None
) -> None:
    output, repository = context.output, context.workspace.repository
    commit = repository.resolve(revision)
    snapshot = context.workspace.snapshot(commit)
    records = _filter(snapshot.table(table).records(), table, grep, conditions)
    records.sort(key=_order(snapshot, table))
    if limit is None and output.terminal and not output.json:
        limit = ON_TERMINAL
    shown = list(islice(records, limit)) if limit else records
    if output.json:
        output.document("memento.show/1", {"commit": commit, "table": table, "count": len(records), table: shown})
        return
    if not records:
        output.message(f"No {table} in {revision}" + (" match" if grep or conditions else ""))
        return
    record_table(output, table, shown)
    if len(shown) < len(records):
        output.message(f"{len(shown):,} of {plural(len(records), TABLES[table].singular, table)}; --limit 0 shows all")


def _filter(records: Iterator[Record], table: str, grep: str | None, conditions: tuple[str, ...]) -> list[Record]:
    """The records that fit."""
    schema = TABLES[table]
    wanted = {}
    for condition in conditions:
        name, sign, text = condition.partition("=")
        if not sign:
            raise UsageError(f"--where {condition!r} is no condition", "write it as FIELD=VALUE")
        wanted[name] = parse(schema.field(name), text, "--where")
    words = (grep or "").casefold()
    texts = [field.name for field in schema.fields if field.kind in ("text", "ref", "set")]

    def fits(record: Record) -> bool:
        if any(record[name] != value for name, value in wanted.items()):
            return False
        return not words or any(words in str(record[name]).casefold() for name in texts)

    return list(filter(fits, records))


def _order(snapshot: Snapshot, table: str) -> Callable[[Record], tuple[Any, ...]]:
    """Where records stand in a list: by time, that of their session for what was said and offered
    in one; then by rank or id."""
    schema: Schema = TABLES[table]
    if "session" not in schema.by_name:
        return lambda record: (
            record.get("started_at", record.get("created_at", 0)),
            natural(key_of(schema, record)),
        )
    try:
        sessions = snapshot.table("sessions")
    except CorruptRecord:
        starts: dict[str, int] = {}
    else:
        starts = dict(zip(sessions.keys, sessions["started_at"].tolist(), strict=True))
    return lambda record: (
        starts.get(record["session"], 0),
        natural(record["session"]),
        record.get("rank", 0),
        natural(key_of(schema, record)),
    )


def _show_commit(context: Context, revision: str) -> int:
    output, workspace = context.output, context.workspace
    repository = workspace.repository
    commit = repository.commit_of(revision)
    snapshot = workspace.snapshot(commit.id)
    faults: dict[str, str] = {}

    def unless_corrupt(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except CorruptRecord as error:
            faults.setdefault(error.message, error.hint)
            return None

    tables = {name: unless_corrupt(partial(snapshot.table, name)) for name in TABLES}
    sizes = {name: len(table) for name, table in tables.items() if table is not None}
    manifest = unless_corrupt(lambda: snapshot.manifest)
    diff = unless_corrupt(lambda: workspace.diff(commit.parents[0], commit.id)) if commit.parents else None
    refs = decorations(repository).get(commit.id, ())
    note = repository.notes().read(commit.id)
    if output.json:
        content = {
            "commit": commit_map(commit, refs),
            "note": note,
            "manifest": None if manifest is None else manifest.to_map(),
            "counts": sizes,
            "changes": diff.stat() if diff is not None else None,
        }
        output.document("memento.show/1", content | ({"faults": list(faults)} if faults else {}))
        return _tell_faults(context, faults)
    output.lines(commit_lines(output, commit, refs, note))
    output.line()
    output.lines(world_lines(manifest, sizes))
    if diff:
        output.line("Changes:")
        output.lines(f"  {line}" for line in stat_lines(diff.stat(), diff.manifest_changed))
    if faults:
        return _tell_faults(context, faults)
    parent = f", `memento diff {revision}~1 {revision}` the changes" if commit.parents else ""
    output.hint(f"`memento show {revision} --table memories` lists records{parent}")
    return OK


def _tell_faults(context: Context, faults: dict[str, str]) -> int:
    """Names the objects that could not be read, and the way out; the exit code of the whole."""
    for message in faults:
        context.output.error(message)
    for hint in dict.fromkeys(filter(None, faults.values())):
        context.output.hint(hint)
    return STORE if faults else OK
