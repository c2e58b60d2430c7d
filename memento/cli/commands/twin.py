"""``memento twin``."""

from __future__ import annotations

import click

from memento.cli.arguments import REVISION, free_branch, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.errors import UsageError


@define(
    """
    memento twin talk26 -b twin26
    memento twin talk26 -b twin26 --copies 8 --swap 0.5
    memento twin talk26 -b cold --not-fitted --sessions 200
    """
)
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@click.option("-b", "--branch", metavar="NAME", help="The new branch.")
@click.option(
    "--copies", metavar="N", type=click.IntRange(1, 1_000), default=4, show_default=True,
    help="Copies of the world's memories, each with sessions of its own.",
)  # fmt: skip
@click.option(
    "--swap", metavar="SHARE", type=click.FloatRange(0.0, 1.0), default=0.3, show_default=True,
    help="Share of word stems that trade places within a copy; 0 keeps the words.",
)  # fmt: skip
@click.option(
    "--sessions", metavar="N", type=click.IntRange(1, 100_000),
    help="Sessions of each copy and project; as many as are real if left out.",
)  # fmt: skip
@click.option(
    "--fitted/--not-fitted", default=True, show_default=True,
    help="Whether questions have the make-up and the clock of REV's own, or one guessed before any.",
)  # fmt: skip
@seed_option("Seed of every draw.")
@json_option
def command(
    context: Context, revision: str, branch: str | None, copies: int, swap: float, sessions: int | None,
    fitted: bool, seed: int,
) -> None:  # fmt: skip
    """Make a twin of a world: its memories, and synthetic sessions that ask after them.

    Questions are written from what the memories say, some words left out and others put in, with those
    memories as evidence among others that are like them; no real question or label is in a twin. How
    many words questions share with their evidence follows REV's own questions. It goes to a new branch
    from REV, so that what may be tested on it is known: memento tstr refuses a twin of the test.
    """
    from memento.synthesis.twin import Settings, twin
    from memento.world import tree

    output, workspace = context.output, context.workspace
    repository = workspace.repository
    if not branch:
        raise UsageError("name the new branch with -b", f"`memento twin {revision} -b twin`")
    free_branch(context, branch)
    parent = repository.commit_of(revision)
    settings = Settings(copies, swap, sessions, fitted, seed)
    with Progress(output, f"writing a twin of {revision}") as progress:
        made = twin(workspace.world_at(revision), settings, progress.report)
    state = tree.write(repository.objects, made.world)
    with repository.batch(f"twin {revision} on {branch}") as batch:
        batch.start(branch, parent.id)
        commit = batch.commit(branch, state, f"twin: {settings}")
    counts = {name: len(table) for name, table in made.world.tables.items()}
    if output.json:
        content = {"branch": branch, "commit": commit, "from": parent.id, "sessions": made.sessions}
        output.document("memento.twin/1", content | {"fitted_to": made.fitted_to, "counts": counts})
        return
    laws = f"after {plural(made.fitted_to, 'real question')}" if made.fitted_to else "after no real question"
    output.message(
        f"Branch {branch} at {short(commit)}: {plural(made.sessions, 'session')} {laws}, of "
        f"{plural(counts['memories'], 'memory', 'memories')}"
    )
    output.hint(f"train on it: `memento train {branch} -o {branch}.safetensors`; `memento tstr` tells what it is worth")
