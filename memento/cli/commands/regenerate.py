"""``memento regenerate``."""

from __future__ import annotations

import click

from memento.cli.arguments import REVISION, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.errors import UsageError


@define(
    """
    memento regenerate main -b told
    memento regenerate real -b told --k 5 --gamma release
    memento regenerate main -b told --epochs 5 --across
    """
)
@click.argument("revision", metavar="REV", type=REVISION)
@click.option("-b", "--branch", metavar="NAME", required=True, help="The new branch.")
@click.option("--k", metavar="K", type=click.IntRange(1, 32), default=5, show_default=True, help="Ways to tell a row.")
@click.option("--gamma", metavar="P", default="0.5", show_default=True, help="Chance of a free step, or release.")
@click.option("--alpha", type=click.IntRange(2, 8), default=5, show_default=True, help="Items of a window.")
@click.option("--beta", type=click.IntRange(1), default=2, show_default=True, help="Sequences that hold a pattern.")
@click.option("--epochs", type=click.IntRange(0, 10_000), default=40, show_default=True, help="Passes over the pairs.")
@click.option("--across", is_flag=True, help="Sequences are stretches of a project's stream, not sessions.")
@seed_option("Seed of every draw.")
@json_option
def command(
    context: Context, revision: str, branch: str, k: int, gamma: str, alpha: int, beta: int, epochs: int,
    across: bool, seed: int,
) -> None:  # fmt: skip
    """Tell a world's sessions again, from their own patterns.

    DR4SR: mined patterns and regenerated rows become sessions beside those of REV, on a new branch.
    The pattern length ratio is the mean length of mined patterns over that of the sequences.
    """
    from memento.synthesis.dr4sr.regenerate import Settings, regenerate
    from memento.world import tree

    output, workspace = context.output, context.workspace
    if workspace.repository.has_branch(branch):
        raise UsageError(f"there is a branch {branch!r} already", "name another one with -b NAME")
    settings = Settings(k, _gamma(gamma), alpha, beta, epochs, across, seed)
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
    output.message(
        f"Branch {branch} at {short(commit)}: {plural(figures['sessions'], 'session')} more, "
        f"{figures['pattern_rows']:,} of mined patterns and {figures['regenerated_rows']:,} regenerated"
    )
    output.message(
        f"pattern length ratio {figures['pattern_length_ratio']:.2f}: {plural(figures['patterns'], 'pattern')} of "
        f"{figures['pattern_length']:.1f} items from {plural(figures['sequences'], 'sequence')} of "
        f"{figures['sequence_length']:.1f}"
    )
    output.hint(f"compare them: `memento diff {revision} {branch}`; `memento undo` takes it back")


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
