"""``memento explain``."""

from __future__ import annotations

import click

from memento.cli.arguments import is_record, record_name
from memento.cli.completion import records_or_revisions
from memento.cli.context import Context, define, json_option
from memento.cli.learning import labels_option
from memento.cli.output import Column, Output, clean
from memento.cli.present import short, value_text
from memento.errors import UsageError

_WIDTH = 28


@define(
    """
    memento explain main session:SESSION_ID memory:MEMORY_ID
    memento explain main SESSION_ID MEMORY_ID --labels clean
    memento explain candidate:SESSION_ID/MEMORY_ID --json
    """
)
@click.argument("what", metavar="[REV] SESSION MEMORY", nargs=-1, required=True, shell_complete=records_or_revisions)
@labels_option()
@json_option
def command(context: Context, what: tuple[str, ...], labels: str | None) -> None:
    """Show why a session's candidate has its label, and who set what it follows from.

    A planted label step by step: every pattern's term, the clip, the noise. Steps add up to the label
    as it is rendered. Then the 17 columns, and for each value that the label follows from the commit
    that set it last. Where nothing is planted the label is one step. SESSION and MEMORY are ids, or
    one candidate:SESSION/MEMORY.
    """
    output = context.output
    revision, session, memory = _asked(what)
    found = context.workspace.explain(revision, session, memory, labels)
    if output.json:
        output.document("memento.explain/1", {"revision": revision, **found.to_json()})
        return
    if not found.planted:
        output.message("Nothing is planted in these labels: the label is what was " +
                       ("observed" if found.labels == "observed" else "worked out from what happened"))  # fmt: skip
    at = 0.0
    rows = []
    for step in found.steps:
        rows.append([step.name, f"{step.value + 0.0:+.4f}", _bar(output, at, at + step.value), step.formula])
        at += step.value
    rows.append(["label", f"{found.label:.4f}", _bar(output, 0.0, found.label), f"as rendered ({found.labels})"])
    columns = [Column("step"), Column("adds", right=True), Column("from 0 to 1"), Column("how", long=True)]
    output.table(columns, rows)
    output.line()
    width = max(map(len, found.features))
    names = list(found.features.items())
    half = -(-len(names) // 2)
    for left, right in zip(names[:half], [*names[half:], ("", 0.0)], strict=False):
        second = f"   {right[0]:{width}} {right[1]:10.4f}" if right[0] else ""
        output.line(f"{left[0]:{width}} {left[1]:10.4f}{second}")
    output.line()
    lines = [[short(i.commit.id), i.commit.subject, i.place, clean(_value(i.place, i.value))] for i in found.inputs]
    heads = [Column("commit", style="yellow"), Column("subject", long=True), Column("set"), Column("to", long=True)]
    output.table(heads, lines)


def _asked(what: tuple[str, ...]) -> tuple[str, str, str]:
    """Revision, session and memory of the arguments."""
    words = list(what)
    found: dict[str, str] = {}
    revision = ""
    if words and not is_record(words[0]) and (len(words) == 3 or any(map(is_record, words[1:]))):
        revision = words.pop(0)
    for word, table in zip(words, ("sessions", "memories"), strict=False):
        name = record_name(word) if is_record(word) else None
        if name is None:
            found[table] = word
        elif name.table == "candidates" and "/" in name.key and len(words) == 1:
            found["sessions"], _, found["memories"] = name.key.partition("/")
        else:
            found[name.table] = name.key
        revision = (name.revision if name is not None else "") or revision
    if set(found) != {"sessions", "memories"} or len(words) > 2:
        raise UsageError(
            "name a session and a memory that it was offered",
            "`memento explain main session:SESSION_ID memory:MEMORY_ID`",
        )
    return revision or "HEAD", found["sessions"], found["memories"]


def _bar(output: Output, start: float, end: float) -> str:
    """A step of the way from 0 to 1, drawn; red where it goes down."""
    low, high = sorted((min(max(start, 0.0), 1.0), min(max(end, 0.0), 1.0)))
    first, last = round(low * _WIDTH), round(high * _WIDTH)
    mark = "▏" if first == last else ("█" if end >= start else "▒") * (last - first)
    return f"{' ' * first}{mark}".ljust(_WIDTH + 1)


def _value(place: str, value: object) -> str:
    from memento.world.records import schema_of

    kind, _, rest = place.partition(":")
    field = rest.rpartition(".")[2]
    if kind.startswith("manifest") or not rest or isinstance(value, str):
        return str(value)
    return value_text(schema_of(kind).by_name[field], value)
