"""``memento generate``."""

from __future__ import annotations

import click

from memento.cli.arguments import overrides, seed_option
from memento.cli.completion import scenarios
from memento.cli.completion import settings as parameters
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.present import short, size_words
from memento.cli.progress import Progress


@define(
    """
    memento generate tiny
    memento generate tiny --branch owl --seed 7 --set time.days=14
    memento generate ./mine.toml
    """
)
@click.argument("scenario", metavar="SCENARIO", shell_complete=scenarios)
@click.option("-b", "--branch", metavar="NAME", help="The new branch; main at first, then the scenario's name.")
@seed_option("Seed of every draw.", default=None)
@click.option(
    "--set", "settings", metavar="KEY=VALUE", multiple=True, shell_complete=parameters,
    help="Change a parameter; repeatable.",
)  # fmt: skip
@json_option
def command(context: Context, scenario: str, branch: str | None, seed: int | None, settings: tuple[str, ...]) -> None:
    """Simulate a scenario and commit it, one commit a week.

    SCENARIO is the name of a shipped one (memento scenarios lists them) or a TOML file. One
    scenario and one seed give the same commit ids on every machine.
    """
    output, workspace = context.output, context.workspace
    from memento.scenario import load

    declared = load(scenario, overrides(settings, f"`memento scenarios {scenario}` lists the parameters"))
    branch = branch or workspace.new_branch(declared.name)
    with Progress(output, f"simulating {scenario}") as progress:
        commits = workspace.generate(declared, branch, seed, progress=progress.report)
    world = workspace.world_at(commits[-1])
    sizes = {name: len(table) for name, table in world.tables.items()}
    if output.json:
        content = {"branch": branch, "commit": commits[-1], "commits": commits, "seed": world.manifest.seed}
        output.document("memento.generate/1", content | {"counts": sizes})
    words = size_words(sizes, "memories", "sessions", "turns", "candidates")
    output.message(f"Branch {branch} at {short(commits[-1])}: {plural(len(commits), 'week')}, {words}")
    output.hint(
        f"look at it: `memento log {branch}`, `memento show {branch} --table memories`; "
        f"start from it: `memento fork {branch} trial`"
    )
