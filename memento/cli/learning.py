"""What render, train, evaluate and verify have in common: options, trained scorers, scores in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.cli.output import Column, Output, plural
from memento.errors import NotFound, StoreError, UsageError
from memento.models import BASELINES, SHOWN

if TYPE_CHECKING:
    from memento.cli.context import Context
    from memento.render.rendering import Spec
    from memento.train import Run
    from memento.validate import Report
    from memento.validate.canary import Canaries
    from memento.validate.contracts import Contracts
    from memento.validate.intervals import Figure
    from memento.workspace import Workspace

LABELS = ("planted", "clean", "observed", "signet")
CONTEXTS = ("query", "injected", "baseline")
"""Choices of options, here so that no help imports numpy or torch; a test holds them against their rooms."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def labels_option(otherwise: str = "planted, or observed for an imported world") -> Decorator:
    """``--labels``; without it `Workspace.labels_of` decides."""
    return click.option(
        "-l", "--labels", type=click.Choice(LABELS), help=f"What the labels are; {otherwise}, if left out."
    )


def spec_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--context`` and ``--dimension``."""
    dimension = click.option(
        "-d", "--dimension", metavar="N", type=click.IntRange(1, 4096), default=64, show_default=True,
        help="Numbers in an embedding; 768 for a checkpoint that Signet's own sidecar reads.",
    )  # fmt: skip
    context = click.option(
        "--context", "context_kind", type=click.Choice(CONTEXTS), default="query", show_default=True,
        help="What a session's vector is: its first question, the mean of the memories injected, or of the first ten.",
    )  # fmt: skip
    return context(dimension(function))


episodes_option = click.option(
    "-n", "--episodes", metavar="N", type=click.IntRange(1, 100_000), default=300, show_default=True,
    help="Sessions of each canary.",
)  # fmt: skip


def spec_of(workspace: Workspace, revision: str, labels: str | None, dimension: int, context_kind: str) -> Spec:
    """What to render a revision by."""
    from memento.render.rendering import Spec

    return Spec(labels=labels or workspace.labels_of(revision), dimension=dimension, context=context_kind)


def trained_scorer(path: Path) -> Run:
    """The training run in a checkpoint; raises as `memento.train.checkpoint.load` does, and `NotFound`."""
    from memento.formats import sgpt
    from memento.train import checkpoint

    if not path.exists():
        near = sorted(str(other) for other in path.parent.glob("*.safetensors")) if path.parent.is_dir() else []
        raise NotFound("checkpoint", str(path), near, "`memento train REV --out FILE` makes one")
    if path.is_file() and sgpt.is_sgpt(path):
        raise UsageError(
            f"{path} is a checkpoint of Signet's sidecar, which does not say what it was trained on",
            "`memento deploy-sim` and `memento serve-scorer` take it",
        )
    return checkpoint.load(path)


def _baselines(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    if value is None:
        return SHOWN
    names = [name.strip() for name in value.split(",")]
    if "all" in names:
        return BASELINES
    for name in names:
        if name not in BASELINES:
            raise NotFound("baseline", name, BASELINES, f"known: {', '.join(BASELINES)}, all")
    return tuple(names)


def _complete_baselines(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in (*BASELINES, "all") if name.startswith(last)]


baselines_option = click.option(
    "--baselines", metavar="NAME,...", callback=_baselines, shell_complete=_complete_baselines,
    help=f"What stands beside the model, or all of {', '.join(BASELINES)}. Chance and ceiling always do; "
    f"{', '.join(SHOWN)} if left out.",
)  # fmt: skip
record_option = click.option(
    "--record/--no-record", "keep", default=True, help="Keep the figures as a note on the commit; see memento runs."
)


def record(
    context: Context,
    run: Run,
    report: Report,
    canaries: Canaries | None,
    spec: Spec,
    seed: int,
    contracts: Contracts | None = None,
) -> tuple[str, bool]:
    """Keeps an evaluation as a run record; its id, and whether it is kept.

    An evaluation is worth its answer even where nothing can be written: then a warning says so.
    """
    from memento.measure.runs import record_of
    from memento.train.checkpoint import digest

    made = record_of(run, digest(run), report, canaries, spec.to_map(), seed, contracts)
    try:
        context.workspace.runs.add(made)
    except (StoreError, OSError) as error:
        why = error.message if isinstance(error, StoreError) else error.strerror or str(error)
        context.output.warning(f"this run was not recorded: {why}")
        return made.id, False
    return made.id, True


def figure_words(figure: Figure) -> str:
    """``0.912 (0.905–0.921)``, a dash where there is none."""
    if math.isnan(figure.value):
        return "-"
    interval = "" if math.isnan(figure.low) else f" ({figure.low:.3f}–{figure.high:.3f})"
    return f"{figure.value:.3f}{interval}"


_SHOWN = ("ndcg", "mrr", "recall")


def scores_table(output: Output, report: Report, indent: str = "") -> None:
    """Every ranker's figures with their intervals, and NDCG@10 as a share of the ceiling's."""
    from memento.history.runs import TITLES

    names = [*(TITLES[name] for name in _SHOWN), "of ceiling"]
    columns = [Column(f"{indent}ranker"), *(Column(name, right=True) for name in names)]
    output.table(columns, ((indent + name, *cells) for name, *cells in _score_rows(report)))


def _score_rows(report: Report) -> Iterator[Sequence[str]]:
    top = report.rows.get("ceiling")
    for name, row in report.rows.items():
        if name == "ceiling redrawn":
            continue
        share = row["ndcg"].value / top["ndcg"].value if top and top["ndcg"].value else math.nan
        words = "-" if math.isnan(share) else f"{share:.1%}"
        yield (
            report.name_of(name),
            *(figure_words(row[m]) for m in _SHOWN),
            words,
        )


def scores_note(report: Report) -> str:
    """What the figures were taken on."""
    unseen = plural(report.sessions, "session") + " that training did not see"
    parts = [f"{unseen}, {plural(report.candidates, 'candidate')}, labels {report.labels}"]
    if report.seen:
        parts.append(f"{plural(report.seen, 'session')} left out since training saw them")
    if report.empty:
        parts.append(f"{report.empty} without anything relevant")
    return f"on {'; '.join(parts)}; 95% intervals"


def run_words(run: Run) -> str:
    """A finished training in one line."""
    stopped = plural(len(run.history), "epoch") + (f", the best is {run.best + 1}" if run.history else "")
    found = (("loss", run.metrics["loss"]), ("validation NDCG@10", run.metrics["ndcg"]))
    words = [f"{name} {value:.4f}" for name, value in found if value is not None]
    return f"{run.scorer.name}: {run.scorer.size:,} parameters, {', '.join([stopped, *words])}"
