"""Runs side by side: figures, and how far each lies from the first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from memento.errors import UsageError
from memento.history.requirement import unknown_metric
from memento.history.runs import Metric, RunRecord, metric_names

SHOWN = ("ndcg", "share", "mrr", "recall")
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t at 97.5% for 1 to 10 degrees of freedom."""


@dataclass(frozen=True)
class Row:
    """One run, or the seeds of one training: its figures, and their differences from the first row's.

    Intervals of differences take both as independent, so that they are wider than need be where both were
    judged on the same sessions.
    """

    name: str
    records: tuple[RunRecord, ...]
    figures: Mapping[str, Metric]
    differences: Mapping[str, Metric] = field(default_factory=dict)

    def to_map(self) -> dict[str, Any]:
        """Plain values, with the curves of every run."""
        first = self.records[0]
        return {
            "name": self.name,
            "runs": [record.id for record in self.records],
            "model": first.model,
            "commit": first.commit,
            "seeds": [record.training.get("seed") for record in self.records],
            "figures": {name: _plain(metric) for name, metric in self.figures.items()},
            "differences": {name: _plain(metric) for name, metric in self.differences.items()},
            "curves": [{name: list(values) for name, values in record.curves.items()} for record in self.records],
        }


@dataclass(frozen=True)
class Comparison:
    """Rows, the first of which the others are compared with, by `metrics`.

    `options` are those of training and of the rendering that differ.
    """

    metrics: tuple[str, ...]
    rows: tuple[Row, ...]
    options: tuple[str, ...]

    @property
    def apart(self) -> str:
        """What beside training is not the same, in words; empty where all were judged on one world as one reads it."""
        firsts = [row.records[0] for row in self.rows]
        worlds = len({record.tree for record in firsts})
        if worlds > 1:
            return f"judged on {worlds} different worlds: differences are those of their sessions, too"
        if len({str(sorted(record.spec.items())) for record in firsts}) > 1:
            return "judged on different renderings of one world: differences are those of labels or columns, too"
        return ""

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "metrics": list(self.metrics),
            "options": list(self.options),
            "apart": self.apart,
            "rows": [row.to_map() | {"options": dict(zip(self.options, told(row, self.options)))} for row in self.rows],
        }


def compare(records: Sequence[RunRecord], metrics: Sequence[str] = (), over_seeds: bool = False) -> Comparison:
    """Runs side by side, in the order given.

    With `over_seeds` those that differ in their seed alone are one row (see `over`). `metrics` are those of
    the ranking unless named. Raises `UsageError` for fewer than two runs, `NotFound` for a metric that none
    has.
    """
    known = metric_names(records)
    for name in metrics:
        if name not in known:
            raise unknown_metric(name, known)
    groups = _seeds(records) if over_seeds else [(record,) for record in records]
    if len(groups) < 2:
        what = ("no run", "one run", "these runs are seeds of one training")[min(len(records), 2)]
        raise UsageError(f"{what}: there is nothing to compare with", "`memento runs --all` lists runs")
    names = tuple(metrics) or tuple(name for name in SHOWN if name in known)
    figures = [{name: found for name in names if (found := _figure(group, name)) is not None} for group in groups]
    rows = [
        Row(
            _name(group),
            group,
            mine,
            {name: difference(mine[name], figures[0][name]) for name in mine if place and name in figures[0]},
        )
        for place, (group, mine) in enumerate(zip(groups, figures))
    ]
    return Comparison(names, tuple(rows), _differing(rows))


def difference(one: Metric, other: Metric) -> Metric:
    """One figure less another; the interval takes them as independent."""
    value = one.value - other.value
    if None in (one.low, one.high, other.low, other.high):
        return Metric(value)
    down = math.hypot(one.value - _known(one.low), _known(other.high) - other.value)
    up = math.hypot(_known(one.high) - one.value, other.value - _known(other.low))
    return Metric(value, value - down, value + up)


def over(metrics: Sequence[Metric]) -> Metric:
    """The mean of a figure over two or more seeds.

    Its interval puts Student's over seeds and the mean one over sessions together, as of two independent
    causes: another seed, and other sessions; it has none where one of them has none.
    """
    first = metrics[0]
    values = [metric.value for metric in metrics]
    mean = float(np.mean(values))
    if any(metric.low is None or metric.high is None for metric in metrics):
        return Metric(mean, None, None, first.chance, first.ceiling)
    freedom = len(values) - 1
    t = _T[freedom - 1] if freedom <= len(_T) else 1.96 + 2.4 / freedom
    reach = t * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    down = [metric.value - _known(metric.low) for metric in metrics]
    up = [_known(metric.high) - metric.value for metric in metrics]
    low, high = (math.hypot(reach, float(np.mean(side))) for side in (down, up))
    return Metric(mean, mean - low, mean + high, first.chance, first.ceiling)


def told(row: Row, options: Sequence[str]) -> list[str]:
    """What a row was trained and judged with, of the options that differ."""
    given = _options(row)
    return [str(given.get(name, "")) for name in options]


def _options(row: Row) -> dict[str, Any]:
    return {**row.records[0].spec, **row.records[0].training}


def _seeds(records: Sequence[RunRecord]) -> list[tuple[RunRecord, ...]]:
    """Runs that differ in their seed and their checkpoint alone, together."""
    groups: dict[str, list[RunRecord]] = {}
    for record in records:
        options = sorted((name, str(value)) for name, value in record.training.items() if name != "seed")
        key = str((record.tree, record.model, sorted(map(str, record.sources)), options, sorted(record.spec.items())))
        groups.setdefault(key, []).append(record)
    return [tuple(group) for group in groups.values()]


def _figure(group: Sequence[RunRecord], name: str) -> Metric | None:
    found = [record.metrics[name] for record in group if name in record.metrics]
    if not found:
        return None
    return found[0] if len(found) == 1 else over(found)


def _name(group: Sequence[RunRecord]) -> str:
    return group[0].id if len(group) == 1 else f"{group[0].id} and {len(group) - 1} more"


def _differing(rows: Sequence[Row]) -> tuple[str, ...]:
    """The options in which rows differ."""
    given = list(map(_options, rows))
    names = sorted({name for options in given for name in options})
    several = any(len(row.records) > 1 for row in rows)
    return tuple(
        name
        for name in names
        if name != "model"
        and not (several and name == "seed")
        and len({str(options.get(name, "")) for options in given}) > 1
    )


def _known(value: float | None) -> float:
    assert value is not None
    return value


def _plain(metric: Metric) -> dict[str, float]:
    names = ("value", "low", "high", "chance", "ceiling")
    return {name: value for name in names if (value := getattr(metric, name)) is not None}
