"""``memento snr``."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.learning import spec_of, trained_scorer
from memento.cli.output import Column, plural
from memento.cli.picturing import page_option
from memento.cli.progress import Progress
from memento.cli.writing import force_option, ready_if_asked, size_words
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.render.rendering import Rendering
    from memento.train import Run
    from memento.workspace import Workspace


@define(
    """
    memento snr main
    memento snr main --against held-out --seeds 5 -o snr.html
    memento snr --like model.safetensors --levels 20,0 --json
    """
)
@click.argument("sources", metavar="[REV[:WEIGHT]...]", nargs=-1, type=REVISION)
@click.option("-m", "--model", metavar="NAME", help="The model that is trained; interaction if left out.")
@click.option(
    "--like",
    metavar="CHECKPOINT",
    type=click.Path(path_type=Path),
    help="Train as this checkpoint was: its model and options, and its commits where no REV is named.",
)
@click.option(
    "--levels", metavar="DB,...", default="30,20,10,0,-10", show_default=True, help="Signal-to-noise ratios, in dB."
)
@click.option("--against", metavar="REV", type=REVISION, help="Test on this revision, not on the first one's rest.")
@click.option(
    "-e", "--epochs", metavar="N", type=click.IntRange(1, 10_000), help="Passes at most; the model's own if left out."
)
@click.option(
    "--seeds", metavar="N", type=click.IntRange(1, 100), default=1, show_default=True, help="Trainings at each level."
)
@seed_option("Seed of the first training, and of intervals.")
@page_option("Write a page with the curve")
@force_option
@json_option
def command(
    context: Context,
    sources: tuple[str, ...],
    model: str | None,
    like: Path | None,
    levels: str,
    against: str | None,
    epochs: int | None,
    seeds: int,
    seed: int,
    out: Path | None,
    force: bool,
) -> None:
    """Train at each signal-to-noise ratio, and tell where scores fall.

    One training without noise and one at each level, the rest alike; each is tested on sessions that it did
    not see, at its own level. NDCG@10 stands against the true labels, and against the noisy ones beside the
    ceiling that the noise leaves even to the planted rule. A curve is fitted to the first, and each is told
    to fall under 80% of its clean value from some level down.
    """
    output, workspace = context.output, context.workspace
    wanted = _levels(levels)
    ready_if_asked(out, force)
    run = trained_scorer(like) if like is not None else None
    if run is None and not sources:
        raise UsageError("there is nothing to train on", "name a revision, or a checkpoint with --like")
    if run is not None and model is not None:
        raise UsageError("--like names the model that is trained, and so does --model", "leave out one of them")
    from memento import __version__
    from memento.models import require_learner
    from memento.train.threads import one_thread
    from memento.validate import snr

    if run is None:
        require_learner(model or "interaction")
    training, testing, name = _making(workspace, sources, model or "interaction", run, against, epochs)
    steps = (len(wanted) + 1) * seeds
    with Progress(output, "noise levels", total=steps) as progress, one_thread():
        found = snr.sweep(
            training,
            testing,
            wanted,
            range(seed, seed + seeds),
            seed=seed,
            progress=lambda words: progress.advance(note=f"training at {words}"),
        )
    from memento.validate.snr_page import HEADS, page, row, threshold_words

    if out is not None:
        from memento.files import write_text

        write_text(out, page(found, name, __version__))
    if output.json:
        content = {"revision": name, "against": against, "file": str(out) if out else None}
        output.document(snr.SCHEMA, content | found.to_json())
        return
    tried = f"{plural(found.sessions, 'session')}, {plural(seeds, 'training')} at each level"
    output.line(f"{found.model} on {name}: {tried}; 95% intervals")
    output.table([Column(head, right=place > 0) for place, head in enumerate(HEADS)], map(row, found.levels))
    output.line(threshold_words(found))
    if found.curve is not None:
        output.line(f"Curve: {found.curve.plateau:.3f} less an exponential, off by {found.curve.error:.4f} on average")
    if out is not None:
        output.message(f"Wrote {out} ({size_words(out)})")
    else:
        output.hint("`-o snr.html` draws the curve")


def _levels(text: str) -> list[float]:
    """The levels in a text. Raises `UsageError` for one that is no number, or out of bounds."""
    from memento.patterns.noise import HIGH_DB, LOW_DB

    found, faults = [], []
    for part in (part.strip() for part in text.split(",")):
        try:
            value = float(part)
        except ValueError:
            faults.append(f"{part!r} is not a number")
            continue
        if not (math.isfinite(value) and LOW_DB <= value <= HIGH_DB):
            faults.append(f"{part} is not from {LOW_DB:g} to {HIGH_DB:g} dB")
        found.append(value)
    if faults:
        told = "; ".join(dict.fromkeys(faults))
        raise UsageError(f"levels: {told}", "such as --levels 30,20,10,0,-10")
    return list(dict.fromkeys(found))


def _making(
    workspace: Workspace,
    sources: tuple[str, ...],
    model: str,
    run: Run | None,
    against: str | None,
    epochs: int | None,
) -> tuple[Callable[[float | None, int], Run], Callable[[float | None], Rendering], str]:
    """What trains at a level, what is tested on at a level, and the name of what is trained on."""
    from memento.render.rendering import Spec, render
    from memento.train import parse, train
    from memento.validate.canary import at_noise
    from memento.validate.retrain import retrained

    weighted = [parse(source) for source in sources]
    for revision in [revision for revision, _ in weighted] + ([against] if against else []):
        if not workspace.snapshot(revision).manifest.patterns:
            raise UsageError(
                f"the world of {revision} plants no patterns that noise could drown", "name a simulated world"
            )
    changed = {} if epochs is None else {"epochs": epochs}
    if run is not None:
        spec = Spec.from_map(run.sources[0].spec)
        options = run.config.to_map() | changed
    else:
        spec = spec_of(workspace, weighted[0][0], "planted", 64, "query")
        options = {"model": model, **changed}
    spec = Spec("planted", spec.dimension, spec.context)
    trained_on = run.sources if run is not None else ()
    names = [revision for revision, _ in weighted] or [source.revision for source in trained_on]
    tested = against or (weighted[0][0] if weighted else trained_on[0].commit)

    def rendering(revision: str, level: float | None) -> Rendering:
        return render(at_noise(workspace.world_at(revision), level), spec)

    def training(level: float | None, seed: int) -> Run:
        if run is not None and not weighted:
            return retrained(run, workspace.world_at, level, seed=seed, **changed)
        made = [(rendering(revision, level), weight) for revision, weight in weighted]
        return train(made, **(options | {"seed": seed}))

    name = ", ".join(names) + (f" against {against}" if against else "")
    return training, lambda level: rendering(tested, level), name
