"""``memento extend``."""

from __future__ import annotations

import click

from memento.cli.arguments import seed_option
from memento.cli.completion import branches, scenarios
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.errors import UsageError


@define(
    """
    memento extend main --sessions 20
    memento extend trial --days 14
    memento extend real --days 14 --scenario developer-week
    """
)
@click.argument("branch", metavar="BRANCH", shell_complete=branches)
@click.option("-n", "--sessions", metavar="N", type=click.IntRange(1, 1_000_000), help="Until N more have ended.")
@click.option("-d", "--days", metavar="D", type=click.IntRange(1, 36_500), help="For D more days.")
@click.option(
    "--scenario", metavar="SCENARIO", shell_complete=scenarios, help="The law to go on by, where a world has none."
)
@seed_option("Seed of every draw, for a world that was not simulated.", default=None)
@json_option
def command(
    context: Context, branch: str, sessions: int | None, days: int | None, scenario: str | None, seed: int | None
) -> None:
    """Simulate a branch on from its present, one commit a week.

    It goes on from the records as they are, edits included, by the world's own scenario, patterns and
    noise. A world that nobody edited becomes just what a longer scenario would have made.
    """
    output, workspace = context.output, context.workspace
    if (sessions is None) == (days is None):
        raise UsageError("give one of --sessions and --days", f"`memento extend {branch} --days 7` adds a week")
    if seed is not None and not scenario:
        raise UsageError("--seed goes with --scenario", "a simulated world goes on by its own seed")
    with Progress(output, f"simulating {branch} on") as progress:
        made = workspace.timelines.extend(branch, sessions, days, scenario or "", seed, progress.report)
    counts = {name: len(table) for name, table in made.world.tables.items()}
    if output.json:
        content = {"branch": branch, "from": made.parent, "commits": list(made.commits), "counts": counts}
        output.document("memento.extend/1", content | {"clock": made.world.manifest.clock})
    tip = made.commits[-1] if made.commits else made.parent
    words = plural(len(made.commits), "commit")
    output.message(f"{branch} at {short(tip)}: {words} more, now {plural(counts['sessions'], 'session')}")
    output.hint(f"`memento log {branch}` shows them; `memento undo` takes them back")
