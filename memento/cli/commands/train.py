"""``memento train``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import REVISION, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.learning import (
    labels_option,
    record,
    record_option,
    run_words,
    scores_note,
    scores_table,
    spec_of,
    spec_options,
)
from memento.cli.output import Output, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.cli.recipe import recipe_of, recipe_options
from memento.cli.unfinished import going_on, kept_beside
from memento.cli.writing import force_option, out_option, ready, size_words
from memento.errors import InvalidFile, UsageError
from memento.models import CATALOG, LEARNERS

if TYPE_CHECKING:
    from memento.render.rendering import Rendering
    from memento.train import Epoch, Run
    from memento.validate import Report

_MODELS = "; ".join(f"{name}: {CATALOG.rows[name].summary}" for name in LEARNERS)


def _models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in LEARNERS if name.startswith(incomplete)]


@define(
    """
    memento train main --out model.safetensors
    memento train main:0.7 real:0.3 --model signet --seed 3 --out mixed.safetensors
    memento train main --augment slide-window,subset-split --negatives fenrec --out model.safetensors
    memento train main yard --mix wrap --real yard --out mixed.safetensors
    memento train main --epochs 10 --set rate=0.001 --set loss=pairwise --out quick.safetensors
    """
)
@click.argument("sources", metavar="REV[:WEIGHT]...", nargs=-1, required=True, type=REVISION)
@click.option(
    "-m",
    "--model",
    metavar="NAME",
    default="interaction",
    show_default=True,
    shell_complete=_models,
    help=f"{_MODELS}.",
)
@out_option("The checkpoint to write.", required=True)
@seed_option("Seed of weights and order.")
@click.option(
    "-e",
    "--epochs",
    metavar="N",
    type=click.IntRange(0, 10_000),
    help="Passes at most; the model's own number if left out.",
)
@click.option(
    "--patience",
    metavar="N",
    type=click.IntRange(1, 10_000),
    help="Stop after N passes without a better validation NDCG@10; the model's own number if left out.",
)
@click.option("--resume", is_flag=True, help="Go on with a training that was stopped, as it is kept in FILE.partial.")
@labels_option()
@spec_options
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Another training option: batch, rate, decay, loss, temperature, fit, validation, shuffle, exact.",
)
@recipe_options
@force_option
@record_option
@json_option
def command(
    context: Context,
    sources: tuple[str, ...],
    model: str,
    out: Path,
    seed: int,
    epochs: int | None,
    patience: int | None,
    resume: bool,
    labels: str | None,
    context_kind: str,
    dimension: int,
    settings: tuple[str, ...],
    real: tuple[str, ...],
    force: bool,
    keep: bool,
    **parts: str | None,
) -> None:
    """Train a scorer on one revision or a mix of several.

    Each revision's sessions are split by time: the first 70% are fitted, the next 10% choose the best
    epoch, the rest is only used for the figures printed at the end. ListNet loss at temperature 0.5, or by
    --set loss another: soft, pairwise, bce.
    With weights, every epoch takes that share of its sessions from each revision. A recipe changes what
    sessions are trained on as: memento recipes lists its parts. The figures are kept as notes on the
    commits, which memento runs lists. After each epoch the training is kept in
    FILE.partial, and --resume goes on from there to the same bytes as without a break.
    """
    CATALOG.rows.get(model) or CATALOG[model]
    output, workspace = context.output, context.workspace
    from memento.train import parse

    weighted = [parse(source) for source in sources]
    for revision, _ in weighted:
        workspace.repository.resolve(revision)
    path = ready(out, force, "--out FILE")
    unfinished = kept_beside(output, path, resume, force)
    from memento.train import train
    from memento.train.checkpoint import save
    from memento.train.config import Config

    recipe = recipe_of(parts, real, [revision for revision, _ in weighted])
    options = {"seed": seed, "epochs": epochs, "patience": patience, **settings_of(settings), **recipe}
    config = Config.of(model, options)
    renderings = [
        (workspace.rendering_at(rev, spec_of(workspace, rev, labels, dimension, context_kind)), weight)
        for rev, weight in weighted
    ]
    with Progress(output, f"training {model}", total=config.epochs) as progress:

        def show(epoch: Epoch, total: int) -> None:
            score = "" if epoch.ndcg != epoch.ndcg else f", NDCG@10 {epoch.ndcg:.3f}"
            progress.update(epoch.number + 1, total, f"loss {epoch.loss:.4f}{score}")

        with going_on(unfinished):
            run = train(
                renderings,
                model=model,
                progress=show,
                revisions=[rev for rev, _ in weighted],
                state=unfinished,
                **options,
            )
    save(run, path)
    unfinished.unlink(missing_ok=True)
    reports = held_out(run, [(rev, rendering) for (rev, _), (rendering, _) in zip(weighted, renderings, strict=True)])
    specs = {rendering.commit: rendering.spec for rendering, _ in renderings}
    kept = [record(context, run, r, None, specs[r.commit], 0) for _, r in reports] if keep else []
    if output.json:
        shown = [r.to_json() | {"revision": rev} for rev, r in reports]
        runs = [name for name, done in kept if done]
        output.document("memento.train/1", {"file": str(path), **run_map(run), "reports": shown, "runs": runs})
        return
    run_lines(output, run)
    for revision, report in reports:
        output.line()
        output.line(f"{revision} ({short(report.commit)}), its last sessions:")
        scores_table(output, report)
        output.line(scores_note(report))
    if not reports:
        output.message("No session was left to judge it on; evaluate it on another revision")
    output.message(f"Wrote {path} ({size_words(path)})")
    judge = shlex.join(["memento", "evaluate", str(path), weighted[0][0]])
    more = "judges it anew" if renderings[0][0].clean is None else "adds the canaries"
    output.hint(f"`{judge}` {more}; `{shlex.join(['memento', 'verify', str(path)])}` renders its commits again")


def run_map(run: Run) -> dict[str, Any]:
    """A training run for ``--json``."""
    return {
        "model": run.scorer.name,
        "parameters": run.scorer.size,
        "training": run.config.to_map(),
        "sources": [source.to_map() for source in run.sources],
        "history": [epoch.to_map() for epoch in run.history],
        "best": run.best,
        "metrics": run.metrics,
    }


def run_lines(output: Output, run: Run) -> None:
    """What was trained on what, and where it ended."""
    for source in run.sources:
        fitted = f"{plural(source.sessions, 'session')} fitted, labels {source.spec['labels']}"
        output.line(f"{source.revision}: {fitted}, weight {source.weight:g}, commit {short(source.commit)}")
    output.line(run_words(run))


def held_out(run: Run, renderings: Sequence[tuple[str, Rendering]]) -> list[tuple[str, Report]]:
    """Reports on the sessions of each revision that training did not see; a revision without any has none."""
    from memento.train.threads import one_thread
    from memento.validate import evaluate

    reports, done = [], set()
    for revision, rendering in renderings:
        if rendering.commit in done:
            continue
        done.add(rendering.commit)
        try:
            with one_thread():
                reports.append((revision, evaluate(run, rendering)))
        except UsageError:
            continue
    return reports


def settings_of(settings: Sequence[str]) -> dict[str, Any]:
    """Options of training from ``KEY=VALUE`` texts; all faults of their form at once."""
    values: dict[str, Any] = {}
    faults = []
    for setting in settings:
        key, sign, text = setting.partition("=")
        if not sign or not key:
            faults.append(f"{setting!r} is not KEY=VALUE")
            continue
        if key in ("seed", "epochs", "patience", "model"):
            faults.append(f"{key} has an option of its own: --{key} {text}")
        values[key] = _number(text)
    if faults:
        raise InvalidFile("--set", faults, "memento train --help names the options")
    return values


def _number(text: str) -> int | float | bool | str:
    if text in ("true", "false", "yes", "no"):
        return text in ("true", "yes")
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
