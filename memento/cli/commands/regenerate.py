"""``memento regenerate``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION, free_branch, refuse_unused, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.synthesis.dr4sr.regenerate import Settings


@define(
    """
    memento regenerate main -b told
    memento regenerate real -b told --k 5 --gamma release
    memento regenerate main -b told --epochs 5 --across
    memento regenerate main -b told --personalise
    memento regenerate main --uplift
    """
)
@click.argument("revision", metavar="REV", type=REVISION)
@click.option("-b", "--branch", metavar="NAME", help="The new branch.")
@click.option("--k", metavar="K", type=click.IntRange(1, 32), default=5, show_default=True, help="Ways to tell a row.")
@click.option("--gamma", metavar="P", default="0.5", show_default=True, help="Chance of a free step, or release.")
@click.option("--alpha", type=click.IntRange(2, 8), default=5, show_default=True, help="Items of a window.")
@click.option("--beta", type=click.IntRange(1), default=2, show_default=True, help="Sequences that hold a pattern.")
@click.option("--epochs", type=click.IntRange(0, 10_000), default=40, show_default=True, help="Passes over the pairs.")
@click.option("--across", is_flag=True, help="Sequences are stretches of a project's stream, not sessions.")
@click.option("--personalise", is_flag=True, help="Keep the regenerated rows that serve a target model (DR4SR+).")
@click.option("--uplift", is_flag=True, help="Tell what the rows are worth to a target model; nothing is written.")
@click.option("--steps", type=click.IntRange(1, 1_000_000), default=600, show_default=True, help="Of a target model.")
@click.option("--seeds", type=click.IntRange(2, 10), default=5, show_default=True, help="Runs of each arm of --uplift.")
@seed_option("Seed of every draw.")
@json_option
def command(
    context: Context, revision: str, branch: str | None, k: int, gamma: str, alpha: int, beta: int, epochs: int,
    across: bool, personalise: bool, uplift: bool, steps: int, seeds: int, seed: int,
) -> None:  # fmt: skip
    """Tell a world's sessions again, from their own patterns.

    DR4SR: mined patterns and regenerated rows become sessions beside those of REV, on a new branch.
    The pattern length ratio is the mean length of mined patterns over that of the sequences. With
    --personalise a personaliser learns, with a target model, which regenerated rows serve it (DR4SR+);
    --uplift trains such a model with and without new rows, equally long, and ranks held-out items.
    """
    from memento.synthesis.dr4sr.regenerate import Settings, regenerate
    from memento.world import tree

    output, workspace = context.output, context.workspace
    settings = Settings(k, _gamma(gamma), alpha, beta, epochs, across, seed, personalise, steps)
    if uplift:
        refuse_unused(("branch",), "with --uplift, which writes nothing")
        _uplift(context, revision, settings, seeds)
        return
    refuse_unused(("seeds",), "without --uplift")
    if not personalise:
        refuse_unused(("steps",), "without --personalise or --uplift")
    if not branch:
        raise UsageError("name the new branch with -b", f"`memento regenerate {revision} -b told`")
    free_branch(context, branch)
    parent = workspace.repository.commit_of(revision)
    with Progress(output, f"regenerating {revision}") as progress:
        made = regenerate(workspace.world_at(revision), settings, progress.report)
    state = tree.write(workspace.repository.objects, made.world)
    with workspace.repository.batch(f"regenerate {revision} on {branch}") as batch:
        batch.start(branch, parent.id)
        commit = batch.commit(branch, state, f"regenerate: {settings}")
    figures = made.figures()
    if output.json:
        output.document("memento.regenerate/1", {"branch": branch, "commit": commit, "from": parent.id} | figures)
        return
    short_rows = figures["pattern_rows"] + figures["regenerated_rows"] - figures["sessions"]
    output.message(
        f"Branch {branch} at {short(commit)}: {plural(figures['sessions'], 'session')} more, from "
        f"{plural(figures['pattern_rows'], 'row')} of mined patterns and {figures['regenerated_rows']:,} regenerated"
        + (f"; {short_rows:,} kept too few items" if short_rows else "")
    )
    output.message(
        f"pattern length ratio {figures['pattern_length_ratio']:.2f}: {plural(figures['patterns'], 'pattern')} of "
        f"{figures['pattern_length']:.1f} items from {plural(figures['sequences'], 'sequence')} of "
        f"{figures['sequence_length']:.1f}"
    )
    if figures["dropped_rows"]:
        output.message(
            f"{plural(figures['dropped_rows'], 'regenerated row')} left out: they serve the target model less"
        )
    output.hint(f"compare them: `memento diff {revision} {branch}`; `memento undo` takes it back")


def _uplift(context: Context, revision: str, settings: Settings, seeds: int) -> None:
    from memento.synthesis.dr4sr.uplift import uplift

    output = context.output
    with Progress(output, f"regenerating {revision}") as progress:
        found = uplift(context.workspace.world_at(revision), settings, seeds, progress=progress.report)
    if output.json:
        output.document("memento.regenerate/1", asdict(found))
        return
    columns = [
        Column("rows"), Column("count", right=True), Column("NDCG@10", right=True), Column("hits@10", right=True),
        Column("uplift of NDCG", right=True),
    ]  # fmt: skip
    base = found.arms[0].ndcg
    output.table(columns, [
        (arm.name, f"{arm.rows:,}", f"{arm.ndcg:.3f}", f"{arm.hits:.3f}",
         f"{arm.uplift / base:+.1%} ({arm.low / base:+.1%} to {arm.high / base:+.1%})" if arm.rows > found.arms[0].rows
         and base else "")
        for arm in found.arms
    ])  # fmt: skip
    output.line(
        f"{plural(found.held_out, 'last item')} held out, {seeds} runs an arm, equally many steps, 95% intervals; "
        f"pattern length ratio {found.pattern_length_ratio:.2f}"
    )


def _gamma(text: str) -> float | str:
    if text == "release":
        return text
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError(f"--gamma {text} is neither a probability nor release", "such as --gamma 0.5")
    return value
