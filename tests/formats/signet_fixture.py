"""A small Signet database as its daemon leaves it: full schema, three weeks of sessions, odd rows.

`EXAMPLE_SESSION` offering `EXAMPLE_MEMORY` is the worked example of Signet's feature columns: memory
of 2026-01-15T10:00:00Z, importance 0.6, seven accesses, entity ``ent-001`` (three aspects and four
live attributes), aspect ``asp-001``, source ``ka_traversal``; session of Friday 2026-02-20T14:30:45Z
in project signetai, whose last session was that of 2026-02-18T09:00:00Z.
"""

from __future__ import annotations

import math
import shutil
import sqlite3
import struct
from pathlib import Path

EXAMPLE_MEMORY = "mem-001"
EXAMPLE_SESSION = "sess-14"
EXAMPLE_FEATURES = (
    math.log(abs(1771597845 - 1768471200) / 86_400 + 1),
    0.6,
    math.log(8),
    math.sin(2 * math.pi * 14 / 24),
    math.cos(2 * math.pi * 14 / 24),
    math.sin(2 * math.pi * 4 / 7),
    math.cos(2 * math.pi * 4 / 7),
    math.sin(2 * math.pi * 1 / 12),
    math.cos(2 * math.pi * 1 / 12),
    math.log(192_645 / 86_400 + 1),
    1.0,
    0.0,
    4 / 255,
    141 / 255,
    0.0,
    math.log(8),
    1.0,
)

FULL_SCHEMA = """
CREATE TABLE memories (id TEXT PRIMARY KEY, type TEXT NOT NULL DEFAULT 'fact', category TEXT, content TEXT NOT NULL,
  confidence REAL DEFAULT 1.0, importance REAL DEFAULT 0.5, source_id TEXT, source_type TEXT, tags TEXT, who TEXT,
  why TEXT, project TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by TEXT NOT NULL DEFAULT 'system',
  last_accessed TEXT, access_count INTEGER DEFAULT 0, vector_clock TEXT NOT NULL DEFAULT '{}',
  version INTEGER DEFAULT 1, manual_override INTEGER DEFAULT 0, pinned INTEGER DEFAULT 0,
  content_hash TEXT, normalized_content TEXT,
  is_deleted INTEGER DEFAULT 0, deleted_at TEXT, extraction_status TEXT DEFAULT 'none', embedding_model TEXT,
  extraction_model TEXT, update_count INTEGER DEFAULT 0);
CREATE TABLE embeddings (id TEXT PRIMARY KEY, content_hash TEXT NOT NULL UNIQUE, vector BLOB NOT NULL,
  dimensions INTEGER NOT NULL, source_type TEXT, source_id TEXT, chunk_text TEXT, created_at TEXT NOT NULL);
CREATE TABLE session_scores (id TEXT PRIMARY KEY, session_key TEXT NOT NULL, project TEXT, harness TEXT,
  score REAL NOT NULL, memories_recalled INTEGER, memories_used INTEGER, novel_context_count INTEGER, reasoning TEXT,
  created_at TEXT NOT NULL, confidence REAL, continuity_reasoning TEXT);
CREATE TABLE session_memories (id TEXT PRIMARY KEY, session_key TEXT NOT NULL, memory_id TEXT NOT NULL,
  source TEXT NOT NULL, effective_score REAL, predictor_score REAL, final_score REAL NOT NULL, rank INTEGER,
  was_injected INTEGER NOT NULL, relevance_score REAL, fts_hit_count INTEGER NOT NULL DEFAULT 0, agent_preference TEXT,
  created_at TEXT NOT NULL, entity_slot INTEGER, aspect_slot INTEGER, is_constraint INTEGER NOT NULL DEFAULT 0,
  structural_density INTEGER, predictor_rank INTEGER, agent_relevance_score REAL,
  agent_feedback_count INTEGER DEFAULT 0, UNIQUE(session_key, memory_id));
CREATE TABLE entities (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, entity_type TEXT NOT NULL, description TEXT,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, canonical_name TEXT, mentions INTEGER DEFAULT 0, embedding BLOB,
  agent_id TEXT NOT NULL DEFAULT 'default');
CREATE TABLE entity_aspects (id TEXT PRIMARY KEY, entity_id TEXT NOT NULL REFERENCES entities(id) ON DELETE CASCADE,
  agent_id TEXT NOT NULL DEFAULT 'default', name TEXT NOT NULL, canonical_name TEXT NOT NULL,
  weight REAL NOT NULL DEFAULT 0.5, created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now')), UNIQUE(entity_id, canonical_name));
CREATE TABLE entity_attributes (id TEXT PRIMARY KEY, aspect_id TEXT, agent_id TEXT NOT NULL DEFAULT 'default',
  memory_id TEXT, kind TEXT NOT NULL, content TEXT NOT NULL, normalized_content TEXT NOT NULL,
  confidence REAL NOT NULL DEFAULT 0.0, importance REAL NOT NULL DEFAULT 0.5, status TEXT NOT NULL DEFAULT 'active',
  superseded_by TEXT, created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now')));
CREATE TABLE entity_dependencies (id TEXT PRIMARY KEY, source_entity_id TEXT NOT NULL, target_entity_id TEXT NOT NULL,
  agent_id TEXT NOT NULL DEFAULT 'default', aspect_id TEXT, dependency_type TEXT NOT NULL,
  strength REAL NOT NULL DEFAULT 0.5, created_at TEXT NOT NULL DEFAULT (datetime('now')),
  updated_at TEXT NOT NULL DEFAULT (datetime('now')));
CREATE TABLE predictor_comparisons (id TEXT PRIMARY KEY, session_key TEXT NOT NULL,
  agent_id TEXT NOT NULL DEFAULT 'default', predictor_ndcg REAL NOT NULL, baseline_ndcg REAL NOT NULL,
  predictor_won INTEGER NOT NULL, margin REAL NOT NULL, alpha REAL NOT NULL, ema_updated INTEGER NOT NULL DEFAULT 0,
  candidate_count INTEGER NOT NULL, created_at TEXT NOT NULL DEFAULT (datetime('now')));
CREATE TABLE predictor_training_log (id TEXT PRIMARY KEY, agent_id TEXT NOT NULL DEFAULT 'default',
  model_version INTEGER NOT NULL, loss REAL NOT NULL, created_at TEXT NOT NULL DEFAULT (datetime('now')));
CREATE TABLE predictor_training_pairs (id TEXT PRIMARY KEY, session_key TEXT NOT NULL, memory_id TEXT NOT NULL,
  combined_label REAL NOT NULL, created_at TEXT NOT NULL DEFAULT (datetime('now')));
CREATE TABLE session_checkpoints (id TEXT PRIMARY KEY, session_key TEXT NOT NULL, harness TEXT, project TEXT,
  trigger TEXT NOT NULL, digest TEXT NOT NULL DEFAULT '', prompt_count INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL);
"""
MINIMAL_SCHEMA = """
CREATE TABLE session_scores (session_key TEXT, project TEXT, score REAL, confidence REAL, novel_context_count INTEGER,
  created_at TEXT);
CREATE TABLE session_memories (session_key TEXT, memory_id TEXT, effective_score REAL, was_injected INTEGER,
  relevance_score REAL, fts_hit_count INTEGER, source TEXT, rank INTEGER, entity_slot INTEGER, aspect_slot INTEGER,
  structural_density INTEGER, is_constraint INTEGER);
CREATE TABLE memories (id TEXT, content TEXT, created_at TEXT, importance REAL, access_count INTEGER,
  is_deleted INTEGER, pinned INTEGER, project TEXT);
CREATE TABLE embeddings (source_id TEXT, source_type TEXT, vector BLOB, dimensions INTEGER);
"""

# id, content, created_at, importance, access_count, is_deleted, deleted_at, pinned, project, type
MEMORIES = (
    (
        "mem-001",
        "signetai deploys with Docker on Fly.io",
        "2026-01-15T10:00:00Z",
        0.6,
        7,
        0,
        None,
        0,
        "signetai",
        "fact",
    ),
    ("mem-002", "signetai runs its tests with bun", "2026-01-20 09:30:00", 0.7, 3, 0, None, 0, "signetai", "fact"),
    ("mem-003", "The daemon listens on port 3850", "2026-01-21T08:00:00.512Z", None, 2, 0, None, 0, "signetai", "fact"),
    ("mem-004", "Maya reviews every migration", "2026-01-22 11:00:00", 0.4, None, 0, None, 0, None, "preference"),
    ("mem-005", "signetai runs its tests with vitest", "2026-01-10 09:30:00", 0.5, 1, 0, None, 0, "signetai", "fact"),
    ("mem-006", "Never store tokens in the database", "2026-01-12T10:00:00Z", 0.9, 4, 0, None, 1, "signetai", "rule"),
    (
        "mem-007",
        "The old release script is unused",
        "2026-01-11T10:00:00Z",
        0.2,
        0,
        1,
        "2026-02-09 12:00:00",
        0,
        "signetai",
        "fact",
    ),
    (
        "mem-008",
        "Session about the flaky embeddings test",
        "2026-02-04T16:00:00Z",
        0.3,
        1,
        0,
        None,
        0,
        "signetai",
        "episodic",
    ),
    (
        "mem-009",
        "The predictor trains every ten sessions",
        "2026-02-01 10:00:00",
        1.4,
        0,
        0,
        None,
        0,
        "signetai",
        "fact",
    ),
    ("notes/2026 01", "Groceries: oat milk and coffee", "2026-01-30 18:00:00", 0.1, 0, 0, None, 0, "home", "fact"),
    ("mem-010", "Maya works in Neovim", "2026-01-25T07:00:00Z", 0.5, 2, 0, None, 0, None, "fact"),
    ("mem-011", "Maya works in Zed", "2026-02-12T07:00:00Z", 0.5, 1, 0, None, 0, None, "fact"),
)
ENTITIES = (
    ("ent-001", "signetai", "project"),
    ("ent-002", "Maya Chen", "person"),
    ("ent-003", "predictor", "component"),
)
ASPECTS = (
    ("asp-001", "ent-001", "deploy target", 0.8),
    ("asp-002", "ent-001", "test runner", 0.6),
    ("asp-003", "ent-001", "network", 0.5),
    ("asp-004", "ent-002", "editor", 0.5),
    ("asp-005", "ent-003", "schedule", 0.5),
)
# id, aspect, memory, kind, content, status, superseded_by, created_at
ATTRIBUTES = (
    ("att-01", "asp-001", "mem-001", "attribute", "Docker on Fly.io", "active", None, "2026-01-15 10:00:05"),
    ("att-02", "asp-002", "mem-002", "attribute", "bun", "active", None, "2026-01-20 09:30:05"),
    ("att-03", "asp-003", "mem-003", "attribute", "port 3850", "active", None, "2026-01-21 08:00:05"),
    ("att-04", "asp-003", None, "attribute", "binds to localhost only", "active", None, "2026-01-21 08:00:06"),
    ("att-05", "asp-002", "mem-005", "attribute", "vitest", "superseded", "att-02", "2026-01-10 09:30:05"),
    ("att-06", "asp-003", "mem-006", "constraint", "no tokens in the database", "active", None, "2026-01-12 10:00:05"),
    ("att-07", "asp-004", "mem-010", "attribute", "Neovim", "superseded", "att-08", "2026-01-25 07:00:05"),
    ("att-08", "asp-004", "mem-011", "attribute", "Zed", "active", None, "2026-02-12 07:00:05"),
    ("att-09", "asp-005", "mem-009", "attribute", "every ten sessions", "active", None, "2026-02-01 10:00:05"),
    ("att-10", "asp-404", "mem-004", "attribute", "an aspect that was removed", "active", None, "2026-01-22 11:00:05"),
)
# key, project, score, novel_context_count, created_at, confidence
SESSIONS = (
    ("sess-01", "signetai", 0.8, 1, "2026-02-02T09:10:00Z", 0.9),
    ("sess-02", "signetai", 0.5, None, "2026-02-02T15:40:00Z", 0.7),
    ("sess-03", "home", 0.4, 0, "2026-02-03 20:15:00", 0.8),
    ("sess-04", "signetai", 0.9, 2, "2026-02-04T16:30:00Z", 0.9),
    ("sess-05", None, 0.6, 0, "2026-02-05T10:00:00.250Z", 0.65),
    ("sess-06", "signetai", 0.2, 0, "2026-02-06T11:00:00Z", 0.4),
    ("sess-07", "signetai", 0.7, 1, "2026-02-09T09:00:00Z", None),
    ("sess-08", "signetai", 0.75, 0, "2026-02-10T09:05:00Z", 0.8),
    ("sess-09", "home", 0.3, 0, "2026-02-11 21:00:00", 0.7),
    ("sess-10", "signetai", 0.85, 3, "2026-02-12T14:00:00Z", 0.9),
    ("sess-11", "signetai", 0.65, 0, "2026-02-16T09:00:00Z", 0.8),
    ("sess-12", "signetai", 0.55, 1, "2026-02-17T17:20:00Z", 0.9),
    ("sess-13", "signetai", 0.7, 0, "2026-02-18T09:00:00Z", 0.9),
    ("sess-14", "signetai", 0.9, 1, "2026-02-20T14:30:45Z", 0.95),
)
CHECKPOINTS = (
    ("sess-01", "periodic", "2026-02-02T08:30:00Z"),
    ("sess-01", "session_end", "2026-02-02T09:10:00Z"),
    ("sess-14", "periodic", "2026-02-20 14:00:00"),
)
# session -> rows of memory, source, rank, injected, relevance, hits, entity slot, aspect slot, constraint, density
_M1 = ("mem-001", "ka_traversal", 0, 0, None, 2, 4, 141, 0, 7)
_OFFERS: dict[str, tuple[tuple[object, ...], ...]] = {
    "sess-01": (
        ("mem-001", "effective", 0, 1, 0.9, 3, 4, 141, 0, 6),
        ("mem-002", "effective", 1, 1, 0.4, 0, 4, None, 0, 6),
        ("mem-006", "ka_traversal_pinned", 2, 1, 1.0, 1, None, None, 1, None),
        ("mem-gone", "effective", 3, 0, None, 0, None, None, 0, None),
    ),
    "sess-02": (
        ("mem-005", "effective", 0, 1, 0.3, 0, None, None, 0, None),
        ("mem-003", "effective", 1, 0, None, 1, 4, 10, 0, 6),
    ),
    "sess-04": (
        ("mem-001", "effective", 0, 1, 0.95, 4, 4, 141, 0, 6),
        ("mem-008", "exploration", 2, 0, None, 0, None, None, 0, None),
    ),
    "sess-05": (("mem-004", "effective", None, 1, 0.2, 0, None, None, 0, None),),
    "sess-08": (
        ("mem-010", "fts_only", 0, 1, 0.7, 2, 9, 9, 0, 2),
        ("mem-007", "effective", 0, 0, None, 0, None, None, 0, None),
    ),
    "sess-10": (
        ("mem-008", "effective", 0, 1, 0.5, 1, None, None, 0, None),
        ("mem-009", "effective", 1, 0, None, 0, 7, 8, 0, 2),
    ),
    "sess-14": (
        _M1,
        ("mem-002", "effective", 1, 1, 0.6, 1, 4, 20, 0, 7),
        ("mem-006", "effective", 2, 1, 0.8, 0, 4, 30, 1, 7),
        ("mem-011", "effective", 3, 0, None, 0, 9, 9, 0, 2),
    ),
    "sess-unscored": (("mem-001", "effective", 0, 0, None, 0, None, None, 0, None),),
}


def build(path: Path, *, wal: bool = False) -> Path:
    """Writes the database with the full schema of the daemon.

    With `wal` it is left as a copy taken while the daemon runs: the rows are in ``-wal`` alone.
    """
    if not wal:
        with sqlite3.connect(path) as database:
            database.executescript(FULL_SCHEMA)
            fill(database)
        database.close()
        return path
    live = path.with_name(f"live-{path.name}")
    database = sqlite3.connect(live)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.executescript(FULL_SCHEMA)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    fill(database)
    database.commit()
    shutil.copyfile(live, path)
    shutil.copyfile(live.with_name(live.name + "-wal"), path.with_name(path.name + "-wal"))
    database.close()
    live.unlink()
    return path


def minimal(path: Path) -> Path:
    """Writes a database with the columns that the training loader reads and no others."""
    database = sqlite3.connect(path)
    database.executescript(MINIMAL_SCHEMA)
    rows = [
        (i, text, at, weight, count, gone, pin, project)
        for i, text, at, weight, count, gone, _, pin, project, _ in MEMORIES
    ]
    database.executemany("INSERT INTO memories VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    scores = [(key, project, score, sure, novel, at) for key, project, score, novel, at, sure in SESSIONS]
    database.executemany("INSERT INTO session_scores VALUES (?, ?, ?, ?, ?, ?)", scores)
    for key, offers in _OFFERS.items():
        for memory, source, rank, injected, relevance, hits, entity, aspect, constraint, density in offers:
            row = (key, memory, 0.5, injected, relevance, hits, source, rank, entity, aspect, density, constraint)
            database.execute("INSERT INTO session_memories VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    database.execute("INSERT INTO embeddings VALUES ('mem-001', 'memory', ?, 4)", (_vector(1),))
    database.commit()
    database.close()
    return path


def fill(database: sqlite3.Connection) -> None:
    """The rows of the full database."""
    for number, (key, text, at, weight, count, gone, gone_at, pin, project, kind) in enumerate(MEMORIES):
        database.execute(
            "INSERT INTO memories (id, type, content, importance, project, created_at, updated_at, access_count,"
            " pinned, is_deleted, deleted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (key, kind, text, weight, project, at, at, count, pin, gone, gone_at),
        )
        if key != "mem-009":
            database.execute(
                "INSERT INTO embeddings VALUES (?, ?, ?, 4, 'memory', ?, ?, ?)",
                (f"emb-{number}", f"hash-{number}", _vector(number), key, text, at),
            )
    vector = _vector(99)
    database.execute(
        "INSERT INTO embeddings VALUES ('emb-x', 'hash-x', ?, 4, 'document', 'mem-009', '', '')", (vector,)
    )
    for key, name, kind in ENTITIES:
        database.execute(
            "INSERT INTO entities (id, name, entity_type, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
            (key, name, kind, "2026-01-09T10:00:00Z", "2026-01-09T10:00:00Z"),
        )
    for key, entity, name, weight in ASPECTS:
        database.execute(
            "INSERT INTO entity_aspects (id, entity_id, name, canonical_name, weight) VALUES (?, ?, ?, ?, ?)",
            (key, entity, name, name, weight),
        )
    for key, aspect, memory, kind, text, status, newer, at in ATTRIBUTES:
        database.execute(
            "INSERT INTO entity_attributes (id, aspect_id, memory_id, kind, content, normalized_content, status,"
            " superseded_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (key, aspect, memory, kind, text, text, status, newer, at),
        )
    database.execute(
        "INSERT INTO entity_dependencies (id, source_entity_id, target_entity_id, dependency_type, strength)"
        " VALUES ('dep-1', 'ent-003', 'ent-001', 'part_of', 0.9), ('dep-2', 'ent-003', 'ent-404', 'uses', 0.5)"
    )
    for key, project, score, novel, at, sure in SESSIONS:
        database.execute(
            "INSERT INTO session_scores (id, session_key, project, harness, score, novel_context_count, created_at,"
            " confidence) VALUES (?, ?, ?, 'claude-code', ?, ?, ?, ?)",
            (f"score-{key}", key, project, score, novel, at, sure),
        )
    for number, (key, trigger, at) in enumerate(CHECKPOINTS):
        database.execute(
            "INSERT INTO session_checkpoints (id, session_key, trigger, created_at) VALUES (?, ?, ?, ?)",
            (f"check-{number}", key, trigger, at),
        )
    began = {"sess-04": "2026-02-04 16:05:00"}
    ended = {key: at for key, _, _, _, at, _ in SESSIONS}
    for key, offers in _OFFERS.items():
        for memory, source, rank, injected, relevance, hits, entity, aspect, constraint, density in offers:
            database.execute(
                "INSERT INTO session_memories (id, session_key, memory_id, source, effective_score, final_score, rank,"
                " was_injected, relevance_score, fts_hit_count, created_at, entity_slot, aspect_slot, is_constraint,"
                " structural_density) VALUES (?, ?, ?, ?, 0.5, 0.5, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    f"{key}/{memory}",
                    key,
                    memory,
                    source,
                    rank,
                    injected,
                    relevance,
                    hits,
                    began.get(key, ended.get(key, "2026-02-20 15:00:00")),
                    entity,
                    aspect,
                    constraint,
                    density,
                ),
            )


def _vector(number: int) -> bytes:
    return struct.pack("<4f", number, 1.0, -1.0, 0.5)
