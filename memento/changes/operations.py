"""The operations of an edit as values, and their plain form.

The plain form is what batch files, fixes and ``--json`` use: one key names the operation and its
value the record, as ``TABLE:KEY``; ``values`` are the fields.

```
{"set": "memory:k7m2-3", "values": {"importance": 0.9}}
{"add": "memory", "values": {"text": "…"}}
{"delete": "session:q9-4", "cascade": false}
{"supersede": "memory:k7m2-3", "values": {"text": "…"}}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from memento.errors import UsageError
from memento.world.records import Field, schema_of
from memento.world.values import format_time


@dataclass(frozen=True)
class Set:
    """Puts some fields of a record; `values` are plain values by field.

    `where`, here and in the other operations, is where it was written, for faults.
    """

    table: str
    key: str
    values: Mapping[str, Any]
    where: str = field(default="", compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Add:
    """Adds a record. Without an ``id`` one is derived from its content."""

    table: str
    values: Mapping[str, Any]
    where: str = field(default="", compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Delete:
    """Removes a record.

    A session takes its turns and candidates with it. Where other records refer to it, the edit is
    refused; with `cascade` those that cannot do without it go too, and the others let go of it.
    """

    table: str
    key: str
    cascade: bool = False
    where: str = field(default="", compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Supersede:
    """Adds a newer memory that retires the memory `key`.

    `values` are its fields; what is left out is as in the old one. ``{"id": …}`` alone names a
    memory that is there already.
    """

    key: str
    values: Mapping[str, Any]
    table: str = field(default="memories", init=False)
    where: str = field(default="", compare=False, repr=False, kw_only=True)


_NAMED = 5
"""Fields that a description names."""

Operation = Set | Add | Delete | Supersede


def to_map(operation: Operation) -> dict[str, Any]:
    """The plain form of an operation."""
    schema = schema_of(operation.table)
    if isinstance(operation, Add):
        return {"add": schema.singular, "values": dict(operation.values)}
    place = f"{schema.singular}:{operation.key}"
    if isinstance(operation, Delete):
        return {"delete": place, "cascade": operation.cascade}
    return {"set" if isinstance(operation, Set) else "supersede": place, "values": dict(operation.values)}


def from_map(value: Any, where: str = "edit") -> Operation:
    """The operation of a plain form; names the fault at `where`. Raises `UsageError`."""
    shape = 'such as {"set": "memory:ID", "values": {"importance": 0.9}}'
    verbs = [verb for verb in ("set", "add", "delete", "supersede") if isinstance(value, Mapping) and verb in value]
    if len(verbs) != 1 or not isinstance(value[verbs[0]], str):
        raise UsageError(f"{where}: not an operation", f"one of set, add, delete or supersede, {shape}")
    verb = verbs[0]
    extra = "cascade" if verb == "delete" else "values"
    odd = sorted(set(value) - {verb, extra})
    if odd:
        raise UsageError(f"{where}: {verb} has no {odd[0]!r}", shape)
    values = value.get("values", {})
    if not isinstance(values, Mapping):
        raise UsageError(f"{where}: values must be a map of fields", shape)
    if verb == "add":
        return Add(schema_of(value["add"]).name, values, where=where)
    table, key = split(value[verb], where)
    if verb == "delete":
        if not isinstance(value.get("cascade", False), bool):
            raise UsageError(f"{where}: cascade must be true or false")
        return Delete(table, key, value.get("cascade", False), where=where)
    return Set(table, key, values, where=where) if verb == "set" else superseding(table, key, values, where)


def superseding(table: str, key: str, values: Mapping[str, Any], where: str) -> Supersede:
    """A `Supersede`, where the table is that of memories. Raises `UsageError`."""
    if table != "memories":
        singular = schema_of(table).singular
        raise UsageError(f"{where}: only a memory can be superseded, not {singular}:{key}", "set its fields instead")
    return Supersede(key, values, where=where)


def split(text: str, where: str) -> tuple[str, str]:
    """Table and key of ``memory:ID``. Raises `UsageError`, `NotFound`."""
    name, colon, key = text.partition(":")
    if not colon or not key:
        raise UsageError(f"{where}: {text!r} names no record", "write it as memory:ID")
    return schema_of(name).name, key


def describe(operation: Operation) -> str:
    """An operation in a few words; short values stand in them, texts do not."""
    if isinstance(operation, Add):
        singular, key = schema_of(operation.table).singular, operation.values.get("id")
        article = "an" if singular[0] in "aeiou" else "a"
        return f"add {singular}:{key}" if isinstance(key, str) and key else f"add {article} {singular}"
    place = f"{schema_of(operation.table).singular}:{operation.key}"
    if isinstance(operation, Delete):
        return f"delete {place}" + (" and what needs it" if operation.cascade else "")
    if isinstance(operation, Supersede):
        return f"supersede {place}"
    fields = schema_of(operation.table).by_name
    said = [_setting(fields.get(name), name, value) for name, value in operation.values.items()]
    if len(said) > _NAMED:
        said = [*said[: _NAMED - 1], f"{len(said) - _NAMED + 1} more"]
    return f"set {' and '.join(filter(None, [', '.join(said[:-1]), said[-1]]))} of {place}" if said else f"set {place}"


def _setting(field: Field | None, name: str, value: Any) -> str:
    if field is not None and field.kind == "time" and isinstance(value, int):
        return f"{name}={format_time(value)}"
    if isinstance(value, bool):
        return f"{name}={'yes' if value else 'no'}"
    return f"{name}={value}" if isinstance(value, int | float) else name
