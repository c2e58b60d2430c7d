"""``memento revert``."""

from __future__ import annotations

import click

from memento.cli.completion import branches, revisions
from memento.cli.context import Context, define, json_option
from memento.cli.gating import no_gate_option
from memento.cli.steering import deciding, policy_of, steer, steering, tell
from memento.errors import UsageError


@define(
    """
    memento revert main
    memento revert main~3..main --dry-run
    memento revert main~1 --onto trial
    memento revert main --mainline 1
    memento revert --continue
    """
)
@click.argument("reverted", metavar="[REV]...", nargs=-1, shell_complete=revisions)
@click.option("--onto", metavar="BRANCH", shell_complete=branches, help="The branch to change, if not the current one.")
@click.option(
    "-m", "--mainline", metavar="PARENT", type=click.IntRange(1), help="Go back to a merge's parent of this number."
)
@click.option("--message", metavar="TEXT", default="", help="Message, for one commit.")
@deciding(theirs="the state before the reverted commits")
@steering("revert", skip=True)
@no_gate_option
@json_option
def command(
    context: Context,
    reverted: tuple[str, ...],
    onto: str | None,
    mainline: int | None,
    message: str,
    dry_run: bool,
    ours: bool,
    theirs: bool,
    proceed: bool,
    abort: bool,
    skip: bool,
) -> int:
    """Take the changes of commits back by new commits.

    REV is a commit, or a range FROM..TO: what TO has and FROM has not, newest first. What was
    changed since stays; where it was the same thing, that is a conflict, as in memento merge. To
    take back the last command instead, whatever it was: memento undo.
    """
    given = {"reverted": reverted, "onto": onto, "mainline": mainline, "message": message}
    given |= {"dry_run": dry_run, "ours": ours, "theirs": theirs}
    code = steer(context, "revert", given | {"proceed": proceed, "abort": abort, "skip": skip})
    if code is not None:
        return code
    if not reverted:
        raise UsageError("name the commits to revert", "`memento revert REV`, or --continue, --skip or --abort")
    policy = policy_of(ours, theirs)
    return tell(
        context, context.workspace.merges.revert(reverted, onto, mainline or 0, policy, dry_run, message), dry_run
    )
