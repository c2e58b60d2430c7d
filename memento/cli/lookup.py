"""What one commit did to one record, and what the records are called that it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memento.cli.arguments import RecordName
from memento.world.records import TABLES, Record, Schema

if TYPE_CHECKING:
    from memento.changes.snapshot import Snapshot
    from memento.history import Commit
    from memento.workspace import Workspace

FieldChanges = dict[str, dict[str, Any]]
"""Field name -> ``{"before": value, "after": value}``; a side that is not there is left out."""


def record_at(workspace: Workspace, record: RecordName, revision: str) -> Record | None:
    """The record as it was at a revision, or None."""
    found = workspace.snapshot(revision).find(record.table, [record.key])
    return found.record(0) if len(found) else None


def changes_of(workspace: Workspace, commit: Commit, record: RecordName) -> FieldChanges:
    """What a commit changed in a record, against its first parent."""
    before = record_at(workspace, record, commit.parents[0]) if commit.parents else None
    after = record_at(workspace, record, commit.id)
    changes: FieldChanges = {}
    for field in TABLES[record.table].fields:
        sides = {side: held[field.name] for side, held in (("before", before), ("after", after)) if held is not None}
        if len(sides) == 1 or sides.get("before") != sides.get("after"):
            changes[field.name] = sides
    return changes


def reference_words(lookup: Snapshot, schema: Schema, record: Record) -> dict[str, str]:
    """By field, what the records that a record refers to are called."""
    words = {}
    for field in schema.fields:
        if field.kind == "ref" and record[field.name]:
            found = lookup.find(field.target, [record[field.name]])
            words[field.name] = _label(found.record(0)) if len(found) else "not there"
    return words


def _label(record: Record) -> str:
    return str(record.get("name") or record.get("text") or "")
