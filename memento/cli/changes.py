"""Differences of worlds in words, and parts of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from memento.cli.output import Output, clean, cut, plural
from memento.cli.present import change_word, field_change_lines, value_text
from memento.world.records import TABLES, Record

if TYPE_CHECKING:
    from memento.changes.diff import Change, Diff, TableDiff

ON_TERMINAL = 200
"""Records that a difference shows on a terminal unless told otherwise."""


def stat_words(stat: Mapping[str, int]) -> str:
    """``3 added, 1 changed``; nothing: ``nothing``."""
    return ", ".join(f"{count:,} {word}" for word, count in stat.items() if count) or "nothing"


def stat_lines(stat: Mapping[str, Mapping[str, int]], manifest: bool = False) -> Iterator[str]:
    """Numbers of changed records, one table a line."""
    width = max([len(name) for name in stat] + [8 if manifest else 0], default=0)
    for name, counts in stat.items():
        yield f"{name:{width}}  {stat_words(counts)}"
    if manifest:
        yield f"{'manifest':{width}}  changed"


def diff_lines(output: Output, diff: Diff, limit: int = 0) -> Iterator[str]:
    """A difference record by record and field by field; `limit` 0 means all records."""
    for name, (before, after) in diff.manifest_fields().items():
        yield f"{change_word(output, 'changed')}  manifest {name}"
        yield from _manifest_lines(output, name, before, after)
    records = diff.records()
    for change in islice(records, limit) if limit else records:
        yield from change_lines(output, change)
    rest = sum(sum(counts.values()) for counts in diff.stat().values()) - limit
    if limit and rest > 0:
        yield f"… and {plural(rest, 'record')} more"


def change_lines(output: Output, change: Change) -> Iterator[str]:
    """One record that differs."""
    lead = f"{change_word(output, change.kind)}  {output.paint(clean(change.place), bold=True)}"
    if change.before is None or change.after is None:
        words = record_words(change.table, change.after or change.before or {})
        yield lead + (f"  {_fit(output, words, len(change.place) + 11)}" if words else "")
        return
    yield lead
    sides = {n: {"before": change.before[n], "after": change.after[n]} for n in change.fields}
    yield from (f"    {line}" for line in field_change_lines(output, change.table, sides))


def record_words(table: str, record: Record) -> str:
    """A record in a few words, its id left out."""
    fields = TABLES[table].by_name
    if table == "memories":
        gone = ", deleted" if record["deleted"] else ""
        return f"{clean(record['text'])} ({record['kind']}, importance {record['importance']:g}{gone})"
    if table == "turns":
        return f"{clean(record['role'])}: {clean(record['text'])}"
    if table == "dependencies":
        return clean(f"{record['source']} {record['kind']} {record['target']}")
    if table == "sessions":
        return f"{value_text(fields['started_at'], record['started_at'])}, {record['mode']}"
    if table == "candidates":
        return ", ".join([f"rank {record['rank']}", *(name for name in ("injected", "used") if record[name])])
    return clean(record["name"])


def only(diff: Diff, tables: Collection[str], keys: Collection[tuple[str, str]]) -> Diff:
    """The part of a difference that is about some tables or records; the manifest is left out."""
    from memento.changes.diff import Diff

    parts = {}
    for name, part in diff.tables.items():
        wanted = {key for table, key in keys if table == name}
        chosen = part if name in tables else _rows(part, wanted)
        if chosen:
            parts[name] = chosen
    return Diff(parts, (diff.manifests[0], diff.manifests[0]))


def _rows(part: TableDiff, keys: Collection[str]) -> TableDiff:
    import numpy as np

    from memento.changes.diff import TableDiff

    masks = [np.array([key in keys for key in table.keys], bool) for table in (part.added, part.removed, part.after)]
    changed = {name: mask[masks[2]] for name, mask in part.changed.items()}
    return TableDiff(
        part.schema,
        part.added.take(masks[0]),
        part.removed.take(masks[1]),
        part.before.take(masks[2]),
        part.after.take(masks[2]),
        {name: mask for name, mask in changed.items() if mask.any()},
    )


def _fit(output: Output, text: str, used: int) -> str:
    return cut(text, max(30, output.width - used)) if output.terminal else text


def _manifest_lines(output: Output, name: str, before: Any, after: Any) -> Iterator[str]:
    """What differs in one manifest field; maps are compared name by name."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                yield from _manifest_lines(output, f"{name}.{key}", before.get(key), after.get(key))
        return
    old, new = (_manifest_text(name, value) for value in (before, after))
    yield f"    {clean(name)}: {output.paint(old, fg='red')} → {output.paint(new, fg='green')}"


def _manifest_text(name: str, value: Any) -> str:
    from memento.world.values import format_time

    if name == "clock" and isinstance(value, int):
        return format_time(value)
    return "absent" if value is None else clean(str(value))
