"""``memento entigraph``."""

from __future__ import annotations

import click

from memento.cli.arguments import REVISION, free_branch, refuse_unused, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, plural
from memento.cli.present import short
from memento.errors import UsageError

GRAPHS = 10
STEPS = (0, 300, 1_000, 3_000, 10_000, 30_000, 60_000)


@define(
    """
    memento entigraph main -b wider --pairs 60 --triples 20
    memento entigraph --curve
    """
)
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@click.option("-b", "--branch", metavar="NAME", help="The new branch.")
@click.option(
    "--pairs", metavar="N", type=click.IntRange(0, 100_000), default=50, show_default=True, help="Pairs of entities."
)
@click.option(
    "--triples",
    metavar="N",
    type=click.IntRange(0, 100_000),
    default=20,
    show_default=True,
    help="Triples of entities.",
)
@click.option("--curve", is_flag=True, help="Tell the scaling curve of the toy model, and the mixture that fits it.")
@seed_option("Seed of every draw.")
@json_option
def command(
    context: Context, revision: str, branch: str | None, pairs: int, triples: int, curve: bool, seed: int
) -> None:
    """Widen a world by sessions about pairs and triples of its entities.

    Each pair gives sessions that emphasise one, the other and both, and a memory of how they stand to
    one another, at hours and weekdays that come up evenly; triples likewise. The widened world is a
    commit on a new branch.
    """
    if curve:
        refuse_unused(("revision", "branch", "pairs", "triples"), "with --curve, which has a world of its own")
        _curve(context, seed)
        return
    from memento.synthesis.entigraph import expand
    from memento.world import tree

    output, workspace = context.output, context.workspace
    repository = workspace.repository
    if not branch:
        raise UsageError("name the new branch with -b", f"`memento entigraph {revision} -b wider`")
    free_branch(context, branch)
    root = repository.commit_of(revision)
    found = expand(workspace.world_at(revision), pairs, triples, seed)
    with repository.batch(f"entigraph {revision} as {branch}") as batch:
        message = f"EntiGraph: {plural(found.pairs, 'pair')}, {plural(found.triples, 'triple')} of {found.templates:,}"
        commit = batch.write(tree.write(repository.objects, found.world), message, [root.id])
        batch.start(branch, commit)
    counts = {name: len(table) for name, table in found.world.tables.items()}
    if output.json:
        content = {"branch": branch, "commit": commit, "pairs": found.pairs, "triples": found.triples}
        output.document("memento.entigraph/1", content | {"templates": found.templates, "counts": counts})
        return
    output.message(
        f"Branch {branch} at {short(commit)}: {plural(found.pairs, 'pair')} and {plural(found.triples, 'triple')} of "
        f"{found.templates:,} possible, {counts['sessions']:,} sessions, {counts['memories']:,} memories"
    )


def _curve(context: Context, seed: int) -> None:
    from memento.synthesis.entigraph import density, limit
    from memento.validate.curves import mixture

    output = context.output
    runs = [density(100, 3.0, STEPS, seed + graph) for graph in range(GRAPHS)]
    values = [sum(column) / GRAPHS for column in zip(*(values for values, _ in runs), strict=True)]
    reachable = sum(found for _, found in runs) / GRAPHS
    fitted = mixture(STEPS, values)
    rows = [(step, value, float(fitted.at(step))) for step, value in zip(STEPS, values, strict=True)]
    if output.json:
        content = {"steps": [{"step": s, "density": v, "fitted": f} for s, v, f in rows], "reachable": reachable}
        content |= {"theory": limit(3.0), "plateau": fitted.plateau, "error": fitted.error}
        output.document("memento.entigraph/1", content)
        return
    columns = [Column("step", right=True), Column("density", right=True), Column("fitted", right=True)]
    output.table(columns, [(f"{step:,}", f"{value:.3f}", f"{told:.3f}") for step, value, told in rows])
    output.line(
        f"plateau {fitted.plateau:.3f} fitted, {reachable:.3f} reachable, {limit(3.0):.3f} in theory; "
        f"means of {GRAPHS} graphs of 100 nodes"
    )
