"""``memento merge``."""

from __future__ import annotations

import click

from memento.cli.completion import branches, revisions
from memento.cli.context import Context, define, json_option
from memento.cli.gating import no_gate_option
from memento.cli.steering import deciding, policy_of, steer, steering, tell
from memento.errors import UsageError


@define(
    """
    memento merge trial
    memento merge trial --into main --dry-run
    memento merge trial-1 trial-2 trial-3 --into main
    memento merge trial --theirs -m "take the trial's values"
    memento merge --continue
    memento merge --abort
    """
)
@click.argument("others", metavar="[OTHER]...", nargs=-1, shell_complete=revisions)
@click.option(
    "--into",
    "into",
    metavar="BRANCH",
    shell_complete=branches,
    help="The branch that receives the changes, if not the current one.",
)
@deciding(theirs="OTHER")
@click.option("-m", "--message", default="", help="Message of the merge commit.")
@steering("merge")
@no_gate_option
@json_option
def command(
    context: Context,
    others: tuple[str, ...],
    into: str | None,
    dry_run: bool,
    ours: bool,
    theirs: bool,
    message: str,
    proceed: bool,
    abort: bool,
) -> int:
    """Join other branches' changes into a branch.

    Fields are merged one by one, then the merged world is checked. What both sides changed apart is
    a conflict, what contradicts itself after the merge a violation; with any of them open nothing
    is committed and the exit code is 1: see memento conflicts and memento resolve. Several OTHERs
    become one commit; which of them is named first makes no difference.
    """
    given = {"others": others, "into": into, "dry_run": dry_run, "ours": ours, "theirs": theirs, "message": message}
    code = steer(context, "merge", given | {"proceed": proceed, "abort": abort})
    if code is not None:
        return code
    if not others:
        raise UsageError("name the branch to merge", "`memento merge OTHER`, or --continue, or --abort")
    return tell(context, context.workspace.merge(others, into, policy_of(ours, theirs), dry_run, message), dry_run)
