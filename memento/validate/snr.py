"""How a scorer degrades with noise: trained and tested at each signal-to-noise ratio, and where it falls under 80%.

Levels are those of SynTSBench (NeurIPS 2025); the threshold is the seed's, section 6.3: the ratio at which accuracy
drops below 80% of clean accuracy. As there, each model is scored twice: against noisy labels, beside the ceiling that
the noise leaves even to the rule, and against the true ones, which tells how much of the rule it learned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.errors import UsageError
from memento.patterns.history import ranges
from memento.render.rendering import Rendering
from memento.train.batches import Resident
from memento.train.run import Run
from memento.validate import metrics
from memento.validate.ceiling import ceiling
from memento.validate.curves import Curve, crossing, mixture
from memento.validate.evaluate import unseen
from memento.validate.intervals import LEVEL, Bootstrap, Figure

Floats = npt.NDArray[np.float64]

SCHEMA = "memento.snr/1"
LEVELS = (30.0, 20.0, 10.0, 0.0, -10.0)
"""Signal-to-noise ratios, dB (SynTSBench, seed 6.3)."""
ACCEPTABLE = 0.8
"""The share of clean accuracy below which a level is not acceptable (seed 6.3)."""
CURVES = ("true", "observed", "ceiling")


@dataclass(frozen=True)
class Level:
    """One noise level; `snr_db` None is no noise.

    `observed` is NDCG@10 against noisy labels, `ceiling` the rule's, `share` the first over the second, `true` NDCG@10
    against the labels without noise, `chance` a random order's against the noisy ones. `fitted` is the degradation
    curve at this level, `measured_db` the ratio found in the labels after the clip.
    """

    snr_db: float | None
    measured_db: float | None
    observed: Figure
    true: Figure
    ceiling: Figure
    share: Figure
    chance: Figure
    fitted: float | None = None

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        figures = {name: getattr(self, name).to_map() for name in ("observed", "true", "ceiling", "share", "chance")}
        return {"snr_db": self.snr_db, "measured_db": self.measured_db, **figures, "fitted": self.fitted}


@dataclass(frozen=True)
class Threshold:
    """The level at which a curve falls under a share of its clean value, dB, with its 95% interval.

    None is a level below the lowest that was measured: there it still holds.
    """

    value: float | None
    low: float | None
    high: float | None

    def to_map(self) -> dict[str, float | None]:
        """Plain values."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Sweep:
    """A model over all levels, clean first and then from the best ratio down.

    `thresholds` are those of NDCG against true labels, against noisy ones, and of the ceiling. `curve` is fitted to the
    first over the ratio of deviations, ``10 ** (snr_db / 20)``; None where there are too few levels.
    """

    model: str
    levels: tuple[Level, ...]
    thresholds: dict[str, Threshold]
    curve: Curve | None
    seeds: int
    sessions: int

    def to_json(self) -> dict[str, Any]:
        """Plain values under a `schema` key."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "seeds": self.seeds,
            "sessions": self.sessions,
            "acceptable": ACCEPTABLE,
            "levels": [level.to_map() for level in self.levels],
            "thresholds": {name: found.to_map() for name, found in self.thresholds.items()},
            "curve": None
            if self.curve is None
            else {"plateau": self.curve.plateau, "missing": self.curve.missing[0], "rate": self.curve.rates[0]}
            | {"error": self.curve.error},
        }


def sweep(
    trained: Callable[[float | None, int], Run],
    tested: Callable[[float | None], Rendering],
    levels: Sequence[float] = LEVELS,
    seeds: Sequence[int] = (0,),
    resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Sweep:
    """Trains and tests at no noise and at each of `levels`, dB.

    `trained(level, seed)` gives a scorer trained on labels at a level (None: without noise), `tested(level)` what it is
    ranked on; sessions that it was trained on are left out. With several `seeds` every session counts with its mean
    over them. Intervals are over sessions, the same ones at every level. Raises `UsageError` where a world plants
    nothing, or no unseen session is left.
    """
    wanted: list[float | None] = [None, *sorted(dict.fromkeys(map(float, levels)), reverse=True)]
    tables: list[dict[str, Floats]] = []
    found: list[float | None] = []
    name = ""
    for level in wanted:
        rendering, parts = tested(level), []
        if rendering.clean is None:
            raise UsageError("this world plants no patterns that noise could drown", "sweep a simulated world")
        for number in seeds:
            if progress is not None:
                progress(f"{words(level)}, seed {number}")
            run = trained(level, number)
            name = run.scorer.name
            chosen = unseen(rendering, run.seen)
            if len(chosen) == 0:
                raise UsageError(
                    "the model was trained on all sessions that it would be tested on",
                    "test on another revision with --against, or train on a smaller share (fit)",
                )
            parts.append(_table(run, rendering, chosen))
        tables.append({key: np.mean([part[key] for part in parts], axis=0) for key in parts[0]})
        measured = rendering.noise.get("clipped_db") if level is not None else None
        found.append(float(measured) if measured is not None and math.isfinite(measured) else None)
    bootstrap = Bootstrap(len(tables[0]["observed"]), resamples, seed)
    resampled = {key: np.stack([bootstrap.means(table[key]) for table in tables], 1) for key in CURVES}
    curve = _fit(wanted, tables)
    made = tuple(
        Level(
            snr_db=level,
            measured_db=measured,
            observed=bootstrap.figure(table["observed"]),
            true=bootstrap.figure(table["true"]),
            ceiling=bootstrap.figure(table["ceiling"]),
            share=_share(bootstrap, table),
            chance=bootstrap.figure(table["chance"]),
            fitted=None if curve is None or level is None else float(curve.at(ratio(level))),
        )
        for level, measured, table in zip(wanted, found, tables, strict=True)
    )
    thresholds = {
        key: _threshold(wanted, [float(np.nanmean(table[key])) for table in tables], values)
        for key, values in resampled.items()
    }
    return Sweep(name, made, thresholds, curve, len(seeds), len(tables[0]["observed"]))


def ratio(snr_db: float) -> float:
    """Standard deviation of the signal over that of the noise."""
    return float(10.0 ** (snr_db / 20.0))


def words(level: float | None) -> str:
    """A level as people read it."""
    return "clean" if level is None else f"{level:g} dB"


def _table(run: Run, rendering: Rendering, chosen: npt.NDArray[np.int64]) -> dict[str, Floats]:
    """NDCG@10 of the chosen sessions, shape (K,), by what it is of; all sessions serve as the past."""
    scores = Resident([rendering]).score(run.scorer, chosen)
    scores = scores[ranges(rendering.offsets[chosen], rendering.offsets[chosen + 1])]
    tested = rendering.select(chosen)
    top = ceiling(tested, redraws=0)
    assert tested.clean is not None
    assert top is not None
    return {
        "observed": metrics.table(scores, tested.labels, tested.offsets)["ndcg"],
        "true": metrics.table(scores, tested.clean, tested.offsets)["ndcg"],
        "ceiling": top.rendered["ndcg"],
        "chance": metrics.chance(tested.labels, tested.offsets)["ndcg"],
    }


def _share(bootstrap: Bootstrap, table: dict[str, Floats]) -> Figure:
    known = np.isfinite(table["observed"]) & np.isfinite(table["ceiling"])
    if not known.any():
        return Figure(math.nan, math.nan, math.nan, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = bootstrap.means(table["observed"]) / bootstrap.means(table["ceiling"])
        value = float(table["observed"][known].mean() / table["ceiling"][known].mean())
    return bootstrap.of(value, drawn, int(known.sum()))


def _fit(levels: Sequence[float | None], tables: Sequence[dict[str, Floats]]) -> Curve | None:
    known = [
        (ratio(level), float(np.nanmean(table["true"]))) for level, table in zip(levels, tables) if level is not None
    ]
    if len(known) < 3 or not np.isfinite([value for _, value in known]).all():
        return None
    return mixture([at for at, _ in known], [value for _, value in known], parts=1)


def _threshold(levels: Sequence[float | None], values: Sequence[float], resampled: Floats) -> Threshold:
    """Where a curve crosses: `values` by level, clean first, and the same in every resample, shape (R, L)."""
    at = [float(level) for level in levels[1:] if level is not None]

    def of(row: Sequence[float]) -> float:
        found = crossing(at, row[1:], ACCEPTABLE * row[0])
        return -math.inf if found is None else found

    tail = (1 - LEVEL) / 2
    drawn = np.array([of(row) for row in resampled.tolist()])
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf") if len(drawn) else (math.nan, math.nan)
    return Threshold(*(float(x) if math.isfinite(x) else None for x in (of(values), low, high)))
