"""What the records of a world are: the tables, their fields, units, bounds and merge kinds.

Everything that reads, writes, edits, compares, merges or prints a record asks this file, so a new
field is one line here. Times are integer UTC seconds since 1970; an absent number is `NULL_INT` or
NaN in memory and null outside; an absent reference is the empty string in memory and null outside;
a set is its members, sorted, joined by one space.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal

from memento.errors import NotFound

if TYPE_CHECKING:
    import numpy as np

NULL_INT = -(2**63)
MAX_TEXT = 100_000
FIRST_TIME, LAST_TIME = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999, which every calendar and every ISO 8601 reader holds, in s UTC."""
MAX_ID = 200
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
        return _dtypes()[self.kind]

    @property
    def null(self) -> Any:
        """How absence is held in a column of this kind."""
        return {"int": NULL_INT, "time": NULL_INT, "float": math.nan}.get(self.kind, "")


@cache
def _dtypes() -> dict[str, np.dtype[Any]]:
    """By kind; numpy is imported here, so that whoever needs the names of tables alone need not wait for it."""
    import numpy as np

    return {
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

    by_name: Mapping[str, Field] = None  # type: ignore[assignment]

    @cached_property
    def dtypes(self) -> tuple[tuple[str, np.dtype[Any]], ...]:
        """Name and numpy dtype of every column."""
        return tuple((field.name, field.dtype) for field in self.fields)

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
"""Tables that grow with time."""
BELONGING = ("turns", "candidates")
"""Tables whose records belong to one session each."""
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
