"""Accurate retrieval: one entity, one aspect, one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Facts, Joined
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Retrieval(Pattern):
    """A session asks for one aspect of its topic: the weightiest by day, the next one later, as the hours tell.

    The live memory of that entity and aspect is the answer; memories that share the entity or the aspect alone are
    the distractors.
    """

    name: ClassVar[str] = "retrieval"
    formula: ClassVar[str] = (
        "weight if entity and aspect are asked for and live; distractor * weight if one of the two is"
    )
    reads: ClassVar[tuple[str, ...]] = (
        "memory.entity", "memory.aspect", "memory.deleted", "session.topic", "session.ended_at",
    )  # fmt: skip
    optimum: ClassVar[str] = "Hit@1 of 1.0 for a scorer that matches entity, aspect and hour"

    weight: float = parameter(0.40, "relevance of the answer")
    distractor: float = parameter(0.25, "share of that which a distractor has")
    band_hours: float = parameter(8, "hours for which one aspect is asked", "h", 1, 24, "int")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight`` for the answer and a share of it for distractors, shape (N,)."""
        joined, memory = facts.world, facts.memory
        memories = joined.world.memories
        if not len(memories):
            return np.zeros(len(facts))
        wanted = joined.remember(("retrieval", self.band_hours), lambda: self._asked(joined))
        codes = joined.remember("aspect codes", lambda: _aspect_codes(joined))
        aspect = np.where(memory >= 0, codes[memory], -1)
        same = (aspect == wanted[facts.session]) & (aspect >= 0)
        answer = same & facts.entity_match & ~facts.superseded
        near = (same | facts.entity_match) & ~answer
        return np.asarray(answer * np.float64(self.weight) + near * np.float64(self.weight * self.distractor))

    def _asked(self, joined: Joined) -> npt.NDArray[np.int64]:
        """The row of the aspect that each session asks for, (S,); -1 for none."""
        aspects = joined.world.aspects
        of_entity: dict[str, list[tuple[float, str, int]]] = {}
        columns = (aspects[name].tolist() for name in ("entity", "weight", "id"))
        for row, (entity, weight, key) in enumerate(zip(*columns, strict=True)):
            of_entity.setdefault(entity, []).append((-weight, key, row))
        ranked = {entity: [row for _, _, row in sorted(rows)] for entity, rows in of_entity.items()}
        band = joined.calendar.hour.astype(np.int64) // int(self.band_hours)
        found = np.full(len(band), -1)
        for row, (topic, place) in enumerate(zip(joined.world.sessions["topic"].tolist(), band.tolist(), strict=True)):
            rows = ranked.get(topic)
            if rows:
                found[row] = rows[place % len(rows)]
        return found


def _aspect_codes(joined: Joined) -> npt.NDArray[np.int64]:
    return joined.world.aspects.rows(joined.world.memories["aspect"].tolist())
