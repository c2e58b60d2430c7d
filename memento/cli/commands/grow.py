"""``memento grow``."""

from __future__ import annotations

import click

from memento.cli.arguments import REVISION, free_branch, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.present import short


@define(
    """
    memento grow main -b grown --count 100
    memento grow real -b grown --count 50 --threshold 0.6
    """
)
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@click.option("-b", "--branch", metavar="NAME", required=True, help="The new branch.")
@click.option(
    "--count", metavar="N", type=click.IntRange(1, 100_000), default=50, show_default=True, help="Memories to keep."
)
@click.option(
    "--threshold",
    metavar="X",
    type=click.FloatRange(0, 1),
    default=0.7,
    show_default=True,
    help="ROUGE-L from which a text is none of its own.",
)
@click.option(
    "--distance",
    metavar="X",
    type=click.FloatRange(0, 1),
    default=0.02,
    show_default=True,
    help="Least distance of features.",
)
@seed_option("Seed of every draw.")
@json_option
def command(
    context: Context, revision: str, branch: str, count: int, threshold: float, distance: float, seed: int
) -> None:
    """Grow a world's memories from those that it has, keeping what is new.

    Each is made from eight that are shown, six of the world's and two that grew before, and kept if no
    kept text is like it (ROUGE-L) and its features lie apart. How many were turned away, and why, is
    told. The grown world is a commit on a new branch.
    """
    from memento.synthesis.growth import grow
    from memento.world import tree

    output, repository = context.output, context.workspace.repository
    free_branch(context, branch)
    root = repository.commit_of(revision)
    found = grow(context.workspace.world_at(revision), count, threshold, distance, seed)
    with repository.batch(f"grow {revision} as {branch}") as batch:
        message = f"grown by {plural(found.kept, 'memory', 'memories')} of {found.tried:,} made"
        commit = batch.write(tree.write(repository.objects, found.world), message, [root.id])
        batch.start(branch, commit)
    if output.json:
        content = {"branch": branch, "commit": commit, "kept": found.kept, "tried": found.tried}
        output.document("memento.grow/1", content | {"rejected": found.rejected})
        return
    output.message(
        f"Branch {branch} at {short(commit)}: {found.kept:,} of {plural(found.tried, 'memory', 'memories')} kept"
    )
    output.lines(f"  {number:,} turned away: {why}" for why, number in found.rejected.items())
