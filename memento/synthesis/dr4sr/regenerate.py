"""From a world to its regenerated one: sequences, patterns, regenerator, new rows, sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memento.errors import UsageError
from memento.synthesis.dr4sr import mining, sequences
from memento.synthesis.dr4sr.rebuild import rebuild
from memento.synthesis.dr4sr.sequences import Ints
from memento.world.world import World

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Settings:
    """The options of a regeneration; `gamma` is a probability or ``release``, `steps` those of a target model."""

    k: int = 5
    gamma: float | str = 0.5
    alpha: int = mining.ALPHA
    beta: int = mining.BETA
    epochs: int = 40
    across: bool = False
    seed: int = 0
    personalised: bool = False
    steps: int = 600

    def __str__(self) -> str:
        across = (" across" if self.across else "") + (f" personalised steps={self.steps}" if self.personalised else "")
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
    dropped_rows: int
    lost: int
    loss: float

    def figures(self) -> dict[str, Any]:
        """All but the world, and the pattern length ratio."""
        plain = {name: value for name, value in self.__dict__.items() if name != "world"}
        return plain | {"pattern_length_ratio": self.pattern_length / self.sequence_length}


@dataclass(frozen=True)
class Told:
    """What was learned of some rows of items: (row it belongs beside, row) for mined patterns and for regenerated rows,
    mean lengths of all mined patterns and of the rows, how many patterns there are, and the regenerator's last loss."""

    patterns: tuple[tuple[int, Ints], ...]
    new: tuple[tuple[int, Ints], ...]
    mined: int
    pattern_length: float
    sequence_length: float
    loss: float


def learn(rows: Sequence[Ints], items: int, settings: Settings, progress: Progress | None = None) -> Told:
    """Mines rows of `items` items, fits a regenerator to them, and lets it tell new rows.

    A mined pattern belongs beside the first row that is paired with it. Raises `UsageError` where nothing is to be
    learned from.
    """
    patterns = mining.mine(rows, settings.alpha, settings.beta)
    if not len(patterns):
        raise UsageError(
            f"no pattern of a window of {settings.alpha} accesses occurs in {settings.beta} of {len(rows)} sequences",
            "take a world with more sessions, or a lower --beta",
        )
    pairs = mining.pairs(rows, patterns, settings.seed)
    from memento.synthesis.dr4sr import inference, regenerator

    mined = patterns.rows()
    options = regenerator.Settings(settings.k, settings.epochs, seed=settings.seed)
    model, losses = regenerator.train(rows, mined, pairs, items, options, progress)
    hosts: dict[int, int] = {}
    for sequence, pattern in pairs.tolist():
        hosts.setdefault(pattern, sequence)
    told = [(sequence, mined[pattern]) for pattern, sequence in sorted(hosts.items())]
    known = {tuple(row.tolist()) for _, row in told}
    new = inference.regenerate(model, rows, settings.seed, settings.gamma)
    return Told(
        patterns=tuple(told),
        new=tuple((sequence, row) for sequence, row in new if tuple(row.tolist()) not in known),
        mined=len(patterns),
        pattern_length=float(patterns.lengths.mean()),
        sequence_length=float(np.mean([len(row) for row in rows])),
        loss=losses[-1] if losses else float("nan"),
    )


def regenerate(world: World, settings: Settings, progress: Progress | None = None) -> Regenerated:
    """The world with its mined pattern rows and regenerated rows as sessions.

    With `settings.personalised`, of the regenerated rows those that a target model gives a weight of half or more.
    Raises `UsageError` where nothing is to be learned from.
    """
    found = sequences.read(world, settings.across)
    items = len(found.vocabulary)
    told = learn(found.rows, items, settings, progress)
    new = list(told.new)
    if settings.personalised and new:
        from memento.synthesis.dr4sr.personalise import personalise

        kept = [*found.rows, *(row for _, row in told.patterns)]
        weights = personalise(kept, [row for _, row in new], len(found), items, settings.steps, settings.seed)
        new = [row for row, weight in zip(new, weights.tolist(), strict=True) if weight >= 0.5]
    built = rebuild(world, found, [*told.patterns, *new], settings.seed)
    return Regenerated(
        world=built.world,
        sessions=built.sessions,
        sequences=len(found),
        sequence_length=told.sequence_length,
        patterns=told.mined,
        pattern_length=told.pattern_length,
        pattern_rows=len(told.patterns),
        regenerated_rows=len(new),
        dropped_rows=len(told.new) - len(new),
        lost=built.lost,
        loss=told.loss,
    )
