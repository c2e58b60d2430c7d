"""Groups of sessions for figures apart: how hard they are, and whether their topics were met in training."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.difficulty import STRATA, strata
from memento.patterns.facts import Joined
from memento.world.world import World


def groups(world: World, seen: npt.NDArray[np.uint64] | None) -> dict[str, frozenset[str]]:
    """The ids of a world's sessions by group: easy, medium, hard; and topic seen or unseen in training.

    `seen` are hashes of the ids of sessions that a scorer was trained on; the split by topic is left out where none of
    them is here. A topic is seen where one of those sessions was about it: the cliff between the two tells how much a
    scorer knows by heart.
    """
    ids = world.sessions["id"]
    found: dict[str, frozenset[str]] = {}
    if world.manifest.patterns and len(world.candidates):
        place = strata(Joined(world), world.manifest.patterns, world.manifest.noise)
        found = {name: frozenset(ids[place == number].tolist()) for number, name in enumerate(STRATA)}
    if seen is not None and len(seen):
        trained = np.isin(rng.hashes(ids.tolist()), seen)
        topics = world.sessions["topic"]
        known = np.isin(topics, np.unique(topics[trained & (topics != "")].astype(str))) if trained.any() else None
        if known is not None:
            found["topic seen"] = frozenset(ids[known].tolist())
            found["topic unseen"] = frozenset(ids[~known & (topics != "")].tolist())
    return found
