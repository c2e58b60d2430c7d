"""``memento train``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import REVISION, overrides, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.learning import (
    baselines_option,
    labels_option,
    record,
    record_option,
    scores_note,
    scores_table,
    spec_of,
    spec_options,
    trained_scorer,
)
from memento.cli.present import short
from memento.cli.recipe import recipe_of, recipe_options
from memento.cli.training import (
    Files,
    held_out,
    over_seeds_line,
    run_lines,
    run_map,
    seeds_table,
    together,
    trained,
)
from memento.cli.writing import force_option, out_option, size_words
from memento.models import CATALOG, LEARNERS, require_learner

if TYPE_CHECKING:
    from memento.validate.intervals import Figure

DEVICES = ("cpu", "cuda", "auto")
"""Here so that no help imports torch; a test holds them against `memento.train.device.DEVICES`."""
_MODELS = "; ".join(f"{name}: {CATALOG.rows[name].summary}" for name in LEARNERS)


def _models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in LEARNERS if name.startswith(incomplete)]


@define(
    """
    memento train main --out model.safetensors
    memento train main:0.7 real:0.3 --model signet --seed 3 --out mixed.safetensors
    memento train main --seeds 5 --out model.safetensors
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
    "--seeds",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Train N seeds side by side, from --seed on. FILE is the best on the sessions that choose; "
    "each one stands beside it, as model-3.safetensors.",
)
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
@click.option(
    "--init", "start", metavar="CHECKPOINT", type=click.Path(path_type=Path), help="Begin at a checkpoint's weights."
)
@click.option("--resume", is_flag=True, help="Go on with a training that was stopped, as it is kept in FILE.partial.")
@click.option(
    "--tensorboard", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False),
    help="Also write events that TensorBoard draws.",
)  # fmt: skip
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="cpu",
    show_default=True,
    help="Where steps are made, on cuda as CUDA graphs; auto takes cuda if it can. The checkpoint loads anywhere.",
)
@click.option("--compile", "compiled", is_flag=True, help="Compile the forward pass (torch.compile).")
@labels_option()
@spec_options
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Another training option: batch, rate, decay, average, loss, temperature, fit, validation, shuffle, exact, "
    "precision.",
)
@recipe_options
@baselines_option
@force_option
@record_option
@json_option
def command(
    context: Context,
    sources: tuple[str, ...],
    model: str,
    out: Path,
    seed: int,
    seeds: int,
    epochs: int | None,
    patience: int | None,
    start: Path | None,
    resume: bool,
    tensorboard: Path | None,
    device: str,
    compiled: bool,
    labels: str | None,
    context_kind: str,
    dimension: int,
    settings: tuple[str, ...],
    real: tuple[str, ...],
    baselines: tuple[str, ...],
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
    FILE.partial, and --resume goes on from there to the same bytes as without a break. With --init training
    begins at another checkpoint's weights: fine-tuning; a lower rate suits it, as --set rate=0.0005. Under
    torchrun several processes train one model together.
    """
    require_learner(model)
    output, workspace = context.output, context.workspace
    from memento.history.revisions import apart
    from memento.train import parse

    weighted = [parse(source) for source in sources]
    for revision, _ in weighted:
        workspace.repository.resolve(revision)
    initial = None if start is None else trained_scorer(start)
    files = Files.ready(output, out, seed, seeds, force, resume)
    from memento.measure.seeds import figures
    from memento.train.config import Config

    recipe = recipe_of(parts, real, [revision for revision, _ in weighted])
    options = {"seed": seed, "epochs": epochs, "patience": patience, **settings_of(settings), **recipe}
    config = Config.of(model, options)
    if not config.mix:
        apart(workspace.repository, [revision for revision, _ in weighted])
    from memento.train.device import check_compile, device_of

    place = device_of(device, config)
    if compiled:
        check_compile(config)
    renderings = [
        (workspace.rendering_at(rev, spec_of(workspace, rev, labels, dimension, context_kind)), weight)
        for rev, weight in weighted
    ]
    named = [(revision, rendering) for (revision, _), (rendering, _) in zip(weighted, renderings, strict=True)]
    with together(context, seeds, place.type) as team:
        folder = tensorboard if team is None or team.leads else None
        runs = trained(
            output, renderings, [rev for rev, _ in weighted], model, files, config, options, folder, initial,
            place.type, compiled,
        )  # fmt: skip
    if team is not None and not team.leads:
        return
    run = files.save(runs)
    reports = {made.config.seed: held_out(made, named, baselines) for made in runs}
    specs = {rendering.commit: rendering.spec for rendering, _ in renderings}
    kept = [
        record(context, made, report, None, specs[report.commit], 0)
        for made in (runs if keep else ())
        for _, report in reports[made.config.seed]
    ]
    over = {rev: figures(runs, rendering, seed) for rev, rendering in named} if files.several else {}
    if output.json:
        shown = [r.to_json() | {"revision": rev} for rev, r in reports[run.config.seed]]
        document = {"file": str(files.path), **run_map(run), "reports": shown}
        if files.several:
            each = [
                {"seed": made.config.seed, "file": str(files.of(made.config.seed)), **run_map(made)} for made in runs
            ]
            document |= {"seeds": each, "over_seeds": _plain(over)}
        output.document("memento.train/1", {**document, "runs": [name for name, done in kept if done]})
        return
    run_lines(output, run)
    if files.several:
        output.line()
        seeds_table(output, files, runs, run)
    for revision, report in reports[run.config.seed]:
        output.line()
        output.line(f"{revision} ({short(report.commit)}), its last sessions{', the best seed' * files.several}:")
        scores_table(output, report)
        output.line(scores_note(report))
        if over.get(revision):
            output.line(over_seeds_line(over[revision], len(runs)))
    if not reports[run.config.seed]:
        output.message("No session was left to judge it on; evaluate it on another revision")
    output.message(f"Wrote {files.path} ({size_words(files.path)})" + (", and one for each seed" * files.several))
    left = [revision for revision, _ in reports[run.config.seed]]
    judge = shlex.join(["memento", "evaluate", str(files.path), left[0] if left else "REV"])
    more = "judges it anew" if renderings[0][0].clean is None else "adds the canaries"
    more = more if left else "judges it on a revision with other sessions"
    output.hint(f"`{judge}` {more}; `{shlex.join(['memento', 'verify', str(files.path)])}` renders its commits again")


def _plain(over: Mapping[str, Mapping[str, Figure]]) -> dict[str, Any]:
    return {rev: {name: figure.to_map() for name, figure in found.items()} for rev, found in over.items()}


OWN = ("seed", "epochs", "patience", "model")
"""Options of training that are options of the command by themselves."""


def settings_of(settings: Sequence[str], own: Sequence[str] = OWN, option: str = "--set") -> dict[str, Any]:
    """Options of training from ``KEY=VALUE`` texts; all faults of their form at once.

    `own` are those that have an option of their own, `option` is where the texts were given.
    """
    values = overrides(settings, "memento train --help names the options", own, option)
    return {key: _number(text) for key, text in values.items()}


def _number(text: str) -> int | float | bool | str:
    if text in ("true", "false", "yes", "no"):
        return text in ("true", "yes")
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
