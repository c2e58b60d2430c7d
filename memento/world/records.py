"""What the records of a world are: the tables, their fields, units, bounds and merge kinds.

Everything that reads, writes, edits, compares, merges or prints a record asks this file, so a new
field is one line here. Times are integer UTC seconds since 1970; an absent number is `NULL_INT` or
NaN in memory and null outside; an absent reference is the empty string in memory and null outside;
a set is its members, sorted, joined by one space.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from memento.errors import NotFound, UsageError

NULL_INT = -(2**63)
_LARGEST = sys.float_info.max
MAX_TEXT = 100_000
FIRST_TIME, LAST_TIME = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999, which every calendar and every ISO 8601 reader holds, in s UTC."""
MAX_ID = 200
_SHOWN = 100
ID = re.compile(r"[^\s@/\x00-\x1f\x7f]{1,200}")

Kind = Literal["text", "int", "float", "bool", "time", "ref", "set"]
Merge = Literal["scalar", "counter", "set"]
Record = dict[str, Any]
"""One record as plain values: str, int, float, bool, None, and a sorted list of str for a set."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table.

    `target` is the table a reference points into; `low` and `high` are inclusive bounds;
    `choices` are the only texts allowed (empty: any); `merge` is the rule of `changes/rules`.
    """

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    default: Any = ""
    nullable: bool = False
    required: bool = False
    target: str = ""
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    merge: Merge = "scalar"

    def __post_init__(self) -> None:
        if self.kind == "time":
            object.__setattr__(self, "low", FIRST_TIME)
            object.__setattr__(self, "high", LAST_TIME)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numpy dtype of the column: object (of str), int64, float64 or bool."""
        return _DTYPES[self.kind]

    @property
    def null(self) -> Any:
        """How absence is held in a column of this kind."""
        return {"int": NULL_INT, "time": NULL_INT, "float": math.nan}.get(self.kind, "")


_DTYPES: dict[str, np.dtype[Any]] = {
    **dict.fromkeys(("text", "ref", "set"), np.dtype(object)),
    **dict.fromkeys(("int", "time"), np.dtype(np.int64)),
    "float": np.dtype(np.float64),
    "bool": np.dtype(np.bool_),
}


@dataclass(frozen=True)
class Schema:
    """One table: its plural name, the singular used in ``memory:ID``, its key and its fields."""

    name: str
    singular: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ("id",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {field.name: field for field in self.fields})
        object.__setattr__(self, "dtypes", tuple((field.name, field.dtype) for field in self.fields))

    by_name: Mapping[str, Field] = None  # type: ignore[assignment]
    dtypes: tuple[tuple[str, np.dtype[Any]], ...] = ()

    def field(self, name: str) -> Field:
        """The field called `name`; raises `NotFound` with the nearest names."""
        if name not in self.by_name:
            raise NotFound(f"field of {self.singular}", name, self.by_name, f"fields: {', '.join(self.by_name)}")
        return self.by_name[name]


def _id(doc: str = "permanent id, fixed at birth") -> Field:
    return Field("id", "text", doc, required=True)


TABLES: dict[str, Schema] = {
    schema.name: schema
    for schema in (
        Schema(
            "entities",
            "entity",
            (
                _id(),
                Field("name", "text", "what people call it", required=True),
                Field("kind", "text", "type of entity, such as service or person", default="concept"),
                Field("project", "text", "project it belongs to; empty for none"),
                Field("created_at", "time", "when it appeared", "s UTC", required=True),
                Field("retired_at", "time", "when it stopped acting", "s UTC", nullable=True, default=None),
            ),
        ),
        Schema(
            "aspects",
            "aspect",
            (
                _id(),
                Field("entity", "ref", "the entity it is an aspect of", target="entities", required=True),
                Field("name", "text", "the named dimension, such as deploy target", required=True),
                Field("single_valued", "bool", "at most one live value at a time", default=False),
                Field("weight", "float", "prominence", default=1.0, low=0),
            ),
        ),
        Schema(
            "dependencies",
            "dependency",
            (
                _id(),
                Field("source", "ref", "the entity that depends", target="entities", required=True),
                Field("target", "ref", "the entity depended on", target="entities", required=True),
                Field("kind", "text", "type of edge, such as uses or owns", default="uses"),
                Field("weight", "float", "strength", default=1.0, low=0),
            ),
        ),
        Schema(
            "memories",
            "memory",
            (
                _id(),
                Field("text", "text", "what is remembered, in words", required=True),
                Field(
                    "kind",
                    "text",
                    "what sort of memory",
                    default="attribute",
                    choices=("attribute", "constraint", "episode"),
                ),
                Field("entity", "ref", "the entity it is about", target="entities", nullable=True, default=None),
                Field("aspect", "ref", "the aspect it gives a value to", target="aspects", nullable=True, default=None),
                Field("value", "text", "the value under that aspect"),
                Field("project", "text", "project it belongs to; empty for none"),
                Field("importance", "float", "importance", default=0.5, low=0, high=1),
                Field("created_at", "time", "when it was written", "s UTC", required=True),
                Field(
                    "prior_accesses",
                    "int",
                    "accesses before the first recorded session",
                    default=0,
                    low=0,
                    merge="counter",
                ),
                Field("embedded", "bool", "has an embedding vector", default=True),
                Field("pinned", "bool", "always offered", default=False),
                Field("deleted", "bool", "deleted, or retired by a newer memory", default=False),
                Field(
                    "superseded_by",
                    "ref",
                    "the newer memory that retires it",
                    target="memories",
                    nullable=True,
                    default=None,
                ),
                Field(
                    "peak_hour",
                    "int",
                    "hour of day at which it matters most",
                    "h UTC",
                    nullable=True,
                    default=None,
                    low=0,
                    high=23,
                ),
                Field(
                    "peak_weekday",
                    "int",
                    "weekday at which it matters most, Monday 0",
                    nullable=True,
                    default=None,
                    low=0,
                    high=6,
                ),
                Field("origin", "text", "what caused it: a session id, or its id in the imported source"),
            ),
        ),
        Schema(
            "sessions",
            "session",
            (
                _id(),
                Field("started_at", "time", "start", "s UTC", required=True),
                Field("ended_at", "time", "end; the instant at which features are taken", "s UTC", required=True),
                Field("project", "text", "project worked on; empty for none"),
                Field("topic", "ref", "the entity it is about", target="entities", nullable=True, default=None),
                Field("mode", "text", "how memories were gathered", default="plain", choices=("plain", "traversal")),
                Field("score", "float", "how well the session went", nullable=True, default=None, low=0, high=1),
                Field("confidence", "float", "confidence in that score", nullable=True, default=None, low=0, high=1),
                Field("novel_context_count", "int", "items of context that no memory covered", default=0, low=0),
            ),
        ),
        Schema(
            "turns",
            "turn",
            (
                _id(),
                Field("session", "ref", "the session it was said in", target="sessions", required=True),
                Field(
                    "parent",
                    "ref",
                    "the turn it answers; null for the first",
                    target="turns",
                    nullable=True,
                    default=None,
                ),
                Field("role", "text", "who speaks", default="user"),
                Field("text", "text", "what was said", required=True),
                Field("cites", "set", "memories it relies on", target="memories", default=(), merge="set"),
                Field("preference", "float", "how much this alternative is preferred", nullable=True, default=None),
            ),
        ),
        Schema(
            "candidates",
            "candidate",
            (
                Field("session", "ref", "the session it was offered to", target="sessions", required=True),
                Field("memory", "ref", "the memory offered", target="memories", required=True),
                Field(
                    "source",
                    "text",
                    "how it came in: effective, ka_traversal, ka_traversal_pinned, exploration, fts_only …",
                    default="effective",
                ),
                Field("rank", "int", "place in the baseline order, 0 first", default=0, low=0),
                Field("injected", "bool", "was put into the agent's context", default=False),
                Field("used", "bool", "was used by the agent", default=False),
                Field("fts_hits", "int", "full-text search hits in the session", default=0, low=0),
                Field(
                    "relevance", "float", "observed relevance; null where it is planted", nullable=True, default=None
                ),
            ),
            key=("session", "memory"),
        ),
    )
}
KEYED = ("entities", "aspects", "dependencies", "memories")
"""Tables keyed by record id alone."""
HISTORY = ("sessions", "turns", "candidates")
"""Tables that grow with time; turns and candidates belong to one session each."""
_BY_SINGULAR = {schema.singular: schema for schema in TABLES.values()}


def schema_of(name: str) -> Schema:
    """The schema of a table by its plural or singular name; raises `NotFound`."""
    found = TABLES.get(name) or _BY_SINGULAR.get(name)
    if found is None:
        raise NotFound("table", name, [*TABLES, *_BY_SINGULAR], f"tables: {', '.join(TABLES)}")
    return found


def key_of(schema: Schema, record: Mapping[str, Any]) -> str:
    """The key of a record in words: its id, or ``SESSION/MEMORY`` for a candidate."""
    return "/".join(str(record[name]) for name in schema.key)


def to_plain(field: Field, value: Any) -> Any:
    """A column's element as a plain value: None for absence, a sorted list for a set."""
    if field.kind == "set":
        return value.split(" ") if value else []
    if field.kind in ("int", "time"):
        return None if field.nullable and value == NULL_INT else int(value)
    if field.kind == "float":
        return None if value != value else float(value)
    if field.kind == "bool":
        return bool(value)
    return None if field.nullable and value == "" else value


def to_column(field: Field, value: Any, where: str) -> Any:
    """The element a column holds for a plain value, checked against the field.

    Raises `UsageError` that names `where`, the field, the value and what would be right.
    """
    if value is None:
        if not field.nullable:
            raise UsageError(f"{where}: {field.name} must have a value", f"{field.name}: {describe(field)}")
        return field.null
    if field.kind in ("text", "ref"):
        if not isinstance(value, str) or len(value) > MAX_TEXT or "\x00" in value:
            raise _wrong(field, value, where)
        if not _encodable(value):
            raise _wrong(field, value, where)
        is_id = field.kind == "ref" or field.name == "id"
        if is_id and not ID.fullmatch(value) and not (value == "" and field.nullable):
            raise UsageError(
                f"{where}: {field.name}={value!r} is not a record id",
                f"an id is 1 to {MAX_ID} characters without spaces, '@' or '/'",
            )
        if (field.choices and value not in field.choices) or (field.required and not value):
            raise _wrong(field, value, where)
        return value
    if field.kind == "set":
        if not isinstance(value, list | tuple | set | frozenset) or not all(_is_id(item) for item in value):
            raise _wrong(field, value, where)
        return " ".join(sorted(set(value)))
    if field.kind == "bool":
        if not isinstance(value, bool | np.bool_):
            raise _wrong(field, value, where)
        return bool(value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise _wrong(field, value, where)
    if not -_LARGEST <= value <= _LARGEST or not field.low <= value <= field.high:
        raise _wrong(field, value, where)
    if field.kind == "float":
        return float(value)
    if int(value) != value or not -(2**63) < value < 2**63:
        raise _wrong(field, value, where)
    return int(value)


def _wrong(field: Field, value: Any, where: str) -> UsageError:
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}… ({len(shown):,} characters)"
    return UsageError(f"{where}: {field.name}={shown} is not {describe(field)}")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None and _encodable(value)


def parse(field: Field, text: str, where: str) -> Any:
    """The plain value that a user's text stands for (``null`` or nothing is absence).

    Times are taken as ISO 8601 (UTC unless it says otherwise) or seconds; sets as ids parted by
    commas or spaces; booleans as true/false, yes/no, 1/0. Raises `UsageError`.
    """
    if field.kind in ("text", "ref"):
        value: Any = None if field.nullable and text in ("", "null") else text
    elif field.kind == "set":
        value = text.replace(",", " ").split()
    elif field.nullable and text in ("", "null"):
        value = None
    elif field.kind == "bool":
        if text.lower() not in _BOOLEANS:
            raise _wrong(field, text, where)
        value = _BOOLEANS[text.lower()]
    else:
        try:
            value = float(text) if field.kind == "float" else int(text)
        except ValueError:
            if field.kind != "time":
                raise _wrong(field, text, where) from None
            value = parse_time(text, where)
    return to_plain(field, to_column(field, value, where))


_BOOLEANS = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}


def parse_time(text: str, where: str = "time") -> int:
    """Seconds since 1970 UTC of an ISO 8601 instant; no zone means UTC. Raises `UsageError`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{where}: {text!r} is not a time", "write it as 2026-03-02T09:30:00Z") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def format_time(seconds: int) -> str:
    """An instant as ``YYYY-MM-DDThh:mm:ssZ``; seconds that no calendar holds stay a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def in_words(field: Field, value: Any) -> str:
    """A plain value as people read it; a dash where it is absent."""
    if value is None or value == []:
        return "-"
    if field.kind == "time":
        return format_time(value)
    if field.kind == "bool":
        return "yes" if value else "no"
    if field.kind == "float":
        return f"{value:.6g}"
    return " ".join(value) if field.kind == "set" else str(value)


def describe(field: Field) -> str:
    """What a value of `field` must be, in words: kind, bounds, unit, choices."""
    words = {
        "text": "text",
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "time": "a time",
        "ref": "the id of a record",
        "set": "a list of ids",
    }[field.kind]
    if field.choices:
        words = f"one of {', '.join(field.choices)}"
    elif field.kind == "ref" or field.kind == "set":
        words += f" in {field.target}"
    elif field.kind == "text" and field.required:
        words = "text that is not empty"
    if field.kind == "time":
        words += " of the years 1 to 9999"
    elif math.isfinite(field.low) and math.isfinite(field.high):
        words += f" from {field.low:g} to {field.high:g}"
    elif math.isfinite(field.low):
        words += f" of at least {field.low:g}"
    if field.unit:
        words += f" ({field.unit})"
    return words + (" or null" if field.nullable else "")
