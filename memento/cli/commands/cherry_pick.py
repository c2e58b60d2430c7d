"""``memento cherry-pick``."""

from __future__ import annotations

import click

from memento.cli.completion import branches, revisions
from memento.cli.context import Context, define, json_option
from memento.cli.gating import no_gate_option
from memento.cli.steering import deciding, policy_of, steer, steering, tell
from memento.errors import UsageError


@define(
    """
    memento cherry-pick trial --onto main
    memento cherry-pick trial~3..trial --dry-run
    memento cherry-pick main~2 --mainline 1
    memento cherry-pick --continue
    """
)
@click.argument("picked", metavar="[REV]...", nargs=-1, shell_complete=revisions)
@click.option(
    "--onto", metavar="BRANCH", shell_complete=branches, help="The branch that receives them, if not the current one."
)
@click.option(
    "-m", "--mainline", metavar="PARENT", type=click.IntRange(1), help="Compare a merge with its parent of this number."
)
@click.option("-x", "origin", is_flag=True, help="Name the commit that was picked at the end of the message.")
@click.option("--message", metavar="TEXT", default="", help="Message, for one commit, in place of its own.")
@deciding(theirs="the picked commits")
@steering("cherry-pick", skip=True)
@no_gate_option
@json_option
def command(
    context: Context,
    picked: tuple[str, ...],
    onto: str | None,
    mainline: int | None,
    origin: bool,
    message: str,
    dry_run: bool,
    ours: bool,
    theirs: bool,
    proceed: bool,
    abort: bool,
    skip: bool,
) -> int:
    """Make the changes of single commits again on a branch.

    REV is a commit, or a range FROM..TO: what TO has and FROM has not, oldest first. Authors and
    messages are kept, and a change that is there already is left out. It is a merge whose base is
    the commit's parent, so it stops at conflicts as memento merge does.
    """
    given = {"picked": picked, "onto": onto, "mainline": mainline, "origin": origin, "message": message}
    given |= {"dry_run": dry_run, "ours": ours, "theirs": theirs}
    code = steer(context, "cherry-pick", given | {"proceed": proceed, "abort": abort, "skip": skip})
    if code is not None:
        return code
    if not picked:
        raise UsageError("name the commits to pick", "`memento cherry-pick REV`, or --continue, --skip or --abort")
    policy = policy_of(ours, theirs)
    done = context.workspace.merges.cherry_pick(picked, onto, mainline or 0, policy, dry_run, message, origin)
    return tell(context, done, dry_run)
