"""The paired difference of two worlds of one seed, which under common random numbers is an effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.changes.diff import Diff
from memento.render.columns import NAMES
from memento.render.flips import Flips, flips, pairs
from memento.render.rendering import Rendering
from memento.validate.intervals import Bootstrap, Figure
from memento.validate.metrics import table

Floats = npt.NDArray[np.float64]
_BINS = 10
_LEAST = 1e-4
_BASELINES = {"recency": (NAMES.index("log_age"), -1.0), "frequency": (NAMES.index("log_access"), 1.0)}
"""Rankers by the column that they go by, and its sign."""


@dataclass(frozen=True)
class Drift:
    """How one column's values differ: population stability index, Kolmogorov-Smirnov distance, and the
    paired difference of session means with its interval."""

    column: str
    psi: float
    ks: float
    mean: Figure


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
        drift = [{"column": d.column, "psi": d.psi, "ks": d.ks, "mean": d.mean.to_map()} for d in self.drift]
        ndcg = {name: figure.to_map() for name, figure in self.ndcg.items()}
        return {
            "records": self.records, "fields": self.fields, "untouched": self.untouched,
            "drift": drift, "flips": self.flips.to_json(), "ndcg": ndcg,
        }  # fmt: skip


def effect(before: Rendering, after: Rendering, diff: Diff) -> Effect:
    """The effect from one world to another, given as renderings and the difference of their records.

    Intervals are paired bootstraps over the sessions that both have. Two equal worlds give exactly zero.
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
        old, new = before.features[:, row], after.features[:, row]
        drift.append(Drift(name, psi(old, new), ks(old, new), paired(_means(before, row), _means(after, row))))
    ndcg = {name: paired(_ndcg(before, *by), _ndcg(after, *by)) for name, by in _BASELINES.items()}
    fields = {
        name: {field: int(np.count_nonzero(mask)) for field, mask in changed.changed.items() if mask.any()}
        for name, changed in diff.tables.items()
    }
    return Effect(
        diff.stat(), {name: found for name, found in fields.items() if found},
        float(np.count_nonzero(same) / size) if size else 1.0, tuple(drift), flips(before, after), ndcg,
    )  # fmt: skip


def psi(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> float:
    """Population stability index, sum of (q - p) ln(q / p) over the bins of `before`'s deciles (Siddiqi 2006).

    Shares are at least 1e-4. 0 for equal shares.
    """
    if not len(before) or not len(after):
        return 0.0
    edges = np.unique(np.quantile(before.astype(np.float64), np.arange(1, _BINS) / _BINS))
    counts = (np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) for side in (before, after))
    p, q = (np.maximum(count / count.sum(), _LEAST) for count in counts)
    return float(np.sum((q - p) * np.log(q / p)))


def ks(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> float:
    """Two-sample Kolmogorov-Smirnov distance: the largest gap of the two empirical distribution functions."""
    if not len(before) or not len(after):
        return 0.0
    every = np.unique(np.concatenate([before, after]))
    lower, upper = (np.searchsorted(np.sort(side), every, side="right") / len(side) for side in (before, after))
    return float(np.abs(upper - lower).max())


def _means(made: Rendering, column: int) -> Floats:
    values = made.features[:, column].astype(np.float64)
    return np.asarray(np.add.reduceat(values, made.offsets[:-1]) / np.diff(made.offsets)) if len(values) else values


def _ndcg(made: Rendering, column: int, sign: float) -> Floats:
    return table(sign * made.features[:, column], made.labels, made.offsets)["ndcg"]
