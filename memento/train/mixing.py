"""Mixing schedules: what each source of a training weighs in an epoch, by how far training is.

| name | share of synthetic sessions | source |
| ---- | --------------------------- | ------ |
| wrap | 1/2 | WRAP: Maini et al. 2024 |
| phi | 1/7, then 1 in the last part | Phi-1: Gunasekar et al. 2023: 6B filtered, 1B textbooks, 0.18B exercises |
| spin | 1/2, of the last two of `rounds` parts of the synthetic sessions | SPIN: Chen et al. 2024, its diet |
| phases | one group of sources after the other | curriculum over worlds: the seed's 7.4 |
| maturity | 1 below 500 real sessions, 1/2 below 2,000, then max(1/10, 1/2 * 2000 / n) | the seed's three phases |
"""

from __future__ import annotations

import dataclasses
import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
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
        "phases": Row("memento.train.mixing:Phases", "one group of revisions after the other"),
        "maturity": Row("memento.train.mixing:Maturity", "by how many are real: cold start, bootstrap, maturity"),
    },
)
"""Every mixing schedule by name."""


@dataclasses.dataclass(frozen=True)
class Mixing(Parameterised):
    """A schedule over the sources of a training."""

    what: ClassVar[str] = "mixing schedule"
    hint: ClassVar[str] = "`memento recipes --list` lists them with their parameters"

    @abstractmethod
    def check(self, sources: int) -> None:
        """Raises `UsageError` where it cannot be one over so many sources."""

    @abstractmethod
    def weights(self, given: Sequence[float], sizes: Sequence[int], progress: float, span: float = 0.0) -> list[float]:
        """What each source weighs in the `span` of the run that begins at a share `progress` of it, from 0 up to 1.

        `given` are the weights that the user chose, `sizes` the sessions of each source.
        """

    def part(self, source: int, sources: int, sessions: Ints, progress: float) -> Ints:
        """Those of the sessions of a source, counted from 0, that take part."""
        return sessions


@dataclasses.dataclass(frozen=True)
class RealAndSynthetic(Mixing):
    """A share of synthetic sessions; `real` numbers the sources that are real, from 1, parted by +."""

    real: str = parameter("", "which sources are real, numbered from 1 and parted by +", kind="text")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.real and not all(part.isdecimal() and int(part) > 0 for part in self.real.split("+")):
            fault = f"real={self.real!r} are not numbers of sources parted by +"
            raise InvalidFile(f"mixing schedule {self.name}", [fault], "wrap:real=2 says that the second is real")

    def check(self, sources: int) -> None:
        """Raises `UsageError` where no source is real, all are, or one is not there."""
        roles = self.roles(sources)
        beyond = sorted(number for number in map(int, filter(None, self.real.split("+"))) if number > sources)
        if beyond:
            raise UsageError(f"real source {beyond[0]} is not one of {sources}", "sources are numbered from 1")
        if all(roles) or not any(roles):
            missing = "none is synthetic" if any(roles) else "none is real"
            raise UsageError(
                f"mixing schedule {self.name} mixes real and synthetic sources, and {missing}",
                "name what is real: memento train synthetic yard --real yard --mix " + self.name,
            )

    def roles(self, sources: int) -> list[bool]:
        """Whether each source is real."""
        return [str(number) in self.real.split("+") for number in range(1, sources + 1)]

    def weights(self, given: Sequence[float], sizes: Sequence[int], progress: float, span: float = 0.0) -> list[float]:
        """The given weights within the real and within the synthetic sources, the two by `share`."""
        roles = self.roles(len(given))
        there = [weight if size else 0.0 for weight, size in zip(given, sizes, strict=True)]
        whole = {role: math.fsum(w for w, r in zip(there, roles, strict=True) if r is role) for role in (True, False)}
        if not all(whole.values()):
            return there
        share = self.share(sum(size for size, real in zip(sizes, roles, strict=True) if real), progress, span)
        shares = {True: 1.0 - share, False: share}
        return [w * shares[real] / whole[real] for w, real in zip(there, roles, strict=True)]

    @abstractmethod
    def share(self, real: int, progress: float, span: float) -> float:
        """The share of synthetic sessions with `real` real ones, in the `span` of the run that begins at `progress`."""


@dataclasses.dataclass(frozen=True)
class Wrap(RealAndSynthetic):
    """One to one."""

    name: ClassVar[str] = "wrap"

    def share(self, real: int, progress: float, span: float) -> float:
        """One half."""
        return 0.5


@dataclasses.dataclass(frozen=True)
class Phi(RealAndSynthetic):
    """A seventh; in the last `final` of the run synthetic sessions alone: 1.18 of 7.18 parts in all."""

    name: ClassVar[str] = "phi"
    final: float = parameter(0.025, "share of the run at the end on synthetic sessions alone: 0.18 of 7.18 parts")

    def share(self, real: int, progress: float, span: float) -> float:
        """One seventh, then one; an epoch in which the last part begins has as much of either as lies in it."""
        inside = progress + span - max(progress, 1.0 - self.final)
        last = min(1.0, max(0.0, inside / span)) if span > 0 else float(inside >= 0)
        return last + (1.0 - last) / 7.0


@dataclasses.dataclass(frozen=True)
class Spin(RealAndSynthetic):
    """One to one; the synthetic sessions in `rounds` parts by time, of which each round takes its own and the last.

    The loss of the original is `memento.train.opponent.Spin`.
    """

    name: ClassVar[str] = "spin"
    rounds: int = parameter(4, "rounds of self-play", kind="int", low=1, high=1000)

    def share(self, real: int, progress: float, span: float) -> float:
        """One half."""
        return 0.5

    def part(self, source: int, sources: int, sessions: Ints, progress: float) -> Ints:
        """All real sessions, and the synthetic ones of this round and the one before."""
        if self.roles(sources)[source]:
            return sessions
        now = min(self.rounds - 1, int(progress * self.rounds))
        edges = [round(len(sessions) * k / self.rounds) for k in range(self.rounds + 1)]
        found = sessions[edges[max(0, now - 1)] : edges[now + 1]]
        return found if len(found) else sessions


@dataclasses.dataclass(frozen=True)
class Maturity(RealAndSynthetic):
    """Synthetic alone until there are `bootstrap` real sessions, one to one until `mature`, then ever fewer."""

    name: ClassVar[str] = "maturity"
    bootstrap: int = parameter(500, "real sessions from which they are mixed in", "sessions", kind="int", high=10**9)
    mature: int = parameter(2000, "real sessions from which they are the most", "sessions", kind="int", high=10**9)
    least: float = parameter(0.1, "share of synthetic sessions that stays")

    def share(self, real: int, progress: float, span: float) -> float:
        """One, one half, then ``max(least, 1/2 mature / real)``."""
        if real < self.bootstrap:
            return 1.0
        return 0.5 if real < self.mature else max(self.least, 0.5 * self.mature / max(1, real))


@dataclasses.dataclass(frozen=True)
class Phases(Mixing):
    """One group of sources after the other: `sources` says how many are in each, `at` where each but the last ends.

    ``phases:sources=40+13+4+2:at=0.1/0.3/0.6`` are the seed's four phases of 5, 10, 15 and 20 thousand steps.
    """

    name: ClassVar[str] = "phases"
    sources: str = parameter("", "how many sources are in each phase, parted by +", kind="text")
    at: str = parameter(
        "", "shares of the run up to which each phase but the last holds, parted by /; even ones if empty", kind="text"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        parts = self.sources.split("+") if self.sources else []
        try:
            ends = self.ends
        except ValueError:
            ends = [math.nan]
        good = all(part.isdecimal() and int(part) > 0 for part in parts) and len(ends) == max(0, len(parts) - 1)
        if not good or sorted(ends) != ends or any(not 0.0 <= end <= 1.0 for end in ends):
            fault = (
                "sources says no phases"
                if not parts
                else f"sources={self.sources} are {len(parts)} phases, and at={self.at} does not end all but the last "
                "at rising shares of the run"
            )
            raise InvalidFile("mixing schedule phases", [fault], "phases:sources=1+1+2:at=0.2/0.5")

    @property
    def ends(self) -> list[float]:
        """Where each phase but the last ends: evenly, unless `at` says where."""
        if not self.at:
            count = len(self.sources.split("+"))
            return [place / count for place in range(1, count)]
        return [float(part) for part in self.at.split("/") if part]

    def phase(self, progress: float) -> int:
        """Which phase it is, counted from 0; the end of a phase belongs to the next."""
        return sum(progress >= end for end in self.ends)

    def check(self, sources: int) -> None:
        """Raises `UsageError` where there are not as many sources as its phases hold."""
        held = sum(int(part) for part in self.sources.split("+") if part)
        if held != sources:
            raise UsageError(
                f"the phases hold {held} sources, and there are {sources}", "phases:sources=1+1 has two phases of one"
            )

    def weights(self, given: Sequence[float], sizes: Sequence[int], progress: float, span: float = 0.0) -> list[float]:
        """The given weights in the sources of this phase, nothing elsewhere."""
        number = [phase for phase, part in enumerate(self.sources.split("+")) for _ in range(int(part))]
        now = self.phase(progress)
        there = [w if size and of == now else 0.0 for w, size, of in zip(given, sizes, number, strict=True)]
        return there if any(there) else [w if size else 0.0 for w, size in zip(given, sizes, strict=True)]


class Diet:
    """The sessions of every epoch under a mixing schedule and a limit on each source, exact in number.

    `mixture` has the training sessions of each source in order of time. Every epoch has as many as all of
    them together, whatever is limited, so that its steps are as many. Within real and within synthetic
    sources the weights of the mixture hold. `limit` says for an epoch how many sessions of a source, the
    first in time, may come up; None is all. With a `window` each number stands for so many sessions on end.
    `total` is how many an epoch has, if not as many as there are.
    """

    def __init__(
        self,
        mixture: Mixture,
        epochs: int,
        mixing: Mixing | None = None,
        limit: Callable[[int], int | None] = lambda number: None,
        window: int = 1,
        total: int | None = None,
    ) -> None:
        self.fit, self.weights, self.seed = mixture.sessions, mixture.weights, mixture.seed
        self.epochs = max(1, epochs)
        self.mixing = mixing
        self.limit = limit
        self.total = sum(mixture.counts) if total is None else total
        self.sizes = [len(part) * window for part in self.fit]
        self._taken = [[0] * len(self.fit)]
        if mixing is not None:
            mixing.check(len(self.fit))

    def counts(self, number: int) -> list[int]:
        """How many sessions of each source epoch `number`, counted from 0, holds."""
        if self.mixing is None:
            return apportion(self.total, [w if size else 0.0 for w, size in zip(self.weights, self.sizes, strict=True)])
        return apportion(
            self.total, self.mixing.weights(self.weights, self.sizes, number / self.epochs, 1 / self.epochs)
        )

    def epoch(self, number: int, shuffle: bool = True) -> Ints:
        """The sessions of epoch `number` in training order, shape (E,); each source goes on where it was left."""
        while len(self._taken) <= number:
            counts = self.counts(len(self._taken) - 1)
            self._taken.append([before + count for before, count in zip(self._taken[-1], counts, strict=True)])
        limit = self.limit(number)
        parts = self.fit if limit is None else [part[:limit] for part in self.fit]
        if self.mixing is not None:
            progress = number / self.epochs
            parts = [self.mixing.part(k, len(parts), part, progress) for k, part in enumerate(parts)]
        mixture = Mixture(parts, self.weights, self.seed, self.counts(number))
        return mixture.epoch(number, shuffle, self._taken[number])
