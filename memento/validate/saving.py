"""How many real sessions synthetic ones save: scores over nested sets of real sessions, with and without them.

For every number of real sessions a scorer is trained on them alone, and another that was trained on synthetic
sessions first is trained on (fine-tuned) with them. Sets are nested: a smaller one is part of every larger
one of the same seed. What is needed is the number of real sessions at which a curve, straight between its
points, first reaches what all real sessions alone give; its interval redraws sessions and seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.errors import UsageError
from memento.models.base import Model
from memento.render.rendering import Rendering
from memento.train.config import Config
from memento.train.threads import one_thread
from memento.validate.intervals import Figure
from memento.validate.repeated import Repeated
from memento.validate.tstr import beside, fitted, judged, require, subset

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int, str], None]

SHARES = (0.0, 1 / 16, 1 / 8, 1 / 4, 1 / 3, 1 / 2, 1.0)
FINE: Mapping[str, Any] = {"epochs": 6, "fit": 1.0, "validation": 0.0}
"""Options of fine-tuning: few passes, the last of them kept, at a quarter of the rate; set before any was tried."""


@dataclass(frozen=True)
class Point:
    """NDCG@10 on the test after training on `sessions` real ones: alone, and after synthetic ones; and the gain."""

    sessions: int
    alone: Figure | None
    pretrained: Figure
    gain: Figure | None


@dataclass(frozen=True)
class Saving:
    """The two curves, and how many real sessions each needs to reach what all of them alone give.

    A number of sessions is infinite where the curve does not reach it. `share` is that of the pre-trained one
    over all real sessions. `beside` has chance and cosine on the test.
    """

    points: tuple[Point, ...]
    full: Figure
    alone: Figure
    pretrained: Figure
    beside: dict[str, Figure]
    synthetic: int
    tested: int
    seeds: int
    model: str

    @property
    def sessions(self) -> int:
        """All real sessions."""
        return self.points[-1].sessions

    @property
    def share(self) -> float:
        """The share of the real sessions that the pre-trained scorer needs; infinite where it never gets there."""
        return self.pretrained.value / self.sessions

    def to_map(self) -> dict[str, Any]:
        """Plain values; what is infinite or no number is None."""
        return {
            "points": [
                {"sessions": point.sessions} | {name: _plain(getattr(point, name)) for name in _CURVES}
                for point in self.points
            ],
            "full": _plain(self.full),
            "needed": {"alone": _plain(self.alone), "pretrained": _plain(self.pretrained)},
            "share": self.share if math.isfinite(self.share) else None,
            "beside": {name: figure.to_map() for name, figure in self.beside.items()},
            "synthetic": self.synthetic,
            "tested": self.tested,
            "seeds": self.seeds,
            "model": self.model,
        }


_CURVES = ("alone", "pretrained", "gain")


@one_thread()
def saving(
    real: Sequence[Rendering],
    test: Sequence[Rendering],
    synthetic: Sequence[Rendering],
    sizes: Sequence[int] | None = None,
    model: str = "interaction",
    seeds: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
    first: Mapping[str, Any] | None = None,
    **options: Any,
) -> Saving:
    """Train on nested sets of real sessions, with and without synthetic ones first, and test.

    `sizes` are numbers of real sessions; all of them always stand at the end. `options` are those of training,
    `first` those that training on synthetic sessions has in their place. Leaks are not looked at here. Raises
    `UsageError` where there is nothing to train or to test on, or a size that there is not.
    """
    require(real, test, synthetic, least=2)
    whole = sum(map(len, real))
    given = sorted({*(sizes if sizes is not None else (round(whole * share) for share in SHARES)), whole})
    if given[0] < 0 or given[-1] > whole:
        raise UsageError(f"there are {whole} real sessions, not {given[-1] if given[-1] > whole else given[0]}")
    alone: dict[int, list[Floats]] = {size: [] for size in given if size > 1}
    after: dict[int, list[Floats]] = {size: [] for size in given}
    total, done = seeds * (1 + len(alone) + len([size for size in given if size])), 0

    def tell(what: str) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total, what)

    for number in range(seed, seed + seeds):
        before = fitted(synthetic, model, number, **{**options, **(first or {})})
        tell(f"synthetic sessions, seed {number}")
        for size in given:
            chosen = subset(real, size, number)
            after[size].append(judged(_tuned(before, chosen, model, number, options), test))
            if size:
                tell(f"{size} real sessions after them, seed {number}")
            if size in alone:
                alone[size].append(judged(fitted(chosen, model, number, **options), test))
                tell(f"{size} real sessions alone, seed {number}")
    tested = sum(map(len, test))
    repeated = Repeated(tested, seeds, seed=seed)
    one = {size: np.stack(rows) for size, rows in alone.items()}
    two = {size: np.stack(rows) for size, rows in after.items()}
    return Saving(
        points=tuple(
            Point(
                size,
                repeated.figure(one[size]) if size in one else None,
                repeated.figure(two[size]),
                repeated.difference(two[size], one[size]) if size in one else None,
            )
            for size in given
        ),
        full=repeated.figure(one[whole]),
        alone=_needed(one, one[whole], repeated),
        pretrained=_needed(two, one[whole], repeated),
        beside={name: repeated.figure(values[None]) for name, values in beside(test).items()},
        synthetic=sum(map(len, synthetic)),
        tested=tested,
        seeds=seeds,
        model=model,
    )


def fine_tuning(model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of training with those of fine-tuning in their place."""
    return {**options, **FINE, "rate": Config.of(model, options).rate / 4}


def _tuned(before: Model, chosen: Sequence[Rendering], model: str, seed: int, options: Mapping[str, Any]) -> Model:
    if not sum(map(len, chosen)):
        return before
    return fitted(chosen, model, seed, initial=before, **fine_tuning(model, options))


def crossing(sizes: Sequence[int], scores: Floats, goal: float) -> float:
    """The least size at which a curve, straight between its points, reaches `goal`; infinite where it never does."""
    for place, (size, score) in enumerate(zip(sizes, scores.tolist(), strict=True)):
        if score >= goal:
            if place == 0:
                return float(size)
            before = float(scores[place - 1])
            return float(sizes[place - 1] + (size - sizes[place - 1]) * (goal - before) / (score - before))
    return math.inf


def _needed(tables: Mapping[int, Floats], full: Floats, repeated: Repeated) -> Figure:
    sizes = list(tables)
    value = crossing(sizes, np.array([float(np.nanmean(table)) for table in tables.values()]), float(np.nanmean(full)))
    means = np.stack([repeated.means(table) for table in tables.values()], axis=1)  # (B, sizes)
    goals = repeated.means(full)
    drawn = np.array([crossing(sizes, row, goal) for row, goal in zip(means, goals.tolist(), strict=True)])
    low, high = (float(np.sort(drawn)[place]) for place in (round(0.025 * len(drawn)), round(0.975 * len(drawn)) - 1))
    return Figure(value, low, high, len(sizes))


def _plain(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {name: x if isinstance(x, int) or math.isfinite(x) else None for name, x in figure.__dict__.items()}
