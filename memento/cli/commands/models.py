"""``memento models``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION, refuse_unused, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.learning import figure_words, labels_option, spec_of, spec_options
from memento.cli.output import Column, Output, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.models import BASELINES, CATALOG, LEARNERS, require_learner

if TYPE_CHECKING:
    from memento.measure.models import Standing


def _models(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    if value is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",")))
    for name in names:
        require_learner(name)
    return names


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in LEARNERS if name.startswith(last)]


@define(
    """
    memento models
    memento models main
    memento models main --models linear,mlp,lambdamart --seeds 3
    """
)
@click.argument("revision", metavar="[REV]", type=REVISION, default="")
@click.option(
    "-m", "--models", metavar="NAME,...", callback=_models, shell_complete=_complete,
    help="Train these alone; all that learn, if left out.",
)  # fmt: skip
@click.option(
    "-n", "--seeds", metavar="N", type=click.IntRange(1, 1000), default=1, show_default=True, help="Seeds of each."
)
@click.option("-e", "--epochs", metavar="N", type=click.IntRange(0, 10_000), help="Passes at most.")
@labels_option()
@spec_options
@seed_option("The first seed; the others follow it.")
@json_option
def command(
    context: Context,
    revision: str,
    models: tuple[str, ...],
    seeds: int,
    epochs: int | None,
    labels: str | None,
    context_kind: str,
    dimension: int,
    seed: int,
) -> None:
    """List the models, or compare them on a world.

    Without REV the list. With it every model that learns is trained on REV's first sessions and judged on its
    last, beside every baseline, chance, and the ceiling, best first. Nothing is kept: memento train makes a
    checkpoint. docs/learning.md tells what each can and cannot use.
    """
    output = context.output
    if not revision:
        names = ("models", "seeds", "epochs", "labels", "context_kind", "dimension", "seed")
        refuse_unused(names, "where no revision is named to train on")
        _list(output)
        return
    from memento.measure.models import standings

    workspace = context.workspace
    workspace.repository.resolve(revision)
    rendering = workspace.rendering_at(revision, spec_of(workspace, revision, labels, dimension, context_kind))
    chosen = models or LEARNERS
    with Progress(output, "training", total=len(chosen)) as progress:
        done = iter(range(len(chosen)))
        found = standings(
            rendering, chosen, seeds, seed, epochs, lambda name: progress.update(next(done), len(chosen), name)
        )
    if output.json:
        named = {"revision": revision, "commit": rendering.commit, "labels": rendering.spec.labels, "seeds": seeds}
        output.document("memento.models/1", {**named, "models": [one.to_map() for one in found]})
        return
    table(output, found)
    n = max(one.figures["ndcg"].n for one in found)
    over = f"over sessions and {seeds} seeds" if seeds > 1 else "over sessions"
    output.line(
        f"on the last {plural(n, 'session')} of {revision} ({short(rendering.commit)}), "
        f"labels {rendering.spec.labels}; 95% intervals {over}"
    )


def table(output: Output, found: list[Standing]) -> None:
    """Models by their NDCG@10, with their intervals and the share of the ceiling."""
    columns = [Column("model", style="bold"), Column("parameters", right=True)]
    columns += [Column(name, right=True) for name in ("NDCG@10", "MRR", "recall@10", "of ceiling")]
    rows = []
    for one in found:
        share = one.figures.get("share")
        words = "-" if share is None or math.isnan(share.value) else f"{share.value:.1%}"
        size = f"{one.size:,}" if one.size else "-"
        rows.append((one.model, size, *(figure_words(one.figures[m]) for m in ("ndcg", "mrr", "recall")), words))
    output.table(columns, rows)


def _list(output: Output) -> None:
    kinds = dict.fromkeys(BASELINES, "baseline") | dict.fromkeys(LEARNERS, "learns")
    rows = [(name, kinds.get(name, "measure"), row.summary) for name, row in CATALOG.rows.items()]
    if output.json:
        keys = ("model", "kind", "summary")
        output.document("memento.models/1", {"models": [dict(zip(keys, row, strict=True)) for row in rows]})
        return
    output.table([Column("model", style="bold"), Column("kind"), Column("what it is")], rows)
