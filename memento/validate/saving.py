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

    `asked` is how many that is in words, as it was asked for: a number, or a share of all. `sessions` is a mean over
    turns. `gain` is the second figure less the first, `margin` the second less what all real sessions alone give.
    """

    asked: str
    sessions: float
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
    def sessions(self) -> float:
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
                {"asked": point.asked, "sessions": point.sessions}
                | {name: _plain(getattr(point, name)) for name in _CURVES}
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
    is their mean over turns, and its points stand in the order of that. At most `workers` seeds are trained at once, as
    many as torch takes threads if left out; how many changes no figure.
    """
    for turn in turns:
        require(turn.real, turn.test, turn.synthetic, least=2)
    steps = _steps(turns, sizes)
    places = [(place, number) for place in range(len(turns)) for number in range(seed, seed + seeds)]

    def work(at: int, told: Told) -> tuple[Tables, Tables]:
        place, number = places[at]
        return _trained(turns[place], [step.sizes[place] for step in steps], model, number, first or {}, options)

    def moved(at: int, done: int) -> None:
        place, number = places[at]
        if progress is not None:
            progress(done, len(places), f"{turns[place].name} seed {number}".strip())

    count = at_once(len(places), workers)
    with one_thread():
        found = side_by_side(work, len(places), count, moved=moved)
    asked = [step.asked for step in steps]
    curves = [
        _gathered(turn, [step.sizes[at] for step in steps], found[at * seeds : (at + 1) * seeds])
        for at, turn in enumerate(turns)
    ]
    each = {turn.name: _told(asked, [curve], model, seeds, seed) for turn, curve in zip(turns, curves)}
    return each[turns[0].name] if len(turns) == 1 else _told(asked, curves, model, seeds, seed), each


@dataclass(frozen=True)
class _Step:
    """A point as it was asked for, in words, and its number of real sessions in every turn."""

    asked: str
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class _Curves:
    """NDCG@10 of one turn for each of its sizes, shape (R, S) each; none alone for fewer than two sessions."""

    sizes: Sequence[int]
    alone: Sequence[Floats | None]
    after: Sequence[Floats]
    beside: Mapping[str, Floats]  # (S,) each
    synthetic: int


def _steps(turns: Sequence[Turn], asked: Sequence[float] | None) -> list[_Step]:
    """The points to be trained, each once, from few to all real sessions, by their sum over turns."""
    wholes = [sum(map(len, turn.real)) for turn in turns]
    found: dict[tuple[int, ...], str] = {}
    for size in (*(SHARES if asked is None else asked), 1.0):
        if isinstance(size, int):
            found.setdefault((size,) * len(wholes), f"{size}")
        else:
            found.setdefault(tuple(round(whole * size) for whole in wholes), f"{size:.0%}")
    for sizes in found:
        for turn, whole, number in zip(turns, wholes, sizes):
            if not 0 <= number <= whole:
                where = f" where {turn.name} is the test" if len(turns) > 1 else ""
                raise UsageError(
                    f"there are {whole} real sessions{where}, not {number}",
                    f"ask for {whole} at most" + (", or for a share of each turn's own: 33%" if where else ""),
                )
    return [_Step(found[sizes], sizes) for sizes in sorted(found, key=lambda sizes: (sum(sizes), sizes))]


def _trained(
    turn: Turn, sizes: Sequence[int], model: str, seed: int, first: Mapping[str, Any], options: Mapping[str, Any]
) -> tuple[Tables, Tables]:
    """What one seed gives: on real sessions alone, and after synthetic ones."""
    before = fitted(turn.synthetic, model, seed, **{**options, **first})
    alone, after = {}, {}
    for size in dict.fromkeys(sizes):
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


def _told(asked: Sequence[str], curves: Sequence[_Curves], model: str, seeds: int, seed: int) -> Saving:
    """What the curves of some turns say together, a point for each that was asked for."""
    sizes = [float(np.mean(numbers)) for numbers in zip(*(curve.sizes for curve in curves))]
    after = [np.concatenate(tables, 1) for tables in zip(*(curve.after for curve in curves))]
    alone = [_joined(tables) for tables in zip(*(curve.alone for curve in curves))]
    known = [(size, table) for size, table in zip(sizes, alone) if table is not None]
    other = {name: np.concatenate([curve.beside[name] for curve in curves]) for name in curves[0].beside}
    full, tested = known[-1][1], after[0].shape[1]
    repeated = Repeated(tested, seeds, seed=seed)
    return Saving(
        points=tuple(
            Point(
                name,
                int(size) if size.is_integer() else size,
                None if table is None else repeated.figure(table),
                repeated.figure(tuned),
                None if table is None else repeated.difference(tuned, table),
                repeated.difference(tuned, full),
            )
            for name, size, table, tuned in zip(asked, sizes, alone, after)
        ),
        full=repeated.figure(full),
        alone=_needed([size for size, _ in known], [table for _, table in known], full, repeated),
        pretrained=_needed(sizes, after, full, repeated),
        beside={name: repeated.figure(values[None]) for name, values in other.items()},
        synthetic=round(float(np.mean([curve.synthetic for curve in curves]))),
        tested=tested,
        seeds=seeds,
        model=model,
    )


def _joined(tables: Sequence[Floats | None]) -> Floats | None:
    """The sessions of all turns, shape (R, S); none where a turn has none."""
    known = [table for table in tables if table is not None]
    return np.concatenate(known, 1) if len(known) == len(tables) else None


def fine_tuning(model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of training with those of fine-tuning in their place."""
    return {**options, **FINE, "rate": Config.of(model, options).rate / 4}


def _tuned(before: Model, chosen: Sequence[Rendering], model: str, seed: int, options: Mapping[str, Any]) -> Model:
    if not sum(map(len, chosen)):
        return before
    return fitted(chosen, model, seed, initial=before, **fine_tuning(model, options))


def crossing(sizes: Sequence[float], scores: Floats, goal: float) -> float:
    """The least size at which a curve, straight between its points, reaches `goal`; infinite where it never does."""
    for place, (size, score) in enumerate(zip(sizes, scores.tolist(), strict=True)):
        if score >= goal:
            if place == 0:
                return float(size)
            before = float(scores[place - 1])
            return float(sizes[place - 1] + (size - sizes[place - 1]) * (goal - before) / (score - before))
    return math.inf


def _needed(sizes: Sequence[float], tables: Sequence[Floats], full: Floats, repeated: Repeated) -> Figure:
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    sizes, tables = [sizes[place] for place in order], [tables[place] for place in order]
    value = crossing(sizes, np.array([float(np.nanmean(table)) for table in tables]), float(np.nanmean(full)))
    if full.shape[1] < 2:
        return Figure(value, math.nan, math.nan, len(sizes))
    means = np.stack([repeated.means(table) for table in tables], axis=1)  # (B, sizes)
    goals = repeated.means(full)
    drawn = np.array([crossing(sizes, row, goal) for row, goal in zip(means, goals.tolist(), strict=True)])
    low, high = (float(np.sort(drawn)[place]) for place in (round(0.025 * len(drawn)), round(0.975 * len(drawn)) - 1))
    return Figure(value, low, high, len(sizes))


def _plain(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {name: x if isinstance(x, int) or math.isfinite(x) else None for name, x in figure.__dict__.items()}
