"""Long range: the evidence lies many sessions back, or in a count over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Facts, Joined
from memento.patterns.pattern import Pattern, choice, parameter


@dataclass(frozen=True)
class LongRange(Pattern):
    """A memory matters that was last injected more than L sessions ago, or that was injected often enough in all.

    What a scorer sees of the last few sessions says nothing of it.
    """

    name: ClassVar[str] = "long_range"
    formula: ClassVar[str] = (
        "weight if the last injection lies over `sessions` back (or injections so far >= `sessions`)"
    )
    reads: ClassVar[tuple[str, ...]] = ("candidate.injected", "session.ended_at")
    optimum: ClassVar[str] = "1.0 for a scorer with a memory of L sessions or more; chance for one with fewer"

    weight: float = parameter(0.30, "relevance of such a memory")
    evidence: str = choice("gap", "a far injection, or a count of injections", ("gap", "count"))
    sessions: float = parameter(10, "how many sessions back, or how many injections", "sessions", 1, 100_000, "int")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight`` where the evidence is there, shape (N,)."""
        joined = facts.world
        last, count = joined.remember("injections", lambda: injections(joined))
        if self.evidence == "count":
            held = count >= self.sessions
        else:
            held = (last >= 0) & (joined.remember("places", lambda: places(joined)) - last > self.sessions)
        return held[facts.rows] * np.float64(self.weight)


def places(joined: Joined) -> npt.NDArray[np.int64]:
    """The place in time of each candidate's session, shape (N,)."""
    place = np.empty(len(joined.order), np.int64)
    place[joined.order] = np.arange(len(joined.order))
    return place[joined.world.candidate_sessions] if len(place) else np.zeros(0, np.int64)


def injections(joined: Joined) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The place in time of each candidate's memory's last injection before its session (-1: none), and how many
    there were, shape (N,) each."""
    world = joined.world
    memory, at = world.candidate_memories, places(joined)
    order = np.lexsort((at, memory))
    injected = world.candidates["injected"][order].astype(np.int64)
    group = np.concatenate([[True], memory[order][1:] != memory[order][:-1]]) if len(order) else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(group, np.arange(len(order)), 0))
    running = np.cumsum(injected) - injected
    counts = running - running[start]
    # The last injection before a row: the largest place so far among injected rows of its group.
    marks = np.where(injected > 0, np.arange(len(order)), -1)
    before = np.concatenate([[-1], np.maximum.accumulate(marks)[:-1]]) if len(order) else marks
    valid = before >= start
    last = np.where(valid, at[order][np.maximum(before, 0)], -1)
    result_last, result_count = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    result_last[order], result_count[order] = last, counts
    missing = memory < 0
    result_last[missing], result_count[missing] = -1, 0
    return result_last, result_count
