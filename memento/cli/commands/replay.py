"""``memento replay``."""

from __future__ import annotations

import click

from memento.cli.arguments import instant_of, instant_options, overrides
from memento.cli.completion import revisions
from memento.cli.completion import settings as parameters
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.world.values import format_time


@define(
    """
    memento replay main busier --at-time 2026-03-16 --set memories.births_per_session=1.2
    memento replay main quiet --from-session SESSION_ID --set sessions.project_activity=[0.5]
    memento replay main placebo --at-time 2026-03-16
    """
)
@click.argument("base", metavar="BASE", shell_complete=revisions)
@click.argument("new", metavar="NEW")
@instant_options
@click.option(
    "--set", "settings", metavar="KEY=VALUE", multiple=True, shell_complete=parameters,
    help="Change a scenario parameter from there on; repeatable.",
)  # fmt: skip
@json_option
def command(
    context: Context, base: str, new: str, session: str | None, time: str | None, settings: tuple[str, ...]
) -> None:
    """Tell a world again from an instant under other parameters.

    NEW parts from BASE at that instant and is simulated on to BASE's own end, one commit a week, with
    common random numbers: every draw for a record that both have is the same, so what differs between
    the two was caused by what was set. With nothing set, or what cannot matter, nothing differs.
    """
    output, workspace = context.output, context.workspace
    values = overrides(settings, "`memento scenarios --parameters` lists every parameter")
    instant = instant_of(context, base, session, time)
    with Progress(output, f"replaying {base}") as progress:
        made = workspace.timelines.replay(base, new, values, instant, progress.report)
    repository = workspace.repository
    same = repository.tree_of(new) == repository.tree_of(base)
    if output.json:
        content = {"base": base, "branch": new, "from": made.parent, "instant": made.instant, "set": values}
        more = {"commits": list(made.commits), "same": same, "without_a_say": list(made.silent)}
        output.document("memento.replay/1", content | more)
    words = plural(len(made.commits), "commit")
    output.message(f"Branch {new} at {short(repository.resolve(new))}: {words} from {format_time(made.instant)}")
    if made.silent:
        output.message(f"{', '.join(made.silent)} shapes the start of a world alone, and has no say from there on")
    if same:
        output.message(f"{new} ends as {base} does: the trees are equal")
    output.hint(f"`memento log {new}` shows it" if same else f"`memento effect {base} {new}` shows what it did")
