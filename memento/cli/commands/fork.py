"""``memento fork``."""

from __future__ import annotations

import click

from memento.cli.completion import revisions
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.present import short
from memento.errors import UsageError


@define(
    """
    memento fork main trial
    memento fork main early --at main~3
    memento fork main early --at ~3
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
@click.option(
    "-n", "--count", metavar="N", type=click.IntRange(1, 1_000_000), help="Start N branches: NEW-1, NEW-2 and so on."
)
@click.option("-s", "--switch", "switch", is_flag=True, help="Make the new branch the current one.")
@json_option
def command(context: Context, base: str, new: str, at: str | None, count: int | None, switch: bool) -> None:
    """Start one or many branches from a world.

    NEW begins as BASE is now, or was at REV, and from then on changes on its own. A fork costs the
    same for any size of world.
    """
    output, repository = context.output, context.workspace.repository
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
