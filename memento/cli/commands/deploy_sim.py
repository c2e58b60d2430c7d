"""``memento deploy-sim``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.learning import figure_words, labels_option
from memento.cli.output import Column, Output, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.cli.writing import force_option, out_option, ready_if_asked, size_words
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.deploy.summary import Summary
    from memento.render.rendering import Rendering
    from memento.serve.scorers import Served
    from memento.workspace import Workspace


@define(
    """
    memento deploy-sim model.safetensors main
    memento deploy-sim model.safetensors main --trained --no-retrain
    memento deploy-sim model.safetensors held-out --rollback -o trace.json
    memento deploy-sim predictor.ckpt main --json
    """
)
@click.argument("checkpoint", metavar="CKPT", type=click.Path(path_type=Path))
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@labels_option("as in training where the world has them")
@click.option(
    "--trained/--untrained",
    default=False,
    show_default=True,
    help="Count a loaded checkpoint as trained; the sidecar itself counts only the steps that it makes.",
)
@click.option("--retrain/--no-retrain", default=True, show_default=True, help="Train again as the daemon does.")
@click.option(
    "--rollback", is_flag=True, help="Drop weights that do not pass the save gate, as Signet's own plan has it."
)
@click.option(
    "--telemetry/--no-telemetry",
    default=True,
    show_default=True,
    help="Write training pairs; without them the daemon's cold start never ends.",
)
@click.option("--all-sessions", is_flag=True, help="Also sessions that training saw.")
@seed_option("Seed of exploration and of intervals.")
@out_option("Write the trace, session by session, as JSON.")
@force_option
@json_option
def command(
    context: Context,
    checkpoint: Path,
    revision: str,
    labels: str | None,
    trained: bool,
    retrain: bool,
    rollback: bool,
    telemetry: bool,
    all_sessions: bool,
    seed: int,
    out: Path | None,
    force: bool,
) -> None:
    """Simulate a scorer in Signet's daemon, session by session.

    On the sessions of REV (the current branch if left out) that training did not see: the baseline's order and
    the scorer's are fused by rank, alpha says how much the baseline counts and follows the evidence, what is much
    alike is spread, what fits is injected, and only of that the daemon learns what it was worth. Every ten
    comparisons the scorer is trained again and its canary looked at. CKPT is a checkpoint of memento's or an SGPT
    file; it is not changed.
    """
    if rollback and not retrain:
        raise UsageError(
            "--rollback drops weights that were trained again, and --no-retrain trains none", "leave out one of them"
        )
    output, workspace = context.output, context.workspace
    ready_if_asked(out, force)
    from memento.deploy import Log, Settings, simulate
    from memento.deploy.summary import document, summary
    from memento.train.threads import one_thread

    served, rendering, seen = _opened(workspace, checkpoint, revision, labels, all_sessions)
    log = Log(workspace.world_at(revision), rendering)
    settings = Settings(trained=trained, retrain=retrain, rollback=rollback, telemetry=telemetry, seed=seed)
    with Progress(output, "deploying", total=len(log)) as progress, one_thread():
        trace = simulate(served, log, settings, lambda session: progress.advance(note=session))
    found = document(trace)
    if out is not None:
        from memento.files import write_text

        write_text(out, json.dumps(found, indent=1, allow_nan=False) + "\n")
    where = {"checkpoint": str(checkpoint), "revision": revision, "commit": rendering.commit}
    if output.json:
        output.document(found["schema"], where | {"file": str(out) if out else None} | found)
        return
    told = plural(len(log), "session") + ("" if all_sessions else " that training did not see")
    output.line(f"{trace.model} deployed on {revision} ({short(rendering.commit)}): {told}")
    _tables(output, summary(trace), trace.settings.retrain)
    if seen:
        output.line(f"{plural(seen, 'session')} left out since training saw them")
    if out is not None:
        output.message(f"Wrote {out} ({size_words(out)})")
    else:
        output.hint("`-o trace.json` writes every session; `--trained` lets a checkpoint score from the first one")


def _opened(
    workspace: Workspace, path: Path, revision: str, labels: str | None, all_sessions: bool
) -> tuple[Served, Rendering, int]:
    """The scorer of a file, what it is to be tested on, and how many sessions were left out of that."""
    from memento.cli.commands.evaluate import spec_for
    from memento.cli.learning import trained_scorer
    from memento.formats import sgpt
    from memento.render.rendering import Spec
    from memento.serve.scorers import opened
    from memento.validate.evaluate import unseen

    if not path.exists():
        trained_scorer(path)
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a checkpoint in it")
    workspace.repository.resolve(revision)
    served = opened(path, sunday=False)
    if sgpt.is_sgpt(path):
        spec = Spec(labels or workspace.labels_of(revision), served.dimension, "baseline")
        return served, workspace.rendering_at(revision, spec), 0
    run = trained_scorer(path)
    rendering = workspace.rendering_at(revision, spec_for(workspace, run, revision, labels))
    if not len(rendering):
        raise UsageError(f"{revision} has no session with labelled candidates", "name a revision with sessions to rank")
    kept = unseen(rendering, None if all_sessions else run.seen)
    if len(kept) == 0:
        raise UsageError(
            f"the model was trained on all {len(rendering)} sessions of {revision}",
            "name a revision with later sessions or another seed, or --all-sessions",
        )
    return served, rendering.select(kept), len(rendering) - len(kept)


def _tables(output: Output, found: Summary, retrained: bool) -> None:
    columns = [Column("order"), Column("NDCG@10", right=True)]
    if found.asked:
        output.table(columns, [(name, figure_words(figure)) for name, figure in found.truth.items()])
        output.line(f"against true relevance, in the {plural(found.asked, 'session')} in which the scorer was asked")
    for reason, count in found.refused.items():
        output.line(f"not asked in {plural(count, 'session')}: {reason}")
    output.line()
    rows: list[tuple[str, str]] = []
    if found.asked:
        rows += [
            ("won, as the daemon measures", figure_words(found.wins)),
            ("won, by true relevance", figure_words(found.truly)),
        ]
    rows += [
        ("cold start", f"over with session {found.exit}" if found.exit else "never over"),
        ("alpha, at the end", f"{found.alpha:.2f}"),
        ("success rate, at the end", f"{found.success_rate:.2f}"),
        ("relevance of what was injected", figure_words(found.gain["served"])),
        ("the same, baseline alone", figure_words(found.gain["baseline"])),
        ("gained by the scorer", found.margin.words("+.3f")),
        ("injected a session", f"{found.injected:.1f}"),
        ("of which alike, without diversity", f"{found.alike['served']:.1%}, {found.alike['without']:.1%}"),
        ("explored", plural(found.explored, "session")),
        ("drift", plural(found.drifts, "time")),
    ]
    if retrained and found.trainings:
        gates = f"{plural(found.trainings, 'time')}, gate held {plural(found.gates, 'time')}"
        rows += [
            ("trained again", gates),
            ("canary variance, mean", f"{found.variance:.2e}"),
            ("top-5 stability, mean", f"{found.stability:.2f}"),
        ]
    output.table([Column("of the deployment"), Column("", right=True)], rows)
