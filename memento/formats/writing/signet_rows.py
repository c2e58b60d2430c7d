"""The rows of a Signet database that say what a world says.

What training reads is consistent: one row a session, one vector a memory, slots by the hash of entity
and aspect, density as of the session, accesses that include every injection, and times in one format,
since Signet orders them as text. Where relevance is planted, injected rows have it; rows that were not
injected speak through their search hits, which simulation draws from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Joined
from memento.render.columns import slots
from memento.render.density import structural_density
from memento.render.labels import Labeller
from memento.render.rendering import memory_vectors
from memento.world.records import NULL_INT
from memento.world.values import format_time
from memento.world.world import World

Row = dict[str, Any]
DAY = 86_400
DECAY = 0.95
"""How much of its effective score a memory keeps from one day to the next (Signet's baseline)."""
_LONE = "attribute:"


def rows_of(world: World, dimension: int = 768, relevance: str | None = None) -> dict[str, list[Row]]:
    """Every row by table, in the order of the world's records.

    `relevance` names the labels that injected rows are given, planted or clean; without it those that
    were observed, or else planted where a world plants any.
    """
    return _Rows(world, dimension, relevance).rows()


def signet_id(world: World, table: str, key: str) -> str:
    """What a memory is called in a database: as it was where it was imported, else its own id."""
    if table != "memories" or not _imported(world):
        return key
    return str(world.memories["origin"][world.memories.row_of[key]]) or key


def _imported(world: World) -> bool:
    return world.manifest.source == "imported" and world.manifest.scenario.get("format") == "signet"


class _Rows:
    """Builds the rows table by table."""

    def __init__(self, world: World, dimension: int, relevance: str | None) -> None:
        self.world, self.dimension, self.relevance = world, dimension, relevance
        self.joined = Joined(world)
        memories = world.memories
        imported = _imported(world)
        names = zip(memories["id"].tolist(), memories["origin"].tolist(), strict=True)
        self.names = [origin if imported and origin else key for key, origin in names]
        self.lone = np.array([imported and key.startswith(_LONE) for key in memories["id"].tolist()], bool)
        self.replacement = memories.rows(memories["superseded_by"].tolist())

    def rows(self) -> dict[str, list[Row]]:
        """Every row by table."""
        return {
            "memories": self.memories(),
            "embeddings": self.embeddings(),
            "session_scores": self.session_scores(),
            "session_memories": self.session_memories(),
            "session_checkpoints": self.session_checkpoints(),
            "entities": self.entities(),
            "entity_aspects": self.aspects(),
            "entity_attributes": self.attributes(),
            "entity_dependencies": self.dependencies(),
        }

    def memories(self) -> list[Row]:
        world, memories = self.world, self.world.memories
        offered = world.candidate_memories
        ended = world.sessions["ended_at"][world.candidate_sessions]
        counted = world.candidates["injected"] & (offered >= 0)
        accesses = memories["prior_accesses"] + np.bincount(offered[counted], minlength=len(memories))
        last = np.full(len(memories), NULL_INT)
        np.maximum.at(last, offered[counted], ended[counted])
        made = []
        for row, record in enumerate(_records(world, "memories")):
            if self.lone[row]:
                continue
            text = record["text"]
            newer = self.replacement[row]
            gone = record["deleted"] and newer >= 0
            made.append({
                "id": self.names[row], "type": "episodic" if record["kind"] == "episode" else "fact", "content": text,
                "confidence": 1.0, "importance": record["importance"], "project": record["project"] or None,
                "created_at": format_time(record["created_at"]), "updated_at": format_time(record["created_at"]),
                "updated_by": "memento", "last_accessed": _stamp(int(last[row])), "access_count": int(accesses[row]),
                "vector_clock": "{}", "version": 1, "manual_override": 0, "pinned": int(record["pinned"]),
                "content_hash": _hash(text), "normalized_content": _plain(text), "is_deleted": int(record["deleted"]),
                "deleted_at": _stamp(int(memories["created_at"][newer])) if gone else None,
            })  # fmt: skip
        return made

    def embeddings(self) -> list[Row]:
        memories = self.world.memories
        chosen = np.flatnonzero(memories["embedded"] & ~self.lone)
        vectors = memory_vectors(self.world, chosen, self.dimension).astype("<f4")
        return [
            {
                "id": f"embedding:{self.names[row]}",
                "content_hash": _hash(f"{self.names[row]}\n{memories['text'][row]}"),
                "vector": vector.tobytes(), "dimensions": self.dimension, "source_type": "memory",
                "source_id": self.names[row], "chunk_text": memories["text"][row],
                "created_at": format_time(int(memories["created_at"][row])),
            }
            for row, vector in zip(chosen.tolist(), vectors, strict=True)
        ]  # fmt: skip

    def session_scores(self) -> list[Row]:
        world = self.world
        sizes = np.diff(world.offsets)
        used = np.add.reduceat(np.append(world.candidates["used"], False), world.offsets[:-1]) if len(sizes) else sizes
        return [
            {
                "id": f"score:{record['id']}", "session_key": record["id"], "project": record["project"] or None,
                "harness": "memento", "score": record["score"], "memories_recalled": int(sizes[row]),
                "memories_used": int(used[row]) if sizes[row] else 0,
                "novel_context_count": record["novel_context_count"], "created_at": format_time(record["ended_at"]),
                "confidence": record["confidence"],
            }
            for row, record in enumerate(_records(world, "sessions"))
        ]  # fmt: skip

    def session_memories(self) -> list[Row]:
        world, memories, sessions = self.world, self.world.memories, self.world.sessions
        entity, aspect = (self._slots(memories[name].tolist()) for name in ("entity", "aspect"))
        density = structural_density(self.joined)
        relevance = self._relevance()
        constraint = memories["kind"] == "constraint"
        there = world.candidate_memories >= 0
        made = []
        records = zip(_records(world, "candidates"), world.candidate_memories.tolist(), strict=True)
        for row, (record, memory) in enumerate(records):
            if not there[row] or self.lone[memory]:
                continue
            session = int(world.candidate_sessions[row])
            score = self._effective(record["source"], memory, int(sessions["started_at"][session]))
            made.append({
                "id": f"{record['session']}/{self.names[memory]}", "session_key": record["session"],
                "memory_id": self.names[memory], "source": record["source"], "effective_score": score,
                "final_score": score, "rank": record["rank"], "was_injected": int(record["injected"]),
                "relevance_score": None if np.isnan(relevance[row]) else float(relevance[row]),
                "fts_hit_count": record["fts_hits"], "created_at": format_time(int(sessions["started_at"][session])),
                "entity_slot": entity[memory], "aspect_slot": aspect[memory], "is_constraint": int(constraint[memory]),
                "structural_density": int(density[row]) if entity[memory] is not None else None,
            })  # fmt: skip
        return made

    def session_checkpoints(self) -> list[Row]:
        made = []
        for record in _records(self.world, "sessions"):
            for trigger, at in (("periodic", record["started_at"]), ("session_end", record["ended_at"])):
                made.append({
                    "id": f"{record['id']}/{trigger}", "session_key": record["id"], "harness": "memento",
                    "project": record["project"] or None, "trigger": trigger, "digest": "", "prompt_count": 0,
                    "created_at": format_time(at),
                })  # fmt: skip
        return made

    def entities(self) -> list[Row]:
        return [
            {
                "id": record["id"], "name": record["name"], "entity_type": record["kind"],
                "canonical_name": _plain(record["name"]), **_made(record["created_at"]),
            }
            for record in _records(self.world, "entities")
        ]  # fmt: skip

    def aspects(self) -> list[Row]:
        entities = self.world.entities
        born = np.append(entities["created_at"], self.world.manifest.clock)
        at = born[entities.rows(self.world.aspects["entity"].tolist())].tolist()
        return [
            {
                "id": record["id"], "entity_id": record["entity"], "name": record["name"],
                "canonical_name": _plain(record["name"]), "weight": record["weight"], **_made(at[row]),
            }
            for row, record in enumerate(_records(self.world, "aspects"))
        ]  # fmt: skip

    def attributes(self) -> list[Row]:
        """One for each memory about an aspect; a memory without an aspect has no place in Signet's graph."""
        made = []
        names = [self._attribute(row) for row in range(len(self.names))]
        for row, record in enumerate(_records(self.world, "memories")):
            if not record["aspect"] or record["kind"] == "episode":
                continue
            newer = int(self.replacement[row])
            text = record["value"] or record["text"]
            made.append({
                "id": names[row], "aspect_id": record["aspect"],
                "memory_id": None if self.lone[row] else self.names[row], "kind": record["kind"], "content": text,
                "normalized_content": _plain(text), "importance": record["importance"],
                "status": "superseded" if newer >= 0 else "deleted" if record["deleted"] else "active",
                "superseded_by": names[newer] if newer >= 0 else None, **_made(record["created_at"]),
            })  # fmt: skip
        return made

    def dependencies(self) -> list[Row]:
        clock = self.world.manifest.clock
        return [
            {
                "id": record["id"], "source_entity_id": record["source"], "target_entity_id": record["target"],
                "dependency_type": record["kind"], "strength": record["weight"], **_made(clock),
            }
            for record in _records(self.world, "dependencies")
        ]  # fmt: skip

    def _attribute(self, row: int) -> str:
        return self.names[row] if self.lone[row] else f"{_LONE}{self.names[row]}"

    @staticmethod
    def _slots(ids: list[str]) -> list[int | None]:
        known = sorted(set(ids) - {""})
        of = dict(zip(known, slots(known).tolist(), strict=True)) if known else {}
        return [of.get(name) for name in ids]

    def _relevance(self) -> npt.NDArray[np.float64]:
        """Observed relevance; for injected candidates of a world that plants it the planted one, in [0, 1]."""
        candidates = self.world.candidates
        relevance = np.array(candidates["relevance"], np.float64)
        if self.relevance is None and not self.world.manifest.patterns:
            return relevance
        labeller = Labeller(self.joined, self.relevance or "planted")
        for low, high in self.joined.blocks():
            part = slice(int(self.joined.offsets[low]), int(self.joined.offsets[high]))
            made = np.clip(labeller.labels(self.joined.facts(low, high), low, high).values, 0.0, 1.0)
            blank = np.isnan(relevance[part]) if self.relevance is None else np.ones(len(made), bool)
            relevance[part] = np.where(blank & candidates["injected"][part], made, relevance[part])
        return relevance

    def _effective(self, source: str, memory: int, at: int) -> float:
        memories = self.world.memories
        if source == "fts_only":
            return 0.0
        if memories["pinned"][memory]:
            return 1.0
        age = abs(at - int(memories["created_at"][memory])) / DAY
        return round(float(memories["importance"][memory]) * float(DECAY**age), 12)


def _records(world: World, table: str) -> list[Mapping[str, Any]]:
    """The records of a table as plain values."""
    held = world.tables[table]
    return [held.record(row) for row in range(len(held))]


def _made(at: int) -> Row:
    return {"created_at": format_time(at), "updated_at": format_time(at)}


def _stamp(at: int) -> str | None:
    return None if at == NULL_INT else format_time(at)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
