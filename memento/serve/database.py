"""The sessions of a Signet database as Signet's training loader reads them.

Source: Signet 0.58.1, ``packages/predictor/src/data.rs``: scored sessions from `min_confidence` up, the
newest first; candidates whose memory is there, by rank; the context is the mean of the injected
memories' vectors; a vector of another length gives way to the text, and a memory with two vectors comes
twice. A value of another storage class, or NULL where there must be one, refuses the whole database.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from memento.formats.reading.database import Wanted, missing, opened, rows
from memento.formats.reading.notes import Names, Notes, refuse
from memento.formats.reading.signet_schema import REQUIRED, parse_stamp
from memento.models.base import COLUMNS
from memento.models.signet import project_slot, tokens
from memento.patterns.facts import calendar
from memento.render.labels import signet as labels_of
from memento.train.signet import Sample

DAY = 86_400
HINT = "Signet's own loader stops at these too"
Array = npt.NDArray[Any]
Row = dict[str, Any]

_SESSIONS = REQUIRED["session_scores"]
_CANDIDATES = (
    Wanted("session_key", "text"),
    *(wanted for wanted in REQUIRED["session_memories"] if wanted.name not in ("session_key", "rank")),
)
_MEMORIES = REQUIRED["memories"]
_VECTORS = (Wanted("source_id", "text"), Wanted("vector", "blob"), Wanted("dimensions", "integer"))
_QUALIFYING = (
    "SELECT session_key, project, score, confidence, novel_context_count, created_at FROM session_scores"
    " WHERE score IS NOT NULL AND confidence >= ? ORDER BY created_at DESC LIMIT ?"
)
_SKIPPED = "SELECT count(*) FROM session_scores WHERE score IS NOT NULL AND confidence < ?"
_GAPS = (
    "SELECT project, created_at FROM session_scores WHERE project IS NOT NULL AND created_at IS NOT NULL ORDER BY 1, 2"
)
_OFFERED = (
    "SELECT session_key, memory_id, effective_score, was_injected, relevance_score, fts_hit_count, source,"
    " entity_slot, aspect_slot, structural_density, is_constraint FROM session_memories ORDER BY session_key, rank"
)
_REMEMBERED = "SELECT id, content, created_at, importance, access_count, is_deleted, pinned, project FROM memories"
_EMBEDDED = "SELECT source_id, vector, dimensions FROM embeddings WHERE source_type = 'memory' ORDER BY rowid"


class Samples(Sequence[Sample]):
    """Sessions made when they are asked for, so that vectors are held once, in float32.

    Each is named as an import of the database names it.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.vectors: list[npt.NDArray[np.float32]] = []
        self.words: list[npt.NDArray[np.int64]] = []
        self.parts: list[tuple[Row, Array, Array, list[tuple[int, int]], list[bool], tuple[str, ...]]] = []

    def __len__(self) -> int:
        return len(self.parts)

    @overload
    def __getitem__(self, place: int) -> Sample: ...
    @overload
    def __getitem__(self, place: slice) -> Samples: ...
    def __getitem__(self, place: int | slice) -> Sample | Samples:
        if isinstance(place, slice):
            some = Samples(self.dimension)
            some.vectors, some.words, some.parts = self.vectors, self.words, self.parts[place]
            return some
        session, features, labels, sources, injected, memories = self.parts[place]
        matrix = np.zeros((len(sources) + 1, self.dimension))
        texts = []
        for row, (vector, word) in enumerate(sources):
            if vector >= 0:
                matrix[row] = self.vectors[vector]
            else:
                texts.append((row, self.words[word]))
        chosen = [row for row, (vector, _) in enumerate(sources) if vector >= 0 and injected[row]]
        if chosen:
            matrix[-1] = (matrix[chosen] / len(chosen)).sum(axis=0)
        slot = project_slot(session["project"] or "")
        return Sample(
            matrix, features, labels, slot, tuple(texts), session["id"], memories, parse_stamp(session["created_at"])
        )


@dataclass(frozen=True)
class Loaded:
    """The sessions, and how many are below the confidence asked for."""

    samples: Samples
    skipped: int


def load(path: Path, dimension: int, limit: int = 5000, min_confidence: float = 0.6) -> Loaded:
    """The newest `limit` sessions of a database for vectors of `dimension` numbers.

    Raises `UsageError`, `StoreError` and `InvalidFile` as an import does.
    """
    faults: list[str] = []
    with opened(path) as database:
        refuse(str(path), missing(database, REQUIRED), HINT)
        sessions = rows(database, _QUALIFYING, _SESSIONS, "session_scores", faults, (min_confidence, limit))
        skipped = int(database.execute(_SKIPPED, (min_confidence,)).fetchone()[0])
        gaps = rows(
            database, _GAPS, (Wanted("project", "text"), Wanted("created_at", "text")), "session_scores", faults
        )
        offered = rows(database, _OFFERED, _CANDIDATES, "session_memories", faults)
        memories = {row["id"]: row for row in rows(database, _REMEMBERED, _MEMORIES, "memories", faults)}
        embedded = rows(database, _EMBEDDED, _VECTORS, "embeddings", faults)
    refuse(str(path), list(dict.fromkeys(faults)), HINT)
    return Loaded(_samples(sessions, gaps, offered, memories, embedded, dimension), skipped)


def _samples(
    sessions: list[Row], gaps: list[Row], offered: list[Row], memories: dict[str, Row], embedded: list[Row],
    dimension: int,
) -> Samples:  # fmt: skip
    made = Samples(dimension)
    vectors: dict[str, list[int]] = {}
    there: dict[str, bool] = {}
    for row in embedded:
        key, blob = row["source_id"], row["vector"]
        fits = blob is not None and len(blob) == 4 * dimension
        there[key] = there.get(key, False) or blob is not None
        vectors.setdefault(key, []).append(len(made.vectors) if fits else -1)
        if fits:
            made.vectors.append(np.frombuffer(blob, "<f4").astype(np.float32))
    texts: dict[str, int] = {}
    moments = {key: parse_stamp(row["created_at"]) for key, row in memories.items()}
    by_session: dict[str, list[Row]] = {}
    for row in offered:
        if row["memory_id"] in memories:
            by_session.setdefault(row["session_key"], []).append(row)
    earlier: dict[str, list[str]] = {}
    for row in gaps:
        earlier.setdefault(row["project"], []).append(row["created_at"])
    names = Names(Notes(), "session")
    for session in sessions:
        candidates, sources = [], []
        for row in by_session.get(session["session_key"], ()):
            key = row["memory_id"]
            for vector in vectors.get(key, [-1]):
                if vector < 0 and key not in texts:
                    texts[key] = len(made.words)
                    made.words.append(np.array(tokens(memories[key]["content"]), np.int64))
                memory = memories[key] | {"moment": moments[key], "embedded": there.get(key, False)}
                candidates.append(row | memory)
                sources.append((vector, texts.get(key, -1)))
        if candidates:
            features = _features(session, candidates, _gap(session, earlier))
            injected = [row["was_injected"] != 0 for row in candidates]
            labels = _labels(session, candidates)
            named = session | {"id": names.id(session["session_key"])}
            memories_of = tuple(row["memory_id"] for row in candidates)
            made.parts.append((named, features, labels, sources, injected, memories_of))
    return made


def _gap(session: Row, earlier: dict[str, list[str]]) -> float:
    """Days since the latest session of the same project that came before, by text; 0 for none."""
    times = earlier.get(session["project"], []) if session["project"] is not None else []
    place = bisect_left(times, session["created_at"])
    return _days(parse_stamp(times[place - 1]), parse_stamp(session["created_at"])) if place else 0.0


def _days(first: int | None, second: int | None) -> float:
    """The distance of two moments; 0 where one is unknown."""
    return 0.0 if first is None or second is None else abs(second - first) / DAY


def _features(session: Row, candidates: list[Row], gap: float) -> Array:
    """The 17 columns in float64, shape (C, 17)."""
    result = np.empty((len(candidates), COLUMNS))
    moment = parse_stamp(session["created_at"])
    result[:, 0] = np.log([_days(row["moment"], moment) + 1.0 for row in candidates])
    result[:, 1] = [0.5 if row["importance"] is None else row["importance"] for row in candidates]
    result[:, 2] = np.log([(row["access_count"] or 0) + 1.0 for row in candidates])
    when = calendar(np.array([0 if moment is None else moment]))
    clock = (when.hour[0], when.weekday[0], when.month[0]) if moment is not None else (0, 0, 0)
    for place, (value, period) in enumerate(zip(clock, (24, 7, 12), strict=True)):
        angle = 2.0 * np.pi * float(value) / period
        result[:, 3 + 2 * place], result[:, 4 + 2 * place] = np.sin(angle), np.cos(angle)
    result[:, 9] = np.log(gap + 1.0)
    result[:, 10] = [row["embedded"] for row in candidates]
    result[:, 11] = [row["is_deleted"] != 0 for row in candidates]
    result[:, 12] = [(row["entity_slot"] or 0) / 255.0 for row in candidates]
    result[:, 13] = [(row["aspect_slot"] or 0) / 255.0 for row in candidates]
    result[:, 14] = [bool(row["is_constraint"]) for row in candidates]
    result[:, 15] = np.log([(row["structural_density"] or 0) + 1.0 for row in candidates])
    result[:, 16] = [row["source"] == "ka_traversal" for row in candidates]
    return result


def _labels(session: Row, candidates: list[Row]) -> Array:
    """Signet's labels, shape (C,)."""
    relevance = [np.nan if row["relevance_score"] is None else row["relevance_score"] for row in candidates]
    return labels_of(
        deleted=[row["is_deleted"] != 0 for row in candidates],
        injected=[row["was_injected"] != 0 for row in candidates],
        relevance=relevance,
        fts_hits=[row["fts_hit_count"] for row in candidates],
        access_count=[row["access_count"] or 0 for row in candidates],
        score=[session["score"]] * len(candidates),
        novel_context_count=[session["novel_context_count"] or 0] * len(candidates),
    )
