"""What a contract test is, and the counterfactual twins that three of them are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from memento.patterns import from_manifest
from memento.patterns.conjunction import Conjunction
from memento.patterns.gap import Gap
from memento.validate.asking import RISE, Flags, Floats, Ints, Question
from memento.validate.episodes import Source, Stage

OTHERS = 9
"""Candidates beside the one asked about."""


@dataclass(frozen=True)
class Contract:
    """What is asked; whether a scorer linear in the columns, as Signet's, can pass; why it can or cannot."""

    asks: str
    linear: bool
    why: str
    question: Question


def moved_by_gap(source: Source, rows: Ints) -> Flags:
    """Which memories matter more after a short gap by some rule of the world, shape of `rows`."""
    names = source.world.memories["entity"][rows].tolist()
    found = np.zeros(len(rows), bool)
    for rule in from_manifest(source.world.manifest.patterns):
        if isinstance(rule, Gap):
            found |= rule.entities(tuple(names))
        elif isinstance(rule, Conjunction):
            found |= rule.weekdays(("", *names))[1:] >= 0
    return found


def offered(stage: Stage, sessions: Sequence[int], target: int, others: Sequence[int], age: float) -> None:
    """Offers the same ten memories to an episode's sessions, as old in each, the one asked about first."""
    for session in sessions:
        for row in [target, *others]:
            stage.offer(session, row, age, 3)


def shares(scores: Floats, sessions: int) -> Floats:
    """The share of every offer, shape (episodes, sessions, 10)."""
    return scores.reshape(-1, sessions, OTHERS + 1)


def higher_than(sessions: int, twin: int) -> Callable[[Floats], Flags]:
    """Whether the memory asked about has more of the first session than of a twin."""
    return lambda s: shares(s, sessions)[:, 0, 0] > shares(s, sessions)[:, twin, 0] + RISE


def on_top(sessions: int) -> Callable[[Floats], Flags]:
    """Whether it is the best of the first session."""
    return lambda s: shares(s, sessions)[:, 0, 0] > shares(s, sessions)[:, 0, 1:].max(axis=1)


def higher_than_all(sessions: int) -> Callable[[Floats], Flags]:
    """Whether it has more of the first session than of every twin."""
    return lambda s: shares(s, sessions)[:, 0, 0] > shares(s, sessions)[:, 1:, 0].max(axis=1) + RISE


def higher_than_each_in_turn(sessions: int) -> Callable[[Floats], Flags]:
    """As `higher_than`, a different twin in each episode, all equally often."""

    def right(scores: Floats) -> Flags:
        of = shares(scores, sessions)
        twin = 1 + np.arange(len(of)) % (sessions - 1)
        return np.asarray(of[:, 0, 0] > of[np.arange(len(of)), twin, 0] + RISE)

    return right
