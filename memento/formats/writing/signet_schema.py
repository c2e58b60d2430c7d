"""The tables of a Signet database that an export makes, with the columns of Signet 0.58.1.

Constraints are fewer than the daemon's: two entities may share a name, and a session may lack a score,
as in a world. The tables of the predictor's own records are there and empty.
"""

from __future__ import annotations

_TEXT, _REAL, _WHOLE = "TEXT", "REAL", "INTEGER"
_ID = "TEXT PRIMARY KEY"
_GIVEN = "TEXT NOT NULL"
_STAMPS = {"created_at": _GIVEN, "updated_at": _GIVEN}

TABLES: dict[str, dict[str, str]] = {
    "memories": {
        "id": _ID, "type": "TEXT NOT NULL DEFAULT 'fact'", "category": _TEXT, "content": _GIVEN,
        "confidence": "REAL DEFAULT 1.0", "importance": "REAL DEFAULT 0.5", "source_id": _TEXT, "source_type": _TEXT,
        "tags": _TEXT, "who": _TEXT, "why": _TEXT, "project": _TEXT, **_STAMPS,
        "updated_by": "TEXT NOT NULL DEFAULT 'system'", "last_accessed": _TEXT, "access_count": "INTEGER DEFAULT 0",
        "vector_clock": "TEXT NOT NULL DEFAULT '{}'", "version": "INTEGER DEFAULT 1",
        "manual_override": "INTEGER DEFAULT 0", "pinned": "INTEGER DEFAULT 0", "content_hash": _TEXT,
        "normalized_content": _TEXT, "is_deleted": "INTEGER DEFAULT 0", "deleted_at": _TEXT,
        "extraction_status": "TEXT DEFAULT 'none'", "embedding_model": _TEXT, "extraction_model": _TEXT,
        "update_count": "INTEGER DEFAULT 0",
    },
    "embeddings": {
        "id": _ID, "content_hash": "TEXT NOT NULL UNIQUE", "vector": "BLOB NOT NULL", "dimensions": "INTEGER NOT NULL",
        "source_type": _TEXT, "source_id": _TEXT, "chunk_text": _TEXT, "created_at": _GIVEN,
    },
    "session_scores": {
        "id": _ID, "session_key": _GIVEN, "project": _TEXT, "harness": _TEXT, "score": _REAL,
        "memories_recalled": _WHOLE, "memories_used": _WHOLE, "novel_context_count": _WHOLE, "reasoning": _TEXT,
        "created_at": _GIVEN, "confidence": _REAL, "continuity_reasoning": _TEXT,
    },
    "session_memories": {
        "id": _ID, "session_key": _GIVEN, "memory_id": _GIVEN, "source": _GIVEN, "effective_score": _REAL,
        "predictor_score": _REAL, "final_score": "REAL NOT NULL", "rank": "INTEGER NOT NULL",
        "was_injected": "INTEGER NOT NULL", "relevance_score": _REAL, "fts_hit_count": "INTEGER NOT NULL DEFAULT 0",
        "agent_preference": _TEXT, "created_at": _GIVEN, "entity_slot": _WHOLE, "aspect_slot": _WHOLE,
        "is_constraint": "INTEGER NOT NULL DEFAULT 0", "structural_density": _WHOLE, "predictor_rank": _WHOLE,
        "agent_relevance_score": _REAL, "agent_feedback_count": "INTEGER DEFAULT 0",
    },
    "session_checkpoints": {
        "id": _ID, "session_key": _GIVEN, "harness": _TEXT, "project": _TEXT, "trigger": _GIVEN,
        "digest": "TEXT NOT NULL DEFAULT ''", "prompt_count": "INTEGER NOT NULL DEFAULT 0", "created_at": _GIVEN,
    },
    "entities": {
        "id": _ID, "name": _GIVEN, "entity_type": _GIVEN, "description": _TEXT, **_STAMPS, "canonical_name": _TEXT,
        "mentions": "INTEGER DEFAULT 0", "agent_id": "TEXT NOT NULL DEFAULT 'default'",
    },
    "entity_aspects": {
        "id": _ID, "entity_id": _GIVEN, "agent_id": "TEXT NOT NULL DEFAULT 'default'", "name": _GIVEN,
        "canonical_name": _GIVEN, "weight": "REAL NOT NULL DEFAULT 0.5", **_STAMPS,
    },
    "entity_attributes": {
        "id": _ID, "aspect_id": _TEXT, "agent_id": "TEXT NOT NULL DEFAULT 'default'", "memory_id": _TEXT,
        "kind": _GIVEN, "content": _GIVEN, "normalized_content": _GIVEN, "confidence": "REAL NOT NULL DEFAULT 0.0",
        "importance": "REAL NOT NULL DEFAULT 0.5", "status": "TEXT NOT NULL DEFAULT 'active'", "superseded_by": _TEXT,
        **_STAMPS,
    },
    "entity_dependencies": {
        "id": _ID, "source_entity_id": _GIVEN, "target_entity_id": _GIVEN,
        "agent_id": "TEXT NOT NULL DEFAULT 'default'", "aspect_id": _TEXT, "dependency_type": _GIVEN,
        "strength": "REAL NOT NULL DEFAULT 0.5", **_STAMPS,
    },
    "predictor_comparisons": {
        "id": _ID, "session_key": _GIVEN, "agent_id": "TEXT NOT NULL DEFAULT 'default'",
        "predictor_ndcg": "REAL NOT NULL", "baseline_ndcg": "REAL NOT NULL", "predictor_won": "INTEGER NOT NULL",
        "margin": "REAL NOT NULL", "alpha": "REAL NOT NULL", "ema_updated": "INTEGER NOT NULL DEFAULT 0",
        "focal_entity_id": _TEXT, "focal_entity_name": _TEXT, "project": _TEXT, "candidate_count": "INTEGER NOT NULL",
        "traversal_count": "INTEGER NOT NULL DEFAULT 0", "constraint_count": "INTEGER NOT NULL DEFAULT 0",
        "created_at": _GIVEN,
    },
    "predictor_training_log": {
        "id": _ID, "agent_id": "TEXT NOT NULL DEFAULT 'default'", "model_version": "INTEGER NOT NULL",
        "loss": "REAL NOT NULL", "sample_count": "INTEGER NOT NULL", "duration_ms": "INTEGER NOT NULL",
        "canary_ndcg": _REAL, "canary_ndcg_delta": _REAL, "canary_score_variance": _REAL, "canary_topk_churn": _REAL,
        "created_at": _GIVEN,
    },
    "predictor_training_pairs": {
        "id": _ID, "agent_id": "TEXT NOT NULL DEFAULT 'default'", "session_key": _GIVEN, "memory_id": _GIVEN,
        "recency_days": "REAL NOT NULL", "access_count": "INTEGER NOT NULL", "importance": "REAL NOT NULL",
        "decay_factor": "REAL NOT NULL", "embedding_similarity": _REAL, "entity_slot": _WHOLE, "aspect_slot": _WHOLE,
        "is_constraint": "INTEGER NOT NULL DEFAULT 0", "structural_density": _WHOLE,
        "fts_hit_count": "INTEGER NOT NULL DEFAULT 0", "agent_relevance_score": _REAL, "continuity_score": _REAL,
        "fts_overlap_score": _REAL, "combined_label": "REAL NOT NULL", "was_injected": "INTEGER NOT NULL",
        "predictor_rank": _WHOLE, "baseline_rank": _WHOLE, "created_at": _GIVEN,
    },
}  # fmt: skip
"""Columns of every table with their declarations, in order."""

INDEXES = (
    "CREATE UNIQUE INDEX session_memories_pair ON session_memories (session_key, memory_id)",
    "CREATE UNIQUE INDEX session_scores_session ON session_scores (session_key)",
    "CREATE INDEX embeddings_source ON embeddings (source_type, source_id)",
)

KEYS: dict[str, tuple[str, ...]] = {
    "memories": ("id",),
    "embeddings": ("source_type", "source_id"),
    "session_scores": ("session_key",),
    "session_memories": ("session_key", "memory_id"),
    "session_checkpoints": ("session_key", "trigger"),
    "entities": ("id",),
    "entity_aspects": ("id",),
    "entity_attributes": ("memory_id", "id"),
    "entity_dependencies": ("id",),
}
"""What a row is known by in a database of the daemon's; of an attribute its memory, where it has one."""


def statements() -> list[str]:
    """What makes the tables."""
    made = []
    for table, columns in TABLES.items():
        body = ", ".join(f"{name} {declared}" for name, declared in columns.items())
        made.append(f"CREATE TABLE {table} ({body})")
    return [*made, *INDEXES]
