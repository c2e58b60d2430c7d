"""``memento population``."""

from __future__ import annotations

from dataclasses import asdict

import click

from memento.cli.arguments import REVISION, free_branch, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, plural
from memento.cli.present import short
from memento.errors import UsageError

_COUNT = click.IntRange(1, 100_000)


@define(
    """
    memento population main -b agents --agents 8 --steps 28
    memento population --junk
    """
)
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@click.option("-b", "--branch", metavar="NAME", help="The new branch.")
@click.option("--agents", metavar="N", type=_COUNT, default=8, show_default=True, help="Agents.")
@click.option("--steps", metavar="N", type=_COUNT, default=28, show_default=True, help="Sessions of each, one a day.")
@click.option(
    "--topics", metavar="N", type=_COUNT, default=10, show_default=True, help="Topics that interest is about."
)
@click.option("--pool", metavar="N", type=_COUNT, default=20, show_default=True, help="Memories offered to a session.")
@click.option("--injected", metavar="N", type=_COUNT, default=5, show_default=True, help="Of these, put into context.")
@click.option(
    "--explored",
    metavar="N",
    type=click.IntRange(0, 100_000),
    default=5,
    show_default=True,
    help="Of these, at random.",
)
@click.option("--junk", is_flag=True, help="Tell what content of low quality does to agents; nothing is written.")
@seed_option("Seed of every draw.")
@json_option
def command(
    context: Context,
    revision: str,
    branch: str | None,
    agents: int,
    steps: int,
    topics: int,
    pool: int,
    injected: int,
    explored: int,
    junk: bool,
    seed: int,
) -> None:
    """Let several agents live with the memories of one world.

    The agents share its entity graph and memories. Each has interests that move with what it uses, and
    satisfaction; memories have a quality that nobody sees. A baseline offers memories by what it knows of
    an agent, the agent uses some of those that are injected. A memory's relevance is the probability that
    the agent would use it alone. The sessions are a world on a new branch, in place of those of REV, each
    with its agent as the project.
    """
    if junk:
        if branch:
            raise UsageError("--junk writes no branch", "leave -b out, or leave --junk out")
        _junk(context, seed)
        return
    from memento.population import Setting, populate
    from memento.world import tree

    output, workspace = context.output, context.workspace
    repository = workspace.repository
    if not branch:
        raise UsageError("name the new branch with -b", f"`memento population {revision} -b agents`")
    free_branch(context, branch)
    root = repository.commit_of(revision)
    setting = Setting(agents, steps, topics, pool, injected, explored, seed)
    found = populate(workspace.world_at(revision), setting)
    with repository.batch(f"population of {revision} as {branch}") as batch:
        words = ", ".join(f"{name} {value}" for name, value in found.world.manifest.scenario["population"].items())
        message = f"population: {plural(agents, 'agent')}, {plural(steps, 'step')}\n\nPopulation: {words}"
        commit = batch.write(tree.write(repository.objects, found.world), message, [root.id])
        batch.start(branch, commit)
    counts = {name: len(table) for name, table in found.world.tables.items()}
    weeks = [slice(first, first + 7) for first in range(0, steps, 7)]
    told = (found.satisfaction, found.used, found.ndcg)
    rows = [(week.start, *(float(values[week].mean()) for values in told)) for week in weeks]
    if output.json:
        names = ("step", "satisfaction", "used", "ndcg")
        content = {"branch": branch, "commit": commit, "weeks": [dict(zip(names, row, strict=True)) for row in rows]}
        output.document("memento.population/1", content | {"counts": counts})
        return
    output.message(
        f"Branch {branch} at {short(commit)}: {plural(agents, 'agent')}, {plural(counts['sessions'], 'session')}, "
        f"{plural(counts['candidates'], 'candidate')}"
    )
    columns = [
        Column("from step", right=True), Column("satisfaction", right=True), Column("used", right=True),
        Column("NDCG@10 of the baseline", right=True),
    ]  # fmt: skip
    output.table(columns, [(str(s), f"{a:.3f}", f"{u:.1%}", f"{n:.3f}") for s, a, u, n in rows])
    output.hint(f"`memento train {branch} -o agents.safetensors` learns whom what is relevant to")


def _junk(context: Context, seed: int) -> None:
    from memento.population import junk

    output = context.output
    arms = junk(seed=seed)
    if output.json:
        output.document("memento.population/1", {"arms": [asdict(arm) for arm in arms]})
        return
    columns = [Column("content", style="bold"), *(
        Column(name, right=True) for name in ("time per pick", "affinity first", "last", "picked first", "last")
    )]  # fmt: skip
    output.table(columns, [
        (arm.name, f"{arm.time:.3f}", f"{arm.affinity[0]:.2f}", f"{arm.affinity[1]:.2f}", f"{arm.picked[0]:.0%}",
         f"{arm.picked[1]:.0%}")
        for arm in arms
    ])  # fmt: skip
    output.line("100 agents, 100 steps; first and last are means over ten steps")
