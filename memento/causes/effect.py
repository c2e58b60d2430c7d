"""The paired difference of two worlds of one seed, which under common random numbers is an effect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from memento.changes.diff import Diff
from memento.render.columns import NAMES
from memento.render.flips import Flips, flips, pairs
from memento.render.rendering import Rendering
from memento.validate.intervals import Bootstrap, Figure
from memento.validate.metrics import table

if TYPE_CHECKING:
    from memento.train import Run

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Side = tuple[Rendering, Floats, Rows]
"""A rendering, the values of one column, and the rows of the sessions that both have."""
_BINS = 10
_GRID = 128
"""Edges at which resampled distributions are compared; their values are compared at all."""
_LEAST = 1e-4
_BASELINES = {"recency": (NAMES.index("log_age"), -1.0), "frequency": (NAMES.index("log_access"), 1.0)}
"""Rankers by the column that they go by, and its sign."""


@dataclass(frozen=True)
class Drift:
    """How one column's values differ in the sessions that both have: population stability index,
    Kolmogorov-Smirnov distance, and the paired difference of session means, each with its interval."""

    column: str
    psi: Figure
    ks: Figure
    mean: Figure

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        figures = {"psi": self.psi, "ks": self.ks, "mean": self.mean}
        return {"column": self.column, **{name: figure.to_map() for name, figure in figures.items()}}

    def __bool__(self) -> bool:
        return any(figure.value and not math.isnan(figure.value) for figure in (self.psi, self.ks, self.mean))


@dataclass(frozen=True)
class Effect:
    """What differs: records by table and kind of change, fields changed, the share of `pairs` whose 17
    columns and label are untouched, drift by column, label flips, NDCG@10 differences by ranker."""

    records: dict[str, dict[str, int]]
    fields: dict[str, dict[str, int]]
    untouched: float
    drift: tuple[Drift, ...]
    flips: Flips
    ndcg: dict[str, Figure]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        drift = [drift.to_map() for drift in self.drift]
        ndcg = {name: figure.to_map() for name, figure in self.ndcg.items()}
        return {
            "records": self.records, "fields": self.fields, "untouched": self.untouched,
            "drift": drift, "flips": self.flips.to_json(), "ndcg": ndcg,
        }  # fmt: skip


def effect(before: Rendering, after: Rendering, diff: Diff, run: Run | None = None) -> Effect:
    """The effect from one world to another, given as renderings and the difference of their records.

    A trained scorer's `run` is a further ranker; sessions that it was trained on are left out of its
    difference. Intervals are paired bootstraps over the sessions that both have. Two equal worlds give exactly zero.
    """
    both = pairs(before, after)
    same = np.all(before.features[both.before] == after.features[both.after], axis=1)
    same &= before.labels[both.before] == after.labels[both.after]
    size = len(both.before) + len(both.only_before) + len(both.only_after)
    place = {name: row for row, name in enumerate(after.session_ids)}
    mine = np.array([row for row, name in enumerate(before.session_ids) if name in place], np.int64)
    theirs = np.array([place[before.session_ids[row]] for row in mine.tolist()], np.int64)
    redrawn = Bootstrap(len(mine))

    def paired(old: Floats, new: Floats) -> Figure:
        return redrawn.figure(new[theirs] - old[mine])

    drift = []
    for row, name in enumerate(NAMES):
        old, new = before.features[:, row].astype(np.float64), after.features[:, row].astype(np.float64)
        shift = _shift(redrawn, (before, old, mine), (after, new, theirs))
        drift.append(Drift(name, *shift, paired(_means(before, row), _means(after, row))))
    ndcg = {name: paired(_ndcg(before, *by), _ndcg(after, *by)) for name, by in _BASELINES.items()}
    if run is not None:
        ndcg[run.scorer.name] = paired(*(_scored(made, run) for made in (before, after)))
    fields = {
        name: {field: int(np.count_nonzero(mask)) for field, mask in changed.changed.items() if mask.any()}
        for name, changed in diff.tables.items()
    }
    return Effect(
        diff.stat(), {name: found for name, found in fields.items() if found},
        float(np.count_nonzero(same) / size) if size else 1.0, tuple(drift), flips(before, after), ndcg,
    )  # fmt: skip


def _shift(redrawn: Bootstrap, old: Side, new: Side) -> tuple[Figure, Figure]:
    """PSI and KS of a column over the sessions that both have, with their intervals over resampled sessions."""
    there = [values[np.isin(made.session_rows, chosen)] for made, values, chosen in (old, new)]
    if not len(there[0]) or not len(there[1]):
        return Figure(0.0, 0.0, 0.0, 0), Figure(0.0, 0.0, 0.0, 0)
    deciles = np.unique(np.quantile(there[0], np.arange(1, _BINS) / _BINS))
    every = np.unique(np.concatenate(there))
    grid = every if len(every) <= _GRID else np.quantile(every, np.linspace(0, 1, _GRID))
    size = len(old[2])
    coarse = [_histograms(*side, deciles) for side in (old, new)]
    fine = [_histograms(*side, grid) for side in (old, new)]
    stability = psi(*(counts.sum(0) for counts in coarse))
    return (
        redrawn.of(float(stability), psi(*map(redrawn.sums, coarse)), size),
        redrawn.of(ks(*there), _gap(*map(redrawn.sums, fine)), size),
    )


def _histograms(made: Rendering, values: Floats, chosen: Rows, edges: Floats) -> Floats:
    """How many of a session's values lie between which edges, for some sessions, shape (S, B)."""
    width = len(edges) + 1
    places = made.session_rows * width + np.searchsorted(edges, values)
    return np.bincount(places, minlength=len(made) * width).reshape(len(made), width)[chosen].astype(np.float64)


def psi(before: Floats, after: Floats) -> Floats:
    """Population stability index, sum of (q - p) ln(q / p) over bins (Siddiqi 2006), of counts, shape (..., B).

    Shares are at least 1e-4. 0 for equal shares. `effect` takes the bins of the old values' deciles.
    """
    p, q = (np.maximum(side / np.maximum(side.sum(-1, keepdims=True), 1), _LEAST) for side in (before, after))
    return np.asarray(np.sum((q - p) * np.log(q / p), axis=-1))


def ks(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> float:
    """Two-sample Kolmogorov-Smirnov distance: the largest gap of the two empirical distribution functions."""
    if not len(before) or not len(after):
        return 0.0
    every = np.unique(np.concatenate([before, after]))
    lower, upper = (np.searchsorted(np.sort(side), every, side="right") / len(side) for side in (before, after))
    return float(np.abs(upper - lower).max())


def _gap(before: Floats, after: Floats) -> Floats:
    """The Kolmogorov-Smirnov distance of histograms, shape (R,)."""
    p, q = (np.cumsum(side, -1) / np.maximum(side.sum(-1, keepdims=True), 1) for side in (before, after))
    return np.asarray(np.abs(q - p).max(-1))


def _means(made: Rendering, column: int) -> Floats:
    values = made.features[:, column].astype(np.float64)
    return np.asarray(np.add.reduceat(values, made.offsets[:-1]) / np.diff(made.offsets)) if len(values) else values


def _ndcg(made: Rendering, column: int, sign: float) -> Floats:
    return table(sign * made.features[:, column], made.labels, made.offsets)["ndcg"]


def _scored(made: Rendering, run: Run) -> Floats:
    """NDCG@10 of a trained scorer by session; NaN where training saw the session."""
    from memento.train.batches import scores
    from memento.validate.evaluate import unseen

    result = np.full(len(made), np.nan)
    found = table(scores(run.scorer, made), made.labels, made.offsets)["ndcg"]
    fresh = unseen(made, run.seen)
    result[fresh] = found[fresh]
    return result
