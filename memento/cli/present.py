"""Commits, records, worlds and changes in words, and as the plain maps of ``--json``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memento.cli.output import Column, Output, clean, cut, plural
from memento.world.records import TABLES, Field, Record, Schema
from memento.world.values import format_time, in_words

if TYPE_CHECKING:
    from memento.history import Commit, Operation, Repository
    from memento.world.threads import Threads
    from memento.world.world import Manifest

SHORT = 8
"""Digits of an abbreviated commit id."""


def short(commit_id: str) -> str:
    """An abbreviated commit id, as revisions accept it."""
    return commit_id[:SHORT]


def decorations(repository: Repository) -> dict[str, list[str]]:
    """The names that lead to each commit, by commit id: HEAD's branch first, then the others."""
    names: dict[str, list[str]] = {}
    current = repository.refs.read("HEAD").removeprefix("refs/heads/")
    for name, tip in repository.tips().items():
        if name == current:
            names.setdefault(tip, []).insert(0, f"HEAD -> {name}")
        else:
            names.setdefault(tip, []).append(name)
    for tag in repository.tags():
        names.setdefault(tag.commit, []).append(f"tag: {tag.name}")
    return names


def commit_map(commit: Commit, refs: Sequence[str] = ()) -> dict[str, Any]:
    """A commit for ``--json``; `time` is in s UTC."""
    return {
        "id": commit.id,
        "tree": commit.tree,
        "parents": list(commit.parents),
        "author": commit.author,
        "time": commit.time,
        "message": commit.message.rstrip("\n"),
        "refs": list(refs),
    }


def commit_line(output: Output, commit: Commit, refs: Sequence[str] = (), lead: str = "", mark: str = "") -> str:
    """A commit on one line, cut to a terminal's width: what is drawn before it, id, day, names, subject."""
    names = f"({', '.join(_few(refs))}) " if refs else ""
    used = len(lead) + SHORT + len("  2026-03-02  ") + len(mark) + len(names)
    subject = clean(commit.subject)
    if output.terminal:
        subject = cut(subject, max(20, output.width - used))
    day = output.paint(format_time(commit.time)[:10], dim=True)
    return (
        f"{lead}{output.paint(short(commit.id), fg='yellow')}  {day}  {mark}{output.paint(names, fg='green')}{subject}"
    )


def _few(names: Sequence[str], limit: int = 4) -> list[str]:
    return list(names) if len(names) <= limit else [*names[: limit - 1], f"and {len(names) - limit + 1} more"]


def commit_lines(output: Output, commit: Commit, refs: Sequence[str] = (), note: str = "") -> Iterator[str]:
    """A commit in full with what is noted on it, as ``git log`` prints it."""
    names = f" ({', '.join(_few(refs, 20))})" if refs else ""
    yield f"{output.paint('commit ' + commit.id, fg='yellow')}{output.paint(names, fg='green')}"
    if len(commit.parents) > 1:
        yield f"Merge:  {' '.join(map(short, commit.parents))}"
    yield f"Author: {clean(commit.author)}"
    yield f"Time:   {format_time(commit.time)}"
    yield ""
    for line in commit.message.rstrip("\n").splitlines():
        yield f"    {clean(line)}"
    if note:
        yield ""
        yield from note_lines(note)


def note_lines(note: str, indent: str = "") -> Iterator[str]:
    """A note, as ``git log`` prints it."""
    yield f"{indent}Notes:"
    for line in note.splitlines():
        yield f"{indent}    {clean(line)}".rstrip()


def value_text(field: Field, value: Any) -> str:
    """A plain value of a record as people read it, without what would move a terminal's cursor."""
    return clean(in_words(field, value))


def record_lines(output: Output, schema: Schema, record: Record, labels: Mapping[str, str]) -> Iterator[str]:
    """A record, one field a line; `labels` says by field what the record referred to is called."""
    width = max(len(field.name) for field in schema.fields)
    for field in schema.fields:
        unit = f" {field.unit}" if field.unit and field.kind != "time" and record[field.name] is not None else ""
        label = f" ({cut(clean(labels[field.name]), 60)})" if labels.get(field.name) else ""
        name = output.paint(f"{field.name:{width}}", dim=True)
        yield f"{name}  {value_text(field, record[field.name])}{unit}{output.paint(label, dim=True)}".rstrip()


def turn_lines(output: Output, threads: Threads, keys: Iterable[str]) -> Iterator[str]:
    """Some turns of a session, who said what, one a line."""
    turns = threads.turns
    for key in keys:
        row = turns.row_of[key]
        said = clean(turns["text"][row])
        if output.terminal:
            said = cut(said, max(20, output.width - len(key) - len(turns["role"][row]) - 4))
        yield f"{output.paint(key, fg='yellow')}  {turns['role'][row]}: {said}"


_SHOWN = {
    "entities": ("id", "name", "kind", "project", "created_at"),
    "aspects": ("id", "entity", "name", "single_valued"),
    "dependencies": ("id", "source", "kind", "target", "weight"),
    "memories": ("id", "importance", "created_at", "deleted", "text"),
    "sessions": ("id", "started_at", "ended_at", "topic", "mode", "score"),
    "turns": ("id", "session", "role", "text"),
    "candidates": ("session", "memory", "rank", "source", "injected", "used", "relevance"),
}
"""The fields that a list of records shows, narrow ones first; `show RECORD` shows all."""


def record_table(output: Output, table: str, records: Iterable[Record]) -> None:
    """Prints records as a table with the fields that tell most."""
    schema = TABLES[table]
    fields = [schema.by_name[name] for name in _SHOWN[table]]
    columns = [
        Column(field.name, right=field.kind in ("int", "float"), long=field.name in ("text", "name"))
        for field in fields
    ]
    output.table(columns, ([_cell(f, record[f.name]) for f in fields] for record in records))


def _cell(field: Field, value: Any) -> str:
    """A value in a table; times to the minute."""
    if field.kind == "time" and value is not None:
        return format_time(value)[:16].replace("T", " ")
    return value_text(field, value)


def world_lines(manifest: Manifest | None, sizes: Mapping[str, int]) -> Iterator[str]:
    """What a world is, in a few lines; None for a manifest that cannot be read."""
    counts = (plural(count, TABLES[table].singular, table) for table, count in sizes.items() if count)
    records = f"Records: {', '.join(counts) or 'none'}"
    if manifest is None:
        yield from [records] if sizes else []
        return
    name = manifest.scenario.get("name") if manifest.scenario else None
    origin = f"{manifest.source} from {name}, seed {manifest.seed}" if name else manifest.source
    yield f"World:   {origin}, clock {format_time(manifest.clock)}"
    yield records
    if manifest.patterns:
        weights = (f"{n} {p['weight']:g}" if "weight" in p else n for n, p in sorted(manifest.patterns.items()))
        yield f"Planted: {', '.join(weights)}"
    if manifest.noise:
        yield f"Noise:   {manifest.noise.get('distribution')}, {manifest.noise.get('snr_db'):g} dB"


def size_words(sizes: Mapping[str, int], *tables: str) -> str:
    """``60 memories, 1 session``: how many records some tables hold."""
    return ", ".join(plural(sizes[name], TABLES[name].singular, name) for name in tables)


def change_word(output: Output, word: str) -> str:
    """added, changed and removed in their colours."""
    colours = {"added": "green", "removed": "red", "changed": "yellow"}
    return output.paint(f"{word:7}", fg=colours.get(word))


def field_change_lines(output: Output, table: str, changes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Changed fields as ``importance: 0.5 → 0.9``; a long text stands on lines of its own, and a
    terminal shows a few lines of a huge one."""
    for name, sides in changes.items():
        field = TABLES[table].by_name[name]
        before, after = (value_text(field, sides[side]) if side in sides else "" for side in ("before", "after"))
        if output.terminal:
            before, after = (cut(text, 4 * output.width) for text in (before, after))
        if len(before) + len(after) + len(name) < 90:
            yield f"{name}: {output.paint(before, fg='red')} → {output.paint(after, fg='green')}"
        else:
            yield f"{name}:"
            yield output.paint(f"  - {before}", fg="red")
            yield output.paint(f"  + {after}", fg="green")


def operation_map(operation: Operation) -> dict[str, Any]:
    """An operation for ``--json``; an empty `before` or `after` means that the ref was not there."""
    changes = [{"ref": ref, "before": before, "after": after} for ref, before, after in operation.changes]
    return {"id": operation.id, "description": operation.description, "changes": changes}


def operation_lines(output: Output, operation: Operation, back: bool, limit: int = 10) -> Iterator[str]:
    """Where the refs of an operation stand now that it was taken `back`, or done again."""
    for ref, before, after in operation.changes[:limit]:
        name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
        old, new = (after, before) if back else (before, after)
        yield f"  {name}: {_target(old)} → {_target(new)}"
    if len(operation.changes) > limit:
        yield f"  and {len(operation.changes) - limit:,} more"


def _target(value: str) -> str:
    if not value:
        return "none"
    return value.removeprefix("refs/heads/") if value.startswith("refs/") else short(value)
