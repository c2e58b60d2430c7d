"""State tracking: a group element a session, and relevance by the product of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.facts import Facts, Joined
from memento.patterns.pattern import Pattern, choice, parameter
from memento.patterns.tasks.words import GROUPS, readout, table


@dataclass(frozen=True)
class State(Pattern):
    """A project's sessions are a word over a group: each topic stands for an element, and the state is their product.

    A memory matters where its entity's class is what the state shows (the image of point 0). Parity is Z2; A5 cannot
    be tracked at constant depth by diagonal state-space models and transformers.
    """

    name: ClassVar[str] = "state"
    formula: ClassVar[str] = "weight if class(entity) = image of 0 under g_1 g_2 ... g_k, g_i of the topic of session i"
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.topic", "session.project", "session.ended_at")
    optimum: ClassVar[str] = "1.0 for a scorer that keeps the state; chance is 1 over the number of classes (Z5: .2)"

    weight: float = parameter(0.40, "relevance of a memory of the class that the state shows")
    group: str = choice("Z5", "the group", GROUPS)
    length: float = parameter(0, "sessions after which the state begins again; 0: never", "sessions", 0, 100_000, "int")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight`` where class and state agree, shape (N,)."""
        joined, memory = facts.world, facts.memory
        if not len(joined.memory_entities):
            return np.zeros(len(facts))
        shown = joined.remember(("state", self.group, self.length), lambda: self._shown(joined))
        classes = joined.remember(("classes", self.group), lambda: self.classes(joined.entity_ids))
        code = np.where(memory >= 0, joined.memory_entities[memory], 0)
        return np.asarray((classes[code] == shown[facts.session]) * np.float64(self.weight))

    @property
    def chance(self) -> float:
        """How often a guess of the class is right."""
        return 1.0 / (int(readout(self.group).max()) + 1)

    def classes(self, ids: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """The class of each entity, keyed by its id, shape (E,); -1 for none."""
        found = rng.integers(rng.keys(rng.key(0, "state", "class"), list(ids)), int(readout(self.group).max()) + 1)
        found[0] = -1
        return found

    def _shown(self, joined: Joined) -> npt.NDArray[np.int64]:
        """What the state shows before each session, (S,)."""
        cayley, image = table(self.group), readout(self.group)
        elements = rng.integers(rng.keys(rng.key(0, "state", "element"), list(joined.entity_ids)), len(cayley)).tolist()
        projects, topics = joined.world.sessions["project"].tolist(), joined.topics.tolist()
        state: dict[str, int] = {}
        steps: dict[str, int] = {}
        found = np.zeros(len(projects), np.int64)
        for row in joined.order.tolist():
            of = projects[row]
            found[row] = image[state.get(of, 0)]
            if topics[row] > 0:
                steps[of] = steps.get(of, 0) + 1
                again = self.length and steps[of] % int(self.length) == 0
                state[of] = 0 if again else int(cayley[state.get(of, 0), elements[topics[row]]])
        return found
