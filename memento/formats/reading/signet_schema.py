"""The tables and columns of a Signet database that an import reads.

Those of `REQUIRED` are what Signet's own training loader selects (`packages/predictor/src/data.rs`,
version 0.58.1), with its rules for NULL and storage class: a value that breaks one stops it, and
stops an import. Those of `GRAPH` and `EXTRA` are read where a database has them.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import datetime

from memento.formats.reading.database import Wanted

REQUIRED: dict[str, tuple[Wanted, ...]] = {
    "session_scores": (
        Wanted("session_key", "text", null=False),
        Wanted("project", "text"),
        Wanted("score", "real"),
        Wanted("confidence", "real"),
        Wanted("novel_context_count", "integer"),
        Wanted("created_at", "text", null=False),
    ),
    "session_memories": (
        Wanted("session_key", "text", null=False),
        Wanted("memory_id", "text", null=False),
        Wanted("effective_score", "real"),
        Wanted("was_injected", "integer", null=False),
        Wanted("relevance_score", "real"),
        Wanted("fts_hit_count", "integer", null=False),
        Wanted("source", "text", null=False),
        Wanted("rank", "integer"),
        Wanted("entity_slot", "integer"),
        Wanted("aspect_slot", "integer"),
        Wanted("structural_density", "integer"),
        Wanted("is_constraint", "integer"),
    ),
    "memories": (
        Wanted("id", "text", null=False),
        Wanted("content", "text", null=False),
        Wanted("created_at", "text", null=False),
        Wanted("importance", "real"),
        Wanted("access_count", "integer"),
        Wanted("is_deleted", "integer", null=False),
        Wanted("pinned", "integer", null=False),
        Wanted("project", "text"),
    ),
    "embeddings": (
        Wanted("source_id", "text"),
        Wanted("source_type", "text"),
        Wanted("vector", "blob"),
        Wanted("dimensions", "integer"),
    ),
}
GRAPH: dict[str, tuple[Wanted, ...]] = {
    "entities": (
        Wanted("id", "text", null=False),
        Wanted("name", "text", null=False),
        Wanted("entity_type", "text"),
        Wanted("created_at", "text"),
    ),
    "entity_aspects": (
        Wanted("id", "text", null=False),
        Wanted("entity_id", "text", null=False),
        Wanted("name", "text", null=False),
        Wanted("weight", "real"),
    ),
    "entity_attributes": (
        Wanted("id", "text", null=False),
        Wanted("aspect_id", "text"),
        Wanted("memory_id", "text"),
        Wanted("kind", "text", null=False),
        Wanted("content", "text", null=False),
        Wanted("status", "text"),
        Wanted("superseded_by", "text"),
        Wanted("created_at", "text"),
        Wanted("importance", "real"),
    ),
    "entity_dependencies": (
        Wanted("id", "text", null=False),
        Wanted("source_entity_id", "text", null=False),
        Wanted("target_entity_id", "text", null=False),
        Wanted("dependency_type", "text"),
        Wanted("strength", "real"),
    ),
}
EXTRA: dict[str, tuple[Wanted, ...]] = {
    "session_checkpoints": (Wanted("session_key", "text", null=False), Wanted("created_at", "text", null=False)),
    "offers": (Wanted("session_key", "text", null=False), Wanted("created_at", "text")),
    "retirements": (Wanted("id", "text", null=False), Wanted("deleted_at", "text"), Wanted("type", "text")),
}
"""Beside the graph: when a session began, when a memory was offered, when and of what type it was."""
EXTRA_TABLE = {"session_checkpoints": "session_checkpoints", "offers": "session_memories", "retirements": "memories"}

# Every query is written out: no name or value of a file becomes part of one.
QUERIES = {
    "session_scores": "SELECT session_key, project, score, confidence, novel_context_count, created_at"
    " FROM session_scores ORDER BY 6, 1, 2, 3, 4, 5",
    "session_memories": "SELECT session_key, memory_id, effective_score, was_injected, relevance_score, fts_hit_count,"
    " source, rank, entity_slot, aspect_slot, structural_density, is_constraint"
    " FROM session_memories ORDER BY 1, 8, 2, 4 DESC, 5 DESC, 6 DESC, 7",
    "memories": "SELECT id, content, created_at, importance, access_count, is_deleted, pinned, project"
    " FROM memories ORDER BY 1, 3, 2",
    "embeddings": "SELECT source_id, source_type, CASE typeof(vector) WHEN 'blob' THEN x'' ELSE vector END,"
    " dimensions FROM embeddings"
    " WHERE source_type = 'memory' ORDER BY 1",
    "entities": "SELECT id, name, entity_type, created_at FROM entities ORDER BY 1, 2",
    "entity_aspects": "SELECT id, entity_id, name, weight FROM entity_aspects ORDER BY 1, 2, 3",
    "entity_attributes": "SELECT id, aspect_id, memory_id, kind, content, status, superseded_by, created_at, importance"
    " FROM entity_attributes ORDER BY 8, 1",
    "entity_dependencies": "SELECT id, source_entity_id, target_entity_id, dependency_type, strength"
    " FROM entity_dependencies ORDER BY 1",
    "session_checkpoints": "SELECT session_key, created_at FROM session_checkpoints ORDER BY 2, 1",
    "offers": "SELECT session_key, created_at FROM session_memories ORDER BY 2, 1",
    "retirements": "SELECT id, deleted_at, type FROM memories ORDER BY 1",
}

VECTOR_LENGTHS = (
    "SELECT length(vector) FROM embeddings WHERE source_type = 'memory' AND typeof(vector) = 'blob'"
    " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
)

_STAMP = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})", re.ASCII)


def parse_stamp(text: str | None) -> int | None:
    """Seconds since 1970 of ``2026-02-20T14:30:45Z`` or ``2026-02-20 14:30:45``; None where it is neither.

    As in Signet's loader the first 19 characters count and are taken as they are: fractions of a
    second and a zone behind them are passed over (the daemon writes UTC).
    """
    match = _STAMP.match(text or "")
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return timegm(datetime(year, month, day, hour, minute, min(second, 59)).timetuple()) + max(0, second - 59)
    except ValueError:
        return None
