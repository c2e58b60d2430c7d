"""Mixing schedules: which share of an epoch is synthetic, by how many real sessions there are and how far training is.

| name | share f of synthetic sessions | source |
| ---- | ----------------------------- | ------ |
| wrap | 1/2 | WRAP: Maini et al. 2024 |
| phi | 1/7, then 1 in the last part | Phi-1: Gunasekar et al. 2023: 6B filtered, 1B textbooks, 0.18B exercises |
| spin | 1/2, of the last two of `rounds` parts of the synthetic sessions | SPIN: Chen et al. 2024, its diet alone |
| maturity | 1 below 500 real sessions, 1/2 below 2,000, then max(1/10, 1/2 * 2000 / n) | the seed's three phases |
"""

from __future__ import annotations

import dataclasses
import math
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.catalog import Catalog, Row
from memento.errors import InvalidFile, UsageError
from memento.train.mixture import Mixture, apportion
from memento.vary.parameters import Parameterised, parameter

Ints = npt.NDArray[np.int64]

CATALOG = Catalog(
    "mixing schedule",
    {
        "wrap": Row("memento.train.mixing:Wrap", "real and synthetic sessions one to one"),
        "phi": Row("memento.train.mixing:Phi", "a seventh synthetic, and synthetic alone at the end"),
        "spin": Row("memento.train.mixing:Spin", "one to one, the synthetic ones of the last two rounds"),
        "maturity": Row("memento.train.mixing:Maturity", "by how many are real: cold start, bootstrap, maturity"),
    },
)
"""Every mixing schedule by name."""


@dataclasses.dataclass(frozen=True)
class Mixing(Parameterised):
    """A schedule over the sources of a training; `real` numbers those that are real, from 1, parted by +."""

    what: ClassVar[str] = "mixing schedule"
    hint: ClassVar[str] = "`memento recipes --list` lists them with their parameters"

    real: str = parameter("", "which sources are real, numbered from 1 and parted by +", kind="text")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.real and not all(part.isdecimal() and int(part) > 0 for part in self.real.split("+")):
            fault = f"real={self.real!r} are not numbers of sources parted by +"
            raise InvalidFile(f"mixing schedule {self.name}", [fault], "wrap:real=2 says that the second is real")

    def roles(self, sources: int) -> list[bool]:
        """Whether each source is real. Raises `UsageError` where none is, all are, or one is not there."""
        real = {int(part) for part in self.real.split("+") if part}
        beyond = sorted(number for number in real if number > sources)
        if beyond:
            raise UsageError(f"real source {beyond[0]} is not one of {sources}", "sources are numbered from 1")
        if not real or len(real) == sources:
            missing = "none is real" if not real else "none is synthetic"
            raise UsageError(
                f"mixing schedule {self.name} mixes real and synthetic sources, and {missing}",
                "name what is real: memento train synthetic yard --real yard --mix " + self.name,
            )
        return [number in real for number in range(1, sources + 1)]

    @abstractmethod
    def share(self, real: int, progress: float) -> float:
        """The share of synthetic sessions with `real` real ones, at a share of the run from 0 up to 1."""

    def part(self, sessions: Ints, progress: float) -> Ints:
        """Those of a synthetic source's sessions that take part."""
        return sessions


@dataclasses.dataclass(frozen=True)
class Wrap(Mixing):
    """One to one."""

    name: ClassVar[str] = "wrap"

    def share(self, real: int, progress: float) -> float:
        """One half."""
        return 0.5


@dataclasses.dataclass(frozen=True)
class Phi(Mixing):
    """A seventh; in the last `final` of the run synthetic sessions alone: 1.18 of 7.18 parts in all."""

    name: ClassVar[str] = "phi"
    final: float = parameter(0.025, "share of the run at the end on synthetic sessions alone: 0.18 of 7.18 parts")

    def share(self, real: int, progress: float) -> float:
        """One seventh, then one."""
        return 1.0 if progress >= 1.0 - self.final else 1.0 / 7.0


@dataclasses.dataclass(frozen=True)
class Spin(Mixing):
    """One to one; the synthetic sessions in `rounds` parts by time, of which each round takes its own and the last."""

    name: ClassVar[str] = "spin"
    rounds: int = parameter(4, "rounds of self-play", kind="int", low=1, high=1000)

    def share(self, real: int, progress: float) -> float:
        """One half."""
        return 0.5

    def part(self, sessions: Ints, progress: float) -> Ints:
        """The part of this round and of the one before."""
        now = min(self.rounds - 1, int(progress * self.rounds))
        edges = [round(len(sessions) * k / self.rounds) for k in range(self.rounds + 1)]
        found = sessions[edges[max(0, now - 1)] : edges[now + 1]]
        return found if len(found) else sessions


@dataclasses.dataclass(frozen=True)
class Maturity(Mixing):
    """Synthetic alone until there are `bootstrap` real sessions, one to one until `mature`, then ever fewer."""

    name: ClassVar[str] = "maturity"
    bootstrap: int = parameter(500, "real sessions from which they are mixed in", "sessions", kind="int", high=10**9)
    mature: int = parameter(2000, "real sessions from which they are the most", "sessions", kind="int", high=10**9)
    least: float = parameter(0.1, "share of synthetic sessions that stays")

    def share(self, real: int, progress: float) -> float:
        """One, one half, then ``max(least, 1/2 mature / real)``."""
        if real < self.bootstrap:
            return 1.0
        return 0.5 if real < self.mature else max(self.least, 0.5 * self.mature / max(1, real))


class Diet:
    """The sessions of every epoch under a mixing schedule and a limit on each source, exact in number.

    `mixture` has the training sessions of each source in order of time. Every epoch has as many as all of
    them together, whatever is limited, so that its steps are as many. Within real and within synthetic
    sources the weights of the mixture hold. `limit` says for an epoch how many sessions of a source, the
    first in time, may come up; None is all.
    """

    def __init__(
        self,
        mixture: Mixture,
        epochs: int,
        mixing: Mixing | None = None,
        limit: Callable[[int], int | None] = lambda number: None,
    ) -> None:
        self.fit, self.weights, self.seed = mixture.sessions, mixture.weights, mixture.seed
        self.epochs = max(1, epochs)
        self.mixing = mixing
        self.limit = limit
        self.total = sum(mixture.counts)
        self.real = mixing.roles(len(self.fit)) if mixing else [True] * len(self.fit)
        self.real_sessions = sum(len(part) for part, real in zip(self.fit, self.real, strict=True) if real)
        self._taken = [[0] * len(self.fit)]

    def counts(self, number: int) -> list[int]:
        """How many sessions of each source epoch `number`, counted from 0, holds."""
        sizes = [len(part) for part in self._parts(number)]
        effective = [weight if size else 0.0 for weight, size in zip(self.weights, sizes, strict=True)]
        if self.mixing is None:
            return apportion(self.total, effective)
        share = self.mixing.share(self.real_sessions, number / self.epochs)
        whole = [math.fsum(w for w, r in zip(effective, self.real, strict=True) if r is role) for role in (True, False)]
        if not all(whole):
            return apportion(self.total, effective)
        split = [(1.0 - share) / whole[0] if real else share / whole[1] for real in self.real]
        return apportion(self.total, [w * factor for w, factor in zip(effective, split, strict=True)])

    def epoch(self, number: int, shuffle: bool = True) -> Ints:
        """The sessions of epoch `number` in training order, shape (E,); each source goes on where it was left."""
        while len(self._taken) <= number:
            counts = self.counts(len(self._taken) - 1)
            self._taken.append([before + count for before, count in zip(self._taken[-1], counts, strict=True)])
        mixture = Mixture(self._parts(number), self.weights, self.seed, self.counts(number))
        return mixture.epoch(number, shuffle, self._taken[number])

    def _parts(self, number: int) -> list[Ints]:
        limit = self.limit(number)
        parts = self.fit if limit is None else [part[:limit] for part in self.fit]
        if self.mixing is None:
            return list(parts)
        progress = number / self.epochs
        return [p if real else self.mixing.part(p, progress) for p, real in zip(parts, self.real, strict=True)]
