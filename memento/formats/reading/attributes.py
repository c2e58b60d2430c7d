"""Signet's entity_attributes: what each memory means, and which attribute superseded which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from memento.formats.reading.notes import Notes

_KINDS = ("attribute", "constraint")


class Attribute(NamedTuple):
    """One attribute and the memory that carries it: its own, or ``attribute:ID`` where it has none."""

    id: str
    memory: str
    entity: str
    aspect: str
    kind: str
    content: str
    live: bool
    created_at: str | None
    importance: float | None


@dataclass(frozen=True)
class Attributes:
    """`of_memory` by memory id; `alone` without a memory; `superseded`: memory id -> newer memory id."""

    of_memory: dict[str, Attribute] = field(default_factory=dict)
    alone: list[Attribute] = field(default_factory=list)
    superseded: dict[str, str] = field(default_factory=dict)


def read_attributes(
    rows: Sequence[Mapping[str, Any]], aspects: Mapping[str, str], memories: set[str], notes: Notes
) -> Attributes:
    """The attributes under `aspects` (aspect id -> entity id).

    A memory that carries several is described by the first that is live, else the first; the others
    become memories of their own.
    """
    found = Attributes()
    carrier: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: not _live(row)):
        if row["aspect_id"] not in aspects:
            notes.add("attributes of an aspect that is not there, left out", row["id"])
            continue
        if row["id"] in carrier:
            notes.add("rows of entity_attributes that occur twice, the first kept", row["id"])
            continue
        own = row["memory_id"] in memories and row["memory_id"] not in found.of_memory
        memory = row["memory_id"] if own else f"attribute:{row['id']}"
        kind = row["kind"]
        if kind not in _KINDS:
            notes.add("attributes of another kind, taken as attribute", kind)
            kind = "attribute"
        link = Attribute(
            row["id"], memory, aspects[row["aspect_id"]], row["aspect_id"], kind, row["content"], _live(row),
            row["created_at"], row["importance"],
        )  # fmt: skip
        carrier[row["id"]] = memory
        if own:
            found.of_memory[memory] = link
        else:
            found.alone.append(link)
    for row in rows:
        newer = row["superseded_by"]
        if newer and row["id"] in carrier and carrier[row["id"]] != carrier.get(newer):
            found.superseded[carrier[row["id"]]] = carrier.get(newer, newer)
    return found


def _live(row: Mapping[str, Any]) -> bool:
    return row["status"] in (None, "active") and not row["superseded_by"]
