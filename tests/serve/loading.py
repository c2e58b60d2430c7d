"""Signet's training loader written out from its contract, one session after the other."""

from __future__ import annotations

import math
import sqlite3
import struct
from datetime import datetime
from pathlib import Path

from train.signet_reference import Session


def _moment(text: str) -> datetime:
    return datetime.strptime(text[:19].replace(" ", "T"), "%Y-%m-%dT%H:%M:%S")


def _days(a: str, b: str) -> float:
    return abs((_moment(b) - _moment(a)).total_seconds()) / 86400


def _slot(project: str | None) -> int:
    state = 14695981039346656037
    for byte in (project or "").encode():
        state = ((state ^ byte) * 1099511628211) % 2**64
    return state % 32 if project else 0


def _label(
    deleted: int, injected: int, relevance: float | None, hits: int, score: float, novel: int | None, accesses: int
) -> float:
    if deleted:
        return -0.3
    if injected:
        base = relevance if relevance is not None else score if score >= 0.5 else score / 2
        if hits > 0:
            return min(base + 0.1, 1.0)
        return max(base - 0.1, 0.0) if score < 0.3 else base
    label = 0.6 if hits >= 2 else 0.3 if hits == 1 else 0.0
    if novel is not None and novel > 0 and hits > 0:
        label = min(label + 0.1, 1.0)
    return label + 0.05 if accesses > 10 and label < 1.0 else label


def sessions(path: Path, dimension: int, limit: int = 5000, floor: float = 0.6) -> list[Session]:
    """Every session that the sidecar would train on, the newest first."""
    database = sqlite3.connect(path)
    found = []
    scored = database.execute(
        "SELECT session_key, project, score, novel_context_count, created_at FROM session_scores WHERE"
        " confidence IS NOT NULL AND score IS NOT NULL AND confidence >= ? ORDER BY created_at DESC LIMIT ?",
        (floor, limit),
    ).fetchall()
    for key, project, score, novel, at in scored:
        rows = database.execute(
            "SELECT sm.was_injected, sm.relevance_score, sm.fts_hit_count, sm.source, m.importance, m.created_at,"
            " m.access_count, m.is_deleted, m.content, e.vector, sm.entity_slot, sm.aspect_slot, sm.is_constraint,"
            " sm.structural_density FROM session_memories sm JOIN memories m ON sm.memory_id = m.id LEFT JOIN"
            " embeddings e ON e.source_id = m.id AND e.source_type = 'memory'"
            " WHERE sm.session_key = ? ORDER BY sm.rank",
            (key,),
        ).fetchall()
        if not rows:
            continue
        before = database.execute(
            "SELECT max(created_at) FROM session_scores WHERE project = ? AND created_at < ?", (project, at)
        ).fetchone()[0]
        gap = _days(before, at) if before is not None else 0.0
        moment = _moment(at)
        clock = [(moment.hour, 24), (moment.weekday(), 7), (moment.month - 1, 12)]
        angles = [2 * math.pi * value / period for value, period in clock]
        session = Session(context=[0.0] * dimension, embeddings=[], features=[], project=_slot(project))
        injected = []
        for was, relevance, hits, source, importance, created, accesses, deleted, text, blob, e, a, c, d in rows:
            vector = list(struct.unpack(f"<{dimension}f", blob)) if blob and len(blob) == 4 * dimension else None
            session.embeddings.append(vector)
            session.texts.append(None if vector else text)
            session.features.append([
                math.log(_days(created, at) + 1), 0.5 if importance is None else importance,
                math.log((accesses or 0) + 1), *(f(angle) for angle in angles for f in (math.sin, math.cos)),
                math.log(gap + 1), float(blob is not None), float(deleted != 0),
                (e or 0) / 255, (a or 0) / 255, float(bool(c)), math.log((d or 0) + 1),
                float(source == "ka_traversal"),
            ])  # fmt: skip
            session.labels.append(_label(deleted, was, relevance, hits, score, novel, accesses or 0))
            if was and vector:
                injected.append(vector)
        if injected:
            session.context = [sum(column) / len(injected) for column in zip(*injected, strict=True)]
        found.append(session)
    database.close()
    return found
