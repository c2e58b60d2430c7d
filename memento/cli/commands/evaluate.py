"""``memento evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.learning import (
    baselines_option,
    episodes_option,
    labels_option,
    record,
    record_option,
    scores_note,
    scores_table,
    trained_scorer,
)
from memento.cli.output import Column, Output, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from memento.render.rendering import Spec
    from memento.train import Run
    from memento.validate import Report
    from memento.validate.canary import Canaries, Outcome
    from memento.validate.contracts import Contracts
    from memento.validate.intervals import Figure
    from memento.validate.learnability import Learnability
    from memento.workspace import Workspace


@define(
    """
    memento evaluate model.safetensors main
    memento evaluate model.safetensors trial --no-canaries --baselines all
    memento evaluate model.safetensors main --contracts
    memento evaluate model.safetensors main --noise-curve --json
    """
)
@click.argument("checkpoint", metavar="CHECKPOINT", type=click.Path(path_type=Path))
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@labels_option("as in training where the world has them")
@click.option(
    "--canaries/--no-canaries", default=True, show_default=True, help="Ask small made-up sessions with known answers."
)
@click.option("--contracts", is_flag=True, help="Also ask the seven contract tests; see docs/contracts.md.")
@episodes_option
@click.option(
    "--noise-curve",
    is_flag=True,
    help="Also train again on labels at 10, 0 and -10 dB and ask those models; takes three trainings.",
)
@baselines_option
@seed_option("Seed of canaries and intervals.")
@record_option
@json_option
def command(
    context: Context,
    checkpoint: Path,
    revision: str,
    labels: str | None,
    canaries: bool,
    contracts: bool,
    episodes: int,
    noise_curve: bool,
    baselines: tuple[str, ...],
    seed: int,
    keep: bool,
) -> None:
    """Judge a trained scorer on a revision.

    Ranks the sessions of REV (the current branch if left out) that training did not see. NDCG@10, MRR
    and recall@10 stand beside chance, rankers that learn nothing, a linear scorer trained along, and the
    ceiling: what the planted rule itself gets against noisy labels. Then the canaries, with their sharp forms, and with
    --contracts the contract tests. The exit code is 0 whatever passes.
    The figures are kept as a note on the commit, which memento runs lists and push takes along.
    """
    output, workspace = context.output, context.workspace
    from memento.train.threads import one_thread
    from memento.validate import evaluate
    from memento.validate.groups import groups
    from memento.validate.learnability import terms_of

    if noise_curve and not canaries:
        raise UsageError("--noise-curve asks canaries, and --no-canaries asks none", "leave out one of them")
    run = trained_scorer(checkpoint)
    if noise_curve:
        from memento.validate import retrain

        retrain.check(run)
    spec = spec_for(workspace, run, revision, labels)
    rendering = workspace.rendering_at(revision, spec)
    asked: Canaries | None = None
    held: Contracts | None = None
    curve: tuple[Outcome, ...] = ()
    with one_thread():
        planted = bool(workspace.snapshot(revision).manifest.patterns)
        world = workspace.world_at(revision)
        terms = terms_of(world, rendering) if planted else {}
        known = groups(world, run.seen)
        report = evaluate(run, rendering, seed=seed, groups=known, terms=terms, baselines=baselines)
        if canaries and planted:
            asked, curve = ask(context, run, revision, spec, episodes, seed, noise_curve)
        if contracts and planted:
            held = ask_contracts(context, run, revision, spec, episodes, seed)
    kept = record(context, run, report, asked, spec, seed, held) if keep else None
    if output.json:
        outcomes = (
            {"canaries": asked.to_json() | {"noise": [o.to_map() for o in curve]}} if asked else {"canaries": None}
        )
        output.document(
            "memento.evaluate/1",
            {
                "checkpoint": str(checkpoint),
                "revision": revision,
                "report": report.to_json(),
                **outcomes,
                "contracts": held.to_json() if held else None,
                "run": kept[0] if kept else None,
                "recorded": bool(kept and kept[1]),
            },
        )
        return
    output.line(f"{report.model} on {revision} ({short(report.commit)}):")
    scores_table(output, report)
    output.line(scores_note(report))
    if report.groups:
        output.line()
        _groups(output, report)
    if report.learnability is not None:
        output.line()
        _learned(output, report.learnability)
    if asked is not None:
        output.line()
        canary_tables(output, asked, curve)
    elif canaries:
        output.message("No canaries: they ask for planted patterns, and this world has none")
    if held is not None:
        output.line()
        contract_tables(output, held)
    elif contracts:
        output.message("No contract tests: they ask for planted patterns, and this world has none")
    if kept and kept[1]:
        output.message(f"Recorded as run {kept[0]} on {short(report.commit)}")


def _groups(output: Output, report: Report) -> None:
    """NDCG by how hard sessions are, and by whether training met their topics."""
    names = ("model", "chance", "ceiling")
    rows = []
    for group, row in report.groups.items():
        cells = [f"{row[name].value:.3f}" if name in row else "" for name in names]
        model = row["model"]
        rows.append((group, f"{model.n:,}", cells[0], model.between(), *cells[1:]))
    columns = [Column("sessions", style="bold"), Column("n", right=True), Column("NDCG@10", right=True)]
    columns += [Column("95% interval"), Column("chance", right=True), Column("ceiling", right=True)]
    output.table(columns, rows)


def _learned(output: Output, found: Learnability) -> None:
    """The risk beside the least risk, and what each pattern is worth and has left to learn."""
    if found.patterns:
        remembered = any(known.unforeseen is not None for known in found.patterns)
        columns = [Column("pattern", style="bold"), Column("worth", right=True), Column("left to learn", right=True)]
        columns += [Column("unforeseen", right=True)] if remembered else []
        rows = []
        for known in found.patterns:
            cells = (known.name, nats_words(known.worth), nats_words(known.left))
            rows.append((*cells, nats_words(known.unforeseen)) if remembered else cells)
        output.table(columns, rows)
    share = "" if found.learned.n == 0 else f"; {found.learned.value:.1%} of what can be learned"
    output.line(
        f"risk {nats_words(found.risk)} nats, least {found.least.value:.4f}, chance {found.chance.value:.4f}, "
        f"gap {nats_words(found.gap)}{share}"
    )


def nats_words(figure: Figure | None) -> str:
    """``0.0123 (0.0101 to 0.0144)``, a dash where there is none."""
    if figure is None or figure.n == 0:
        return "-"
    return figure.words(".4f")


def spec_for(workspace: Workspace, run: Run, revision: str, labels: str | None) -> Spec:
    """What to render a revision by for a trained scorer: its own dimension and context; labels that the world has."""
    from memento.render.rendering import Spec

    trained = Spec.from_map(run.sources[0].spec)
    if labels is None:
        own = workspace.labels_of(revision)
        same = trained.labels == "signet" or (trained.labels in ("planted", "clean")) == (own == "planted")
        labels = trained.labels if same else own
    return Spec(labels=labels, dimension=trained.dimension, context=trained.context)


def ask(
    context: Context, run: Run, revision: str, spec: Spec, episodes: int, seed: int, noise_curve: bool
) -> tuple[Canaries, tuple[Outcome, ...]]:
    """The canaries of a scorer in the family of a world, and the noise canary where it is wanted."""
    from memento.validate import canary
    from memento.validate.retrain import LEVELS, retrained

    world = context.workspace.world_at(revision)
    with Progress(context.output, "asking canaries") as progress:
        asked = canary.run(run, world, spec, episodes, seed, progress=lambda name: progress.advance(note=name))
    if not noise_curve:
        return asked, ()
    with Progress(context.output, "noise canary", total=len(LEVELS)) as progress:

        def again(level: float) -> Run:
            progress.advance(note=f"training at {level:g} dB")
            return retrained(run, context.workspace.world_at, level)

        return asked, canary.robustness(again, world, spec, LEVELS, episodes, seed)


def ask_contracts(context: Context, run: Run, revision: str, spec: Spec, episodes: int, seed: int) -> Contracts:
    """The contract tests of a scorer in the family of a world."""
    from memento.validate import contracts

    with Progress(context.output, "asking contract tests", total=len(contracts.CATALOG)) as progress:
        return contracts.run(
            run, context.workspace.world_at(revision), spec, episodes, seed, lambda name: progress.advance(note=name)
        )


def contract_tables(output: Output, contracts: Contracts) -> None:
    """Every measure of every contract test, then how many hold."""
    columns = [Column("contract"), Column("measure", long=True)]
    columns += [Column(name, right=True) for name in ("share", "95% interval", "chance", "oracle", "threshold", "n")]
    asked = [outcome for outcome in contracts.outcomes if outcome.share.n]
    output.table([*columns, Column("")], map(canary_row, asked))
    for outcome in contracts.outcomes:
        if not outcome.share.n:
            output.line(f"not asked: {outcome.canary}: {outcome.note}")
    output.line(_passed(contracts, "contract test", "contract tests", "hold"))


def _passed(asked: Canaries | Contracts, one: str, many: str, verb: str) -> str:
    """How many verdicts there are, and how many stand in the sharp forms too."""
    verdicts = [passed for passed in asked.verdicts.values() if passed is not None]
    sharp = [passed for passed in asked.sharp.values() if passed is not None]
    forms = f", {sum(sharp)} of {len(sharp)} in their sharp forms" if sharp else ""
    times = f"each asked {plural(asked.episodes, 'time')}"
    ending = f"one {'passes' if verb == 'passed' else 'holds'} when its whole interval reaches the threshold"
    return f"{sum(verdicts)} of {plural(len(verdicts), one, many)} {verb}{forms}, {times}; {ending}"


def canary_tables(
    output: Output, canaries: Canaries, curve: Iterable[Outcome] = (), indent: str = "", verdicts_only: bool = False
) -> None:
    """Every measure of every canary as it came out, then the noise curve; or only what bears a verdict, in short."""
    shown = [o for o in canaries.outcomes if o.share.n and (o.threshold is not None or not verdicts_only)]
    numbers = [("share", 2), ("95% interval", 3), ("chance", 4), ("oracle", 5), ("threshold", 6), ("n", 7)]
    kept = [(name, place) for name, place in numbers if not (verdicts_only and name in ("oracle", "n"))]
    columns = [Column(f"{indent}canary"), Column("measure", long=True)]
    columns += [*(Column(name, right=True) for name, _ in kept), Column("")]
    cells = map(canary_row, [*shown, *curve])
    output.table(columns, ([indent + row[0], row[1], *(row[at] for _, at in kept), row[-1]] for row in cells))
    for outcome in canaries.outcomes:
        if not outcome.share.n:
            output.line(f"{indent}not asked: {outcome.canary}: {outcome.note}")
    output.line(indent + _passed(canaries, "canary", "canaries", "passed"))


def canary_row(outcome: Outcome) -> list[str]:
    """One measure in words: canary, measure, share, interval, chance, oracle, threshold, n, verdict."""
    from memento.report.report_page import asked_of, verdict

    share = outcome.share
    return [
        outcome.canary,
        outcome.measure,
        f"{share.value:.3f}",
        f"{share.low:.3f}–{share.high:.3f}",
        f"{outcome.chance:.3f}",
        f"{outcome.oracle.value:.3f}",
        asked_of(outcome),
        str(share.n),
        verdict(outcome),
    ]
