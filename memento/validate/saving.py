"""How many real sessions synthetic ones save: scores over nested sets of real sessions, with and without them.

For every number of real sessions a scorer is trained on them alone, and another that was trained on synthetic
sessions first is trained on (fine-tuned) with them. Sets are nested: a smaller one is part of every larger
one of the same seed. What is needed is the number of real sessions at which a curve, straight between its
points, first reaches what all real sessions alone give; its interval redraws sessions and seeds. Where several
histories are at hand, each is the test in turn, and the others train (Stone 1974, leave one out).
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
from memento.train.seeds import Told, at_once, side_by_side
from memento.train.threads import one_thread
from memento.validate.intervals import Figure
from memento.validate.repeated import Repeated
from memento.validate.tstr import beside, fitted, judged, require, subset

Floats = npt.NDArray[np.float64]
Tables = dict[int, Floats]
"""NDCG@10 on the test, shape (S,), by the number of real sessions."""
Progress = Callable[[int, int, str], None]

SHARES = (0.0, 1 / 16, 1 / 8, 1 / 4, 1 / 3, 1 / 2, 1.0)
FINE: Mapping[str, Any] = {"epochs": 6, "fit": 1.0, "validation": 0.0}
"""Options of fine-tuning: few passes, the last of them kept, at a quarter of the rate; set before any was tried."""


@dataclass(frozen=True)
class Point:
    """NDCG@10 on the test after training on `sessions` real ones: alone, and after synthetic ones.

    `gain` is the second less the first, `margin` the second less what all real sessions alone give.
    """

    sessions: int
    alone: Figure | None
    pretrained: Figure
    gain: Figure | None
    margin: Figure


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


_CURVES = ("alone", "pretrained", "gain", "margin")


@dataclass(frozen=True)
class Turn:
    """One test by its name, and what is trained on for it."""

    name: str
    real: Sequence[Rendering]
    test: Sequence[Rendering]
    synthetic: Sequence[Rendering]


def saving(
    real: Sequence[Rendering],
    test: Sequence[Rendering],
    synthetic: Sequence[Rendering],
    sizes: Sequence[float] | None = None,
    **options: Any,
) -> Saving:
    """The curves of one test; the rest of what may be given is that of `in_turns`, which raises what this does."""
    return in_turns([Turn("", real, test, synthetic)], sizes, **options)[0]


def in_turns(
    turns: Sequence[Turn],
    sizes: Sequence[float] | None = None,
    model: str = "interaction",
    seeds: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
    first: Mapping[str, Any] | None = None,
    workers: int | None = None,
    **options: Any,
) -> tuple[Saving, dict[str, Saving]]:
    """Train on nested sets of real sessions, with and without synthetic ones first, and test, once for each turn.

    Gives what holds over the sessions of all tests, and each test's own by its name. `sizes` are numbers of real
    sessions, or shares of them where they are no whole numbers; all of them always stand at the end. `options` are
    those of training, `first` those that training on synthetic sessions has in their place. Leaks are not looked at
    here. Raises `UsageError` where there is nothing to train or to test on, or a size that there is not.

    Intervals over all redraw the sessions of all tests together, and seeds; what it says of numbers of real sessions
    is their mean over turns. At most `workers` seeds are trained at once, as many as torch takes threads if left out;
    how many changes no figure.
    """
    for turn in turns:
        require(turn.real, turn.test, turn.synthetic, least=2)
    steps = [_sizes(sum(map(len, turn.real)), sizes) for turn in turns]
    if len({len(step) for step in steps}) > 1:
        raise UsageError("the same sizes are different numbers of sets in two turns", "name sizes as shares: 0,33%")
    places = [(place, number) for place in range(len(turns)) for number in range(seed, seed + seeds)]

    def work(at: int, told: Told) -> tuple[Tables, Tables]:
        place, number = places[at]
        return _trained(turns[place], steps[place], model, number, first or {}, options)

    def begun(at: int, done: int) -> None:
        place, number = places[at]
        if progress is not None:
            progress(done, len(places), f"{turns[place].name} seed {number}".strip())

    count = at_once(len(places), workers)
    with one_thread():
        found = side_by_side(work, len(places), count, begun=begun)
    curves = [
        _gathered(turn, step, found[at * seeds : (at + 1) * seeds]) for at, (turn, step) in enumerate(zip(turns, steps))
    ]
    each = {turn.name: _told([curve], model, seeds, seed) for turn, curve in zip(turns, curves)}
    return each[turns[0].name] if len(turns) == 1 else _told(curves, model, seeds, seed), each


@dataclass(frozen=True)
class _Curves:
    """NDCG@10 of one turn for each of its sizes, shape (R, S) each; none alone for fewer than two sessions."""

    sizes: Sequence[int]
    alone: Sequence[Floats | None]
    after: Sequence[Floats]
    beside: Mapping[str, Floats]  # (S,) each
    synthetic: int


def _sizes(whole: int, asked: Sequence[float] | None) -> list[int]:
    """Numbers of real sessions of `whole`, in order."""
    named = [size if isinstance(size, int) else round(whole * size) for size in (SHARES if asked is None else asked)]
    given = sorted({*named, whole})
    if given[0] < 0 or given[-1] > whole:
        raise UsageError(f"there are {whole} real sessions, not {given[-1] if given[-1] > whole else given[0]}")
    return given


def _trained(
    turn: Turn, sizes: Sequence[int], model: str, seed: int, first: Mapping[str, Any], options: Mapping[str, Any]
) -> tuple[Tables, Tables]:
    """What one seed gives: on real sessions alone, and after synthetic ones."""
    before = fitted(turn.synthetic, model, seed, **{**options, **first})
    alone, after = {}, {}
    for size in sizes:
        chosen = subset(turn.real, size, seed)
        after[size] = judged(_tuned(before, chosen, model, seed, options), turn.test)
        if size > 1:
            alone[size] = judged(fitted(chosen, model, seed, **options), turn.test)
    return alone, after


def _gathered(turn: Turn, sizes: Sequence[int], found: Sequence[tuple[Tables, Tables]]) -> _Curves:
    """What all seeds of a turn gave."""
    return _Curves(
        sizes,
        [np.stack([alone[size] for alone, _ in found]) if size > 1 else None for size in sizes],
        [np.stack([after[size] for _, after in found]) for size in sizes],
        beside(turn.test),
        sum(map(len, turn.synthetic)),
    )


def _told(curves: Sequence[_Curves], model: str, seeds: int, seed: int) -> Saving:
    """What the curves of some turns say together."""
    sizes = [round(float(np.mean(numbers))) for numbers in zip(*(curve.sizes for curve in curves))]
    after = dict(zip(sizes, (np.concatenate(tables, 1) for tables in zip(*(curve.after for curve in curves)))))
    alone = {
        size: np.concatenate(known, 1)
        for size, tables in zip(sizes, zip(*(curve.alone for curve in curves)))
        if len(known := [table for table in tables if table is not None]) == len(curves)
    }
    other = {name: np.concatenate([curve.beside[name] for curve in curves]) for name in curves[0].beside}
    whole, tested = sizes[-1], after[sizes[0]].shape[1]
    repeated = Repeated(tested, seeds, seed=seed)
    return Saving(
        points=tuple(
            Point(
                size,
                repeated.figure(alone[size]) if size in alone else None,
                repeated.figure(after[size]),
                repeated.difference(after[size], alone[size]) if size in alone else None,
                repeated.difference(after[size], alone[whole]),
            )
            for size in sizes
        ),
        full=repeated.figure(alone[whole]),
        alone=_needed(alone, alone[whole], repeated),
        pretrained=_needed(after, alone[whole], repeated),
        beside={name: repeated.figure(values[None]) for name, values in other.items()},
        synthetic=round(float(np.mean([curve.synthetic for curve in curves]))),
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
