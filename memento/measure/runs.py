"""The run record of an evaluation: its figures by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from memento.history.runs import Metric, RunRecord

if TYPE_CHECKING:
    from memento.train import Run
    from memento.validate import Report
    from memento.validate.canary import Canaries, Outcome
    from memento.validate.contracts import Contracts


def record_of(
    run: Run,
    checkpoint: str,
    report: Report,
    canaries: Canaries | None,
    spec: Mapping[str, Any],
    seed: int,
    contracts: Contracts | None = None,
) -> RunRecord:
    """The record of one evaluation; `checkpoint` is the scorer's digest, `spec` how it was rendered."""
    sources = tuple({"commit": s.commit, "tree": s.tree, "weight": s.weight} for s in run.sources)
    return RunRecord(
        commit=report.commit,
        tree=report.tree,
        model=report.model,
        checkpoint=checkpoint,
        sources=sources,
        training=run.config.to_map(),
        spec=spec,
        seed=seed,
        episodes=next((asked.episodes for asked in (canaries, contracts) if asked), 0),
        metrics=metrics_of(report, canaries, contracts),
        curves=curves_of(run),
    )


def curves_of(run: Run) -> dict[str, tuple[float | None, ...]]:
    """Loss and validation NDCG@10 after each epoch, to six digits; none of a model that has no epochs."""
    if not run.history:
        return {}
    found = {name: [epoch.to_map()[name] for epoch in run.history] for name in ("loss", "ndcg")}
    return {
        name: tuple(None if value is None else float(f"{value:.6g}") for value in values)
        for name, values in found.items()
    }


def metrics_of(
    report: Report, canaries: Canaries | None = None, contracts: Contracts | None = None
) -> dict[str, Metric]:
    """The figures of an evaluation by name.

    ``ndcg``, ``mrr``, ``recall`` (at 10), ``share`` of the ceiling, ``skill`` over chance,
    ``margin.recency`` … over each baseline, and ``canary.recency`` …: the share of right answers of
    each canary by the first word of its name, with the rule's own share as its ceiling; ``sharp.recency`` … the
    sharp form with the least lower end; ``contract.temporal`` … those of contract tests.
    """
    rows = report.rows
    found = {}
    for name, figure in rows["model"].items():
        beside = {row: rows[row][name].value for row in ("chance", "ceiling") if row in rows}
        found[name] = _figure(figure, beside.get("chance"), beside.get("ceiling"))
    for name, ratio in (("share", report.share), ("skill", report.skill)):
        if ratio is not None:
            chance = _plain(rows["chance"]["ndcg"].value / rows["ceiling"]["ndcg"].value) if name == "share" else 0.0
            found[name] = _figure(ratio, chance, 1.0)
    found |= {f"margin.{name}": _figure(figure, None, None) for name, figure in report.margin.items()}
    for kind, asked in (("canary", canaries), ("contract", contracts)):
        for outcome in asked.outcomes if asked else ():
            if outcome.threshold is not None and outcome.share.n:
                name = f"{kind}.{outcome.canary.split()[0]}"
                found[name] = _figure(outcome.share, outcome.chance, outcome.oracle.value)
    lowest: dict[str, Outcome] = {}
    for outcome in canaries.outcomes if canaries else ():
        if outcome.sharp is not None and outcome.share.n:
            name = f"sharp.{outcome.canary.split()[0]}"
            lowest[name] = min(lowest.get(name, outcome), outcome, key=lambda each: each.share.low)
    found |= {name: _figure(o.share, o.chance, o.oracle.value) for name, o in lowest.items()}
    return {name: metric for name, metric in found.items() if metric is not None}


def _figure(figure: Any, chance: float | None, ceiling: float | None) -> Metric | None:
    value = _plain(figure.value)
    if value is None:
        return None
    return Metric(value, _plain(figure.low), _plain(figure.high), _plain(chance), _plain(ceiling))


def _plain(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
