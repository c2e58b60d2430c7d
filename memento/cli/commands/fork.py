"""``memento fork``."""

from __future__ import annotations

import click

from memento.cli.arguments import instant_of, instant_options
from memento.cli.completion import revisions
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.present import short
from memento.errors import UsageError
from memento.world.values import format_time


@define(
    """
    memento fork main trial
    memento fork main early --at main~3
    memento fork main early --at ~3
    memento fork main what-if --at-session SESSION_ID
    memento fork main what-if --at-time 2026-03-16T09:00:00Z
    memento fork main trial -n 100
    """
)
@click.argument("base", metavar="BASE", shell_complete=revisions)
@click.argument("new", metavar="NEW")
@click.option(
    "--at",
    "at",
    metavar="REV",
    shell_complete=revisions,
    help="Start at this past state of BASE; ~3 is three commits before its tip.",
)
@instant_options
@click.option(
    "-n", "--count", metavar="N", type=click.IntRange(1, 1_000_000), help="Start N branches: NEW-1, NEW-2 and so on."
)
@click.option("-s", "--switch", "switch", is_flag=True, help="Make the new branch the current one.")
@json_option
def command(
    context: Context,
    base: str,
    new: str,
    at: str | None,
    session: str | None,
    time: str | None,
    count: int | None,
    switch: bool,
) -> None:
    """Start one or many branches from a world.

    NEW begins as BASE is now, or was at REV, and from then on changes on its own. A fork costs the
    same for any size of world.

    With --at-session or --at-time NEW begins as the world of BASE was at that instant of its own time,
    by its records: what came later is not there, what was retired later lives. It parts from the last
    commit before the instant, with a commit of its own where that is inside a week.
    """
    output, repository = context.output, context.workspace.repository
    if session is not None or time is not None:
        if at is not None or count is not None:
            raise UsageError(
                "--at-session and --at-time go without --at and -n", f"fork NEW again: `memento fork {new} trial -n 9`"
            )
        _in_time(context, base, new, instant_of(context, base, session, time), switch)
        return
    if switch and count is not None:
        raise UsageError(
            "--switch goes with one branch, not with -n", f"`memento fork {base} {new} --switch` starts one"
        )
    revision = base
    if at is not None:
        revision = base + at if at[0] in "~^" else at
        if not repository.is_ancestor(revision, base):
            hint = f"`memento log {base}` lists it; or start there: `memento fork {at} {new}`"
            raise UsageError(f"{at} is not in the history of {base}", hint)
    commit = repository.resolve(revision)
    names = repository.fork(revision, new, count, switch)
    if output.json:
        output.document("memento.fork/1", {"base": base, "commit": commit, "branches": names})
    if count is None:
        output.message(f"Branch {names[0]} starts at {revision} ({short(commit)})")
        output.hint(
            f"`memento show {names[0]} --table memories` lists what can be changed, `memento edit --help` says how"
        )
    else:
        span = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
        start = plural(len(names), "branch starts", "branches start")
        output.message(f"{start} at {revision} ({short(commit)}): {span}")
        output.hint(f"`memento branch '{new}-*'` lists them")


def _in_time(context: Context, base: str, new: str, instant: int, switch: bool) -> None:
    output, repository = context.output, context.workspace.repository
    made = context.workspace.timelines.fork(base, new, instant)
    if switch:
        repository.set_head(new)
    commit = repository.resolve(new)
    if output.json:
        content = {"base": base, "commit": commit, "branches": [new], "parent": made.parent, "instant": instant}
        output.document("memento.fork/1", content)
    parts = f"parts from {short(made.parent)}" if made.parent else "begins before the first commit, with none before it"
    output.message(f"Branch {new} ({short(commit)}) is {base} at {format_time(instant)}; it {parts}")
    output.hint(f"`memento edit {new} memory:ID FIELD=VALUE` changes it, `memento extend {new} --days 7` goes on")
