"""Conflict resolution: chains of facts that replace one another, the last alone holds, also through a hop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Facts, Joined
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Conflict(Pattern):
    """The end of a chain of superseding facts matters where its entity is the topic, or one dependency from it.

    Facts are numbered by the order in which they replaced one another, and the larger number wins. What was replaced
    does not matter at all, however alike it is.
    """

    name: ClassVar[str] = "conflict"
    formula: ClassVar[str] = (
        "weight if the memory ended a chain of `links` or more, lives, and is about the topic (or a hop away)"
    )
    reads: ClassVar[tuple[str, ...]] = ("memory.superseded_by", "memory.deleted", "memory.entity", "session.topic")
    optimum: ClassVar[str] = (
        "1.0 for 'the newest of the chain wins'; recency alone takes newer facts of other chains too"
    )

    weight: float = parameter(0.40, "relevance of the fact that holds")
    links: float = parameter(1, "replacements that a chain has at least", "facts", 1, 100, "int")
    hops: float = parameter(1, "dependencies between topic and fact: 0 or 1", "edges", 0, 1, "int")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight`` where the fact holds and is asked about, shape (N,)."""
        joined, memory = facts.world, facts.memory
        if not len(joined.memory_entities):
            return np.zeros(len(facts))
        depth = joined.remember("chain depth", lambda: depths(joined))
        holds = np.where(memory >= 0, depth[memory] >= self.links, False) & ~facts.superseded
        near = facts.entity_match
        if self.hops:
            beside = joined.remember("hops", lambda: _beside(joined))
            code = np.where(memory >= 0, joined.memory_entities[memory], 0)
            topic = np.maximum(joined.topics[facts.session], 0)
            near = near | (beside[topic, code] & (code > 0))
        return (holds & near) * np.float64(self.weight)


def depths(joined: Joined) -> npt.NDArray[np.int64]:
    """How many facts each memory replaced, directly or through others, shape (M,); circles count as none."""
    memories = joined.world.memories
    newer = memories.rows(memories["superseded_by"].tolist())
    written = memories["created_at"]
    depth = np.zeros(len(memories), np.int64)
    for row in np.argsort(written, kind="stable").tolist():
        place = int(newer[row])
        if place >= 0 and written[place] > written[row]:
            depth[place] = max(depth[place], depth[row] + 1)
    return depth


def _beside(joined: Joined) -> npt.NDArray[np.bool_]:
    """Whether two entities have a dependency between them, (E, E) by code."""
    codes = {key: number for number, key in enumerate(joined.entity_ids)}
    found = np.zeros((len(codes), len(codes)), bool)
    edges = joined.world.dependencies
    for source, target in zip(edges["source"].tolist(), edges["target"].tolist(), strict=True):
        if source in codes and target in codes:
            found[codes[source], codes[target]] = found[codes[target], codes[source]] = True
    return found
