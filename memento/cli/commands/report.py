"""``memento report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION, seed_option
from memento.cli.commands.evaluate import ask, ask_contracts, spec_for
from memento.cli.context import Context, define, json_option
from memento.cli.learning import episodes_option, figure_words, record, record_option, trained_scorer
from memento.cli.output import plural
from memento.cli.picturing import page_option
from memento.cli.progress import Progress
from memento.cli.writing import force_option, ready, size_words
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.render.rendering import Rendering
    from memento.report.report_page import Judged
    from memento.train import Run
    from memento.validate.fidelity import Fidelity


@define(
    """
    memento report model.safetensors main -o report.html
    memento report model.safetensors main other -o report.html --gate 'share.low>=0.9' --gate canary.recency=0.95
    memento report model.safetensors real -o report.html --gate thresholds.txt --fidelity real
    """
)
@click.argument("checkpoint", metavar="CHECKPOINT", type=click.Path(path_type=Path))
@click.argument("revisions", metavar="REV...", nargs=-1, required=True, type=REVISION)
@page_option("The page to write", required=True)
@click.option(
    "--gate", "gates", metavar="METRIC>=NUMBER", multiple=True,
    help="A threshold, METRIC=NUMBER for at least that much, or a file with one a line; exit code 1 where one falls.",
)  # fmt: skip
@click.option(
    "--canaries/--no-canaries", default=True, show_default=True, help="Ask the canaries, where rules are planted."
)
@click.option("--contracts/--no-contracts", default=True, show_default=True, help="Ask the contract tests, likewise.")
@click.option("--noise-curve", is_flag=True, help="Also train again at 10, 0 and -10 dB and ask those models.")
@click.option(
    "--fidelity", "compared", metavar="REV", type=REVISION, help="Tell how like REV's sessions those trained on are."
)
@episodes_option
@force_option
@seed_option("Seed of canaries and intervals.")
@record_option
@json_option
def command(
    context: Context, checkpoint: Path, revisions: tuple[str, ...], out: Path, gates: tuple[str, ...], canaries: bool,
    contracts: bool, noise_curve: bool, compared: str | None, episodes: int, force: bool, seed: int, keep: bool,
) -> int:  # fmt: skip
    """Write all that is known of a trained scorer on one page.

    On each revision: scores beside chance, baselines and ceiling, the share of the ceiling, groups, the
    canaries and contract tests; then its training and the other runs on the same commits. The page needs
    nothing but itself. With --gate the exit code is 1 when a threshold falls, and every one that fell is
    named; metrics are those of memento runs, with .low and .high for the ends of their intervals.
    """
    from memento import __version__
    from memento.files import write_text
    from memento.measure.runs import metrics_of
    from memento.report.gate import fallen, requirements
    from memento.report.report_page import Findings, page
    from memento.train.checkpoint import digest
    from memento.train.threads import one_thread
    from memento.validate import retrain

    if noise_curve and not canaries:
        raise UsageError("--noise-curve asks canaries, and --no-canaries asks none", "leave out one of them")
    output, workspace = context.output, context.workspace
    asked = requirements(gates)
    path = ready(out, force)
    run = trained_scorer(checkpoint)
    for revision in revisions:
        workspace.repository.resolve(revision)
    if noise_curve:
        retrain.check(run)
    alike = _alike(context, run, compared, seed) if compared is not None else None
    with one_thread():
        judged = [
            _judge(context, run, revision, canaries, contracts, noise_curve, episodes, seed, keep)
            for revision in dict.fromkeys(revisions)
        ]
        if compared is not None and alike is not None:
            judged.append(_beside(context, run, compared, alike, judged, seed))
    figures = {j.revision: metrics_of(j.report, j.canaries, j.contracts) for j in judged}
    fell = fallen(asked, figures)
    known = workspace.runs.all()
    own = digest(run)
    others = [r for j in judged for r in known.get(j.report.commit, []) if r.checkpoint != own]
    others.sort(key=lambda r: (-r.metrics["ndcg"].value if "ndcg" in r.metrics else 0.0, r.id))
    found = Findings(
        str(checkpoint),
        own,
        run,
        tuple(judged),
        tuple(r.text for r in asked),
        tuple(fell),
        tuple({r.id: r for r in others}.values()),
    )
    write_text(path, page(found, __version__))
    if output.json:
        output.document(
            "memento.report-page/1",
            {
                "file": str(path),
                "checkpoint": str(checkpoint),
                "revisions": [{"revision": j.revision, "report": j.report.to_json()} for j in judged],
                "asked": [requirement.text for requirement in asked],
                "fallen": [each.__dict__ for each in fell],
            },
        )
        return int(bool(fell))
    for j in judged:
        share = f", {figure_words(j.report.share)} of the ceiling" if j.report.share else ""
        output.line(f"{j.report.model} on {j.revision}: NDCG@10 {figure_words(j.report.rows['model']['ndcg'])}{share}")
    for each in fell:
        output.line(f"fell: {each}")
    if asked and not fell:
        output.line(f"{plural(len(asked), 'threshold')} held")
    output.message(f"Wrote {path} ({size_words(path)})")
    return int(bool(fell))


def _judge(
    context: Context, run: Run, revision: str, canaries: bool, contracts: bool, noise_curve: bool, episodes: int,
    seed: int, keep: bool,
) -> Judged:  # fmt: skip
    from memento.report.report_page import Judged
    from memento.validate import evaluate
    from memento.validate.groups import groups

    workspace = context.workspace
    spec = spec_for(workspace, run, revision, None)
    rendering = workspace.rendering_at(revision, spec)
    report = evaluate(run, rendering, seed=seed, groups=groups(workspace.world_at(revision), run.seen))
    planted = bool(workspace.snapshot(revision).manifest.patterns)
    asked, curve = (
        ask(context, run, revision, spec, episodes, seed, noise_curve) if canaries and planted else (None, ())
    )
    held = ask_contracts(context, run, revision, spec, episodes, seed) if contracts and planted else None
    if keep:
        record(context, run, report, asked, spec, seed, held)
    return Judged(revision, report, asked, held, tuple(curve))


def _alike(context: Context, run: Run, compared: str, seed: int) -> Fidelity:
    """How like the sessions of a revision those are that a run was trained on; what cannot be compared is refused."""
    from memento.render.rendering import Spec
    from memento.validate.fidelity import fidelity
    from memento.validate.fidelity.rows import joined

    workspace = context.workspace
    real = workspace.rendering_at(compared, spec_for(workspace, run, compared, None))
    sources: list[Rendering] = [workspace.rendering_at(s.commit, Spec.from_map(s.spec)) for s in run.sources]
    with Progress(context.output, "comparing"):
        return fidelity(real, joined(sources), seed=seed)


def _beside(context: Context, run: Run, compared: str, found: Fidelity, judged: list[Judged], seed: int) -> Judged:
    """The revision compared with, as it was judged or judged now, with the fidelity of what was trained on."""
    from dataclasses import replace

    same = next((place for place, each in enumerate(judged) if each.revision == compared), None)
    if same is not None:
        return replace(judged.pop(same), fidelity=found)
    return replace(_judge(context, run, compared, False, False, False, 1, seed, False), fidelity=found)
