"""Text forms of an edit: words of a command line, batch files, and a record in an editor.

A batch file holds operations in the plain form of `memento.changes.operations`: one JSON map a line
in ``.jsonl``, a JSON list of maps in ``.json``, ``[[edit]]`` tables in ``.toml``.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from memento.changes.operations import Add, Delete, Operation, Set, from_map, split, superseding
from memento.errors import InvalidFile, MementoError, UsageError
from memento.world.records import TABLES, Field, Record, Schema, schema_of
from memento.world.values import describe, format_time, parse, parse_time
from memento.world.values import to_column as _column
from memento.world.values import to_plain as _plain

MAX_FILE = 16 << 20
_VERBS = ("set", "add", "delete", "supersede")
_FIELD = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)
_FOUR_DIGIT_YEARS = range(-30610224000, 253402300800)
_EDIT_LINE = re.compile(r"\s*\[\[\s*edit\s*\]\]")
_KEY_LINE = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


def parse_words(words: Sequence[str]) -> list[Operation]:
    """Operations of the words of a command line; each record named begins a new one.

    ``memory:ID field=value …`` sets, ``memory:new field=value …`` adds, ``memory:ID delete
    [cascade]`` deletes, ``memory:ID supersede field=value …`` supersedes; the verb may also stand
    before the record (``delete memory:ID``). Raises `InvalidFile` with all faults.
    """
    faults: list[str] = []
    found = []
    for group in _groups(words, faults):
        try:
            found.append(_operation(group))
        except InvalidFile as error:
            faults += error.faults
        except MementoError as error:
            faults.append(_said(error))
    if not found and not faults:
        faults.append("names no record")
    if faults:
        raise InvalidFile("edit", faults, "write it as: memory:ID importance=0.9 text='…'")
    return found


def _groups(words: Sequence[str], faults: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """(record, verb, further words) of each operation."""
    groups: list[tuple[str, list[str], list[str]]] = []
    pending = ""
    for word in words:
        if _FIELD.fullmatch(word) or ":" not in word:
            if word in _VERBS and groups and not groups[-1][1] and not groups[-1][2]:
                groups[-1][1].append(word)
            elif word in _VERBS:
                pending = word
            elif not groups:
                faults.append(f"{word!r} stands before any record")
            else:
                groups[-1][2].append(word)
        else:
            groups.append((word, [pending] if pending else [], []))
            pending = ""
    if pending:
        faults.append(f"{pending} names no record")
    for place, verbs, rest in groups:
        yield place, verbs[0] if verbs else "", rest


def _operation(group: tuple[str, str, list[str]]) -> Operation:
    place, verb, rest = group
    table, key = split(place, "edit")
    schema = TABLES[table]
    verb = verb or ("add" if key == "new" else "set")
    if verb == "delete":
        odd = [word for word in rest if word != "cascade"]
        if odd:
            raise UsageError(f"{place}: delete takes no {odd[0]!r}")
        return Delete(table, key, bool(rest), where=place)
    values, faults = {}, []
    for word in rest:
        match = _FIELD.fullmatch(word)
        try:
            if match is None:
                raise UsageError(f"{place}: {word!r} is not field=value")
            field = schema.field(match[1])
            values[field.name] = parse(field, match[2], place)
        except MementoError as error:
            faults.append(_said(error, place))
    if not values and not faults:
        faults.append(f"{place}: says nothing to {verb}")
    if faults:
        raise InvalidFile(place, faults)
    if verb == "add":
        given = {} if key == "new" else {"id": key}
        return Add(table, given | values, where=place)
    return Set(table, key, values, where=place) if verb == "set" else superseding(table, key, values, place)


def _said(error: MementoError, place: str = "") -> str:
    said = error.message if not place or error.message.startswith(place) else f"{place}: {error.message}"
    return f"{said} ({error.hint})" if error.hint else said


# ── batch files ──────────────────────────────────────────────────────────────────────────────────


def read_file(path: Path) -> list[Operation]:
    """Operations of a batch file (see above), at most 16 MiB.

    Raises `InvalidFile` with all faults, each with its line; `UsageError` where it cannot be read.
    """
    if path.suffix not in (".jsonl", ".json", ".toml"):
        raise UsageError(f"{path}: not a batch file", "its name must end in .jsonl, .json or .toml")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > MAX_FILE:
        raise UsageError(f"{path}: {len(data)} bytes, limit {MAX_FILE}", "split it into several edits")
    return read_text(data, path.suffix, str(path))


def read_text(data: bytes, suffix: str, where: str) -> list[Operation]:
    """Operations of the content of a batch file whose name ends in `suffix`; `where` names it in faults."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidFile(where, [f"line {data[: error.start].count(10) + 1}: not UTF-8"]) from None
    faults: list[str] = []
    operations = []
    for place, value in _maps(text, suffix, faults):
        try:
            operations.append(from_map(value, place))
        except MementoError as error:
            faults.append(_said(error, place))
    if not operations and not faults:
        faults.append("holds no operation")
    if faults:
        raise InvalidFile(where, faults)
    return operations


def _maps(text: str, suffix: str, faults: list[str]) -> Iterable[tuple[str, Any]]:
    """The plain operations of a text and where each stands."""
    if suffix == ".jsonl":
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    yield f"line {number}", json.loads(line, parse_constant=_no_constant)
                except (ValueError, RecursionError) as error:
                    faults.append(f"line {number}: not JSON: {error}")
        return
    try:
        content = json.loads(text, parse_constant=_no_constant) if suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        faults.append(f"not {suffix[1:].upper()}: {error}")
        return
    listed, name, heads = content, "operation", []
    if suffix == ".toml":
        faults += [f"unknown key {key!r}" for key in content if key != "edit"]
        listed, name = content.get("edit", []), "edit"
        heads = [n for n, line in enumerate(text.split("\n"), 1) if _EDIT_LINE.match(line)]
    if not isinstance(listed, list):
        faults.append("must be a list of operations" if suffix == ".json" else "must hold [[edit]] tables")
        return
    for number, value in enumerate(listed, 1):
        yield f"line {heads[number - 1]}" if len(heads) == len(listed) else f"{name} {number}", value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


# ── a record in an editor ────────────────────────────────────────────────────────────────────────


def record_text(table: str, record: Record, title: str = "") -> str:
    """A record as TOML to be edited: one field a line, its meaning as a comment.

    Absent fields are commented out. `title` is put into the first line.
    """
    schema = schema_of(table)
    lines = [f"# {title or schema.singular}. Save to apply, leave as it is to change nothing.", ""]
    for field in schema.fields:
        if field.name in schema.key:
            lines.append(f"# {field.name} = {_toml(field, record[field.name])}   (permanent)")
            continue
        lines.append(f"# {field.doc}: {describe(field)}")
        value = record[field.name]
        lines.append(f"# {field.name} =" if value is None else f"{field.name} = {_toml(field, value)}")
    return "\n".join(lines) + "\n"


def read_record_text(table: str, record: Record, text: str, where: str = "edit") -> list[Operation]:
    """What an edited `record_text` changes of `record`: one `Set`, or nothing.

    A field left out becomes absent where it may. Raises `InvalidFile` with all faults, each with
    its line.
    """
    schema = schema_of(table)
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidFile(where, [f"not TOML: {error}"], "correct the line, or leave the file unchanged") from None
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = _KEY_LINE.match(line)
        if match:
            lines.setdefault(match[1], number)
    faults, values = [], {}
    for name, value in content.items():
        place = f"line {lines[name]}" if name in lines else name
        try:
            field = schema.field(name)
            if field.kind == "time" and isinstance(value, datetime):
                value = parse_time(value.isoformat(), place)
            values[name] = _plain(field, _column(field, value, place))
        except MementoError as error:
            faults.append(_said(error, place))
        except TypeError:
            faults.append(f"{place}: {name}={value!r} is not {describe(field)}")
    for field in schema.fields:
        if field.name not in content and field.name not in schema.key:
            if field.nullable:
                values[field.name] = None
            else:
                faults.append(f"{field.name} is missing; it must be {describe(field)}")
    faults += _key_faults(schema, record, values)
    if faults:
        raise InvalidFile(where, faults, "correct it, or leave the file unchanged")
    changed = {name: value for name, value in values.items() if value != record[name]}
    key = "/".join(str(record[name]) for name in schema.key)
    return [Set(schema.name, key, changed, where=f"{schema.singular}:{key}")] if changed else []


def _key_faults(schema: Schema, record: Record, values: Record) -> list[str]:
    return [f"{name} is permanent" for name in schema.key if values.get(name, record[name]) != record[name]]


def _toml(field: Field, value: Any) -> str:
    """A plain value as TOML 1.0."""
    if field.kind == "bool":
        return "true" if value else "false"
    if field.kind == "time" and value in _FOUR_DIGIT_YEARS:
        return format_time(value)
    if field.kind in ("int", "time", "float"):
        return repr(value)
    if field.kind == "set":
        return f"[{', '.join(_quoted(item) for item in value)}]"
    return _multiline(value) if "\n" in value else _quoted(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _multiline(text: str) -> str:
    lines = [_quoted(line)[1:-1] for line in text.split("\n")]
    return '"""\n' + "\n".join(lines) + '"""'
