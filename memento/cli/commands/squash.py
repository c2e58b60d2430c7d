"""``memento squash``."""

from __future__ import annotations

import click

from memento.cli.completion import branches, revisions
from memento.cli.context import Context, define, json_option
from memento.cli.gating import no_gate_option
from memento.cli.steering import policy_of, steer, steering, tell
from memento.errors import UsageError


@define(
    """
    memento squash trial --into main
    memento squash -n 3
    memento squash -n 3 trial -m "one change"
    memento squash main..trial
    memento squash --continue
    """
)
@click.argument("others", metavar="[BRANCH | REV..[BRANCH]]...", nargs=-1, shell_complete=revisions)
@click.option(
    "--into", metavar="BRANCH", shell_complete=branches, help="The branch that receives it, if not the current one."
)
@click.option("-n", "--last", "count", metavar="N", type=click.IntRange(1), help="Fold the last N commits of BRANCH.")
@click.option("-m", "--message", default="", help="Message of the one commit.")
@click.option("--dry-run", "dry_run", is_flag=True, help="Tell what would happen and change nothing.")
@click.option("--ours", is_flag=True, help="Decide every conflict for the receiving branch.")
@click.option("--theirs", is_flag=True, help="Decide every conflict for the other side.")
@steering("squash")
@no_gate_option
@json_option
def command(
    context: Context,
    others: tuple[str, ...],
    into: str | None,
    count: int | None,
    message: str,
    dry_run: bool,
    ours: bool,
    theirs: bool,
    proceed: bool,
    abort: bool,
) -> int:
    """Make one plain commit of many.

    memento squash BRANCH --into main brings what BRANCH changed into main as one commit with one
    parent. memento squash REV..BRANCH, or -n N BRANCH, folds the commits of BRANCH after REV, or
    its last N, into one; its world stays as it is.
    """
    given = {"others": others, "into": into, "count": count, "message": message}
    given |= {"dry_run": dry_run, "ours": ours, "theirs": theirs}
    code = steer(context, "squash", given | {"proceed": proceed, "abort": abort})
    if code is not None:
        return code
    merges = context.workspace.merges
    ranges = [word for word in others if ".." in word]
    if not ranges and count is None:
        if not others:
            hint = "`memento squash BRANCH --into main`, `memento squash REV..`, or `memento squash -n 3`"
            raise UsageError("say what to squash", hint)
        return tell(context, merges.squash(others, into, policy_of(ours, theirs), dry_run, message), dry_run)
    if into or ours or theirs:
        raise UsageError("--into, --ours and --theirs go with a branch to bring in", "folding changes no world")
    if len(others) > 1 or (ranges and count):
        raise UsageError("fold one range, or the last commits of one branch", "see `memento squash --help`")
    since, _, branch = others[0].partition("..") if ranges else ("", "", *others) if others else ("", "", "")
    if "..." in "".join(ranges) or (ranges and not since):
        raise UsageError(f"{ranges[0]!r} is not REV..BRANCH", "`memento squash main..trial`, or `memento squash -n 3`")
    return tell(context, merges.fold(branch or None, since, count or 0, dry_run, message), dry_run)
