"""Selective memory retrieval: what was marked comes back, whatever noise lay between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Facts, Joined
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Copying(Pattern):
    """Memories about the topics of a project's last marked sessions matter, those of all others do not.

    A session is marked where it gathered by graph traversal: the data tokens of selective copying, with plain
    sessions as the noise between them. Ten candidates of which three match have three relevant ones.
    """

    name: ClassVar[str] = "copying"
    formula: ClassVar[str] = "weight if the memory's entity is the topic of one of the last `count` traversal sessions"
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.topic", "session.mode", "session.ended_at")
    optimum: ClassVar[str] = (
        "1.0 for a scorer whose state depends on its input; chance: the three of ten in 1 of 120 cases"
    )

    weight: float = parameter(0.40, "relevance of a memory about a marked topic")
    count: float = parameter(3, "marked sessions that are remembered", "sessions", 1, 64, "int")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight`` where the memory's entity was marked, shape (N,)."""
        joined, memory = facts.world, facts.memory
        if not len(joined.memory_entities):
            return np.zeros(len(facts))
        marked = joined.remember(("copying", self.count), lambda: self._marked(joined))
        code = np.where(memory >= 0, joined.memory_entities[memory], 0)
        hit = (marked[facts.session] == code[:, None]).any(axis=1) & (code > 0)
        return np.asarray(hit * np.float64(self.weight))

    def _marked(self, joined: Joined) -> npt.NDArray[np.int64]:
        """The topics of the last marked sessions of its project before each session, (S, count); -1 for none."""
        sessions = joined.world.sessions
        walks = (sessions["mode"] == "traversal").tolist()
        projects, topics = sessions["project"].tolist(), joined.topics.tolist()
        found = np.full((len(sessions), int(self.count)), -1)
        last: dict[str, list[int]] = {}
        for row in joined.order.tolist():
            kept = last.setdefault(projects[row], [])
            found[row, : len(kept)] = kept
            if walks[row] and topics[row] > 0:
                if topics[row] in kept:
                    kept.remove(topics[row])
                kept.insert(0, topics[row])
                del kept[int(self.count) :]
        return found
