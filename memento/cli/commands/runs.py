"""``memento runs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from memento.cli import completion
from memento.cli.context import Context, define, json_option
from memento.cli.filtering import metrics
from memento.cli.output import Column, plural
from memento.cli.present import short
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.history.runs import Metric, RunRecord

_SHOWN = ("ndcg", "share")


@define(
    """
    memento runs
    memento runs trial --sort canary.recency
    memento runs --all
    memento runs show 1f2e3d
    """
)
@click.argument("words", metavar="[REV | show ID]", nargs=-1, shell_complete=completion.runs)
@click.option("-a", "--all", "everything", is_flag=True, help="The runs of every commit, on any branch or none.")
@click.option(
    "--sort", metavar="METRIC", shell_complete=metrics, help="Best first by a metric, such as ndcg or canary.recency."
)
@json_option
def command(context: Context, words: tuple[str, ...], everything: bool, sort: str | None) -> None:
    """List the models judged on a branch, with their figures.

    Every memento evaluate, and the figures that memento train ends with, are kept as a note on the
    commit that they measured. REV (the current branch if left out) lists those of its history, newest
    commit first. Beside each figure stands what chance and the best possible scorer get.
    """
    output, runs = context.output, context.workspace.runs
    if words[:1] == ("show",):
        if len(words) != 2 or everything or sort:
            raise UsageError("show takes the id of one run", "`memento runs show ID`")
        _show(context, runs.one(words[1]))
        return
    if len(words) > 1 or (words and everything):
        raise UsageError("one revision at a time, or --all", "`memento runs REV`")
    revision = words[0] if words else "HEAD"
    found = runs.everywhere() if everything else runs.of(revision)
    if sort:
        found = _sorted(found, sort)
    if output.json:
        output.document("memento.runs/1", {"runs": [{"id": r.id, **r.to_map()} for r in found]})
        return
    if not found:
        where = "anywhere" if everything else f"in the history of {revision}"
        output.message(f"No run is recorded {where}")
        output.hint("`memento evaluate CHECKPOINT REV` judges a model and records it")
        return
    names = [sort, *(n for n in _SHOWN if n != sort)] if sort else list(_SHOWN)
    names += [n for n in ("canary.recency",) if n not in names and any(n in r.metrics for r in found)]
    columns = [Column("run", style="yellow"), Column("commit", style="yellow"), Column("model")]
    columns += [Column(name, right=True) for name in names]
    columns += [Column("chance", right=True), Column("ceiling", right=True), Column("trained on", long=True)]
    output.table(columns, ([*_row(r, names)] for r in found))
    output.message(f"{plural(len(found), 'run')}; chance and ceiling are those of {names[0]}")


def _row(record: RunRecord, names: list[str]) -> list[str]:
    first = record.metrics.get(names[0])
    beside = [_number(getattr(first, name, None)) for name in ("chance", "ceiling")]
    sources = ", ".join(
        f"{short(s['commit'])}" + ("" if s["weight"] == 1 else f":{s['weight']:g}") for s in _of(record)
    )
    figures = (_figure(record.metrics.get(name)) for name in names)
    return [record.id, short(record.commit), record.model, *figures, *beside, sources]


def _of(record: RunRecord) -> list[dict[str, Any]]:
    return [
        {"commit": str(s.get("commit", "")), "weight": w if isinstance(w := s.get("weight"), int | float) else 1}
        for s in record.sources
    ]


def _sorted(records: list[RunRecord], metric: str) -> list[RunRecord]:
    from memento.history.requirement import unknown_metric
    from memento.history.runs import metric_names

    having = [record for record in records if metric in record.metrics]
    if records and not having:
        raise unknown_metric(metric, metric_names(records))
    rest = [record for record in records if metric not in record.metrics]
    return sorted(having, key=lambda record: (-record.metrics[metric].value, record.id)) + rest


def _show(context: Context, record: RunRecord) -> None:
    output = context.output
    if output.json:
        output.document("memento.runs/1", {"runs": [{"id": record.id, **record.to_map()}]})
        return
    output.line(f"run {record.id}: {record.model} on {short(record.commit)}")
    output.line(f"checkpoint  {record.checkpoint}")
    for source in _of(record):
        output.line(f"trained on  {short(source['commit'])}, weight {source['weight']:g}")
    output.line(f"options     {_words(record.training)}")
    output.line(f"rendered    {_words(record.spec)}")
    output.line(f"seed        {record.seed}; {plural(record.episodes, 'episode')} of each canary")
    output.line()
    columns = [Column("metric"), *(Column(n, right=True) for n in ("value", "95% interval", "chance", "ceiling"))]
    rows = []
    for name, metric in sorted(record.metrics.items()):
        known = metric.low is not None and metric.high is not None
        interval = f"{metric.low:.3f}–{metric.high:.3f}" if known else ""
        rows.append([name, f"{metric.value:.4f}", interval, _number(metric.chance), _number(metric.ceiling)])
    output.table(columns, rows)


def _figure(metric: Metric | None) -> str:
    return "-" if metric is None else f"{metric.value:.3f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _words(values: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
