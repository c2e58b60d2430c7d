"""Time in steps, and what each entity is at each step: what rules that drive entities over time share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.facts import DAY, Facts, Joined

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def start_of(joined: Joined) -> int:
    """The first instant of a world's time, s UTC: its scenario's first day, else the year 2020's."""
    said: Any = joined.world.manifest.scenario.get("time", {})
    if isinstance(said, dict) and isinstance(said.get("start"), str):
        try:
            return (date.fromisoformat(said["start"]) - date(1970, 1, 1)).days * DAY
        except ValueError:
            pass
    return 18_262 * DAY


def step_of(joined: Joined, hours: float) -> Ints:
    """The step in which each session ends, at least 0, shape (S,)."""
    seconds = np.maximum(joined.ended_at - start_of(joined), 0)
    return np.asarray(seconds // max(1, round(hours * 3600)), np.int64)


class Entities:
    """Values of entities over steps, made for those that occur, a share of them; others are 0."""

    def __init__(self, joined: Joined, share: float, stream: str, table: Callable[[str], Floats]) -> None:
        ids = joined.entity_ids
        keys = rng.keys(rng.key(0, stream, "driven"), list(ids))
        driven = rng.bernoulli(keys, share)
        used = np.unique(joined.memory_entities)
        size = 0
        rows: dict[int, Floats] = {}
        for code in used.tolist():
            if ids[code] and driven[code]:
                rows[code] = table(ids[code])
                size = len(rows[code])
        self.values = np.zeros((len(ids), max(size, 1)))
        for code, values in rows.items():
            self.values[code] = values

    def at(self, memory_entities: Ints, facts: Facts, step: Ints) -> Floats:
        """The value for each candidate: of its memory's entity at its session's step, (N,); 0 for no memory."""
        memory = facts.memory
        if not len(memory_entities):
            return np.zeros(len(facts))
        code = np.where(memory >= 0, memory_entities[memory], 0)
        return np.asarray(self.values[code, np.minimum(step[facts.session], self.values.shape[1] - 1)])
