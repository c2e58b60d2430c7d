"""From a world to its regenerated one: sequences, patterns, regenerator, new rows, sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from memento.errors import UsageError
from memento.synthesis.dr4sr import mining, sequences
from memento.synthesis.dr4sr.rebuild import rebuild
from memento.world.world import World

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Settings:
    """The options of a regeneration; `gamma` is a probability or ``release``."""

    k: int = 5
    gamma: float | str = 0.5
    alpha: int = mining.ALPHA
    beta: int = mining.BETA
    epochs: int = 40
    across: bool = False
    seed: int = 0

    def __str__(self) -> str:
        across = " across" if self.across else ""
        return (
            f"k={self.k} gamma={self.gamma} alpha={self.alpha} beta={self.beta} "
            f"epochs={self.epochs} seed={self.seed}{across}"
        )


@dataclass(frozen=True)
class Regenerated:
    """The world with new sessions, and counts and lengths of what it was made of."""

    world: World
    sessions: int
    sequences: int
    sequence_length: float
    patterns: int
    pattern_length: float
    pattern_rows: int
    regenerated_rows: int
    lost: int
    loss: float

    def figures(self) -> dict[str, Any]:
        """All but the world, and the pattern length ratio."""
        plain = {name: value for name, value in self.__dict__.items() if name != "world"}
        return plain | {"pattern_length_ratio": self.pattern_length / self.sequence_length}


def regenerate(world: World, settings: Settings, progress: Progress | None = None) -> Regenerated:
    """The world with its mined pattern rows and regenerated rows as sessions.

    A mined pattern is told beside the first sequence that is paired with it. Raises `UsageError`
    where nothing is to be learned from.
    """
    found = sequences.read(world, settings.across)
    patterns = mining.mine(found.rows, settings.alpha, settings.beta)
    if not len(patterns):
        raise UsageError(
            f"no pattern of a window of {settings.alpha} accesses occurs in {settings.beta} of {len(found)} sequences",
            "take a world with more sessions, or a lower --beta",
        )
    pairs = mining.pairs(found.rows, patterns, settings.seed)
    from memento.synthesis.dr4sr import inference, regenerator

    rows = patterns.rows()
    options = regenerator.Settings(settings.k, settings.epochs, seed=settings.seed)
    model, losses = regenerator.train(found.rows, rows, pairs, len(found.vocabulary), options, progress)
    hosts: dict[int, int] = {}
    for sequence, pattern in pairs.tolist():
        hosts.setdefault(pattern, sequence)
    told = [(sequence, rows[pattern]) for pattern, sequence in sorted(hosts.items())]
    known = {tuple(row.tolist()) for _, row in told}
    new = inference.regenerate(model, found.rows, settings.seed, settings.gamma)
    new = [(sequence, row) for sequence, row in new if tuple(row.tolist()) not in known]
    built = rebuild(world, found, [*told, *new], settings.seed)
    return Regenerated(
        world=built.world,
        sessions=built.sessions,
        sequences=len(found),
        sequence_length=float(np.mean([len(row) for row in found.rows])),
        patterns=len(patterns),
        pattern_length=float(patterns.lengths.mean()),
        pattern_rows=len(told),
        regenerated_rows=len(new),
        lost=built.lost,
        loss=losses[-1] if losses else float("nan"),
    )
