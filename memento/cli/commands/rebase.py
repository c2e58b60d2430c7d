"""``memento rebase``."""

from __future__ import annotations

import click

from memento.cli.completion import branches, revisions
from memento.cli.context import Context, define, json_option
from memento.cli.gating import no_gate_option
from memento.cli.steering import deciding, policy_of, steer, steering, tell
from memento.errors import UsageError


@define(
    """
    memento rebase main
    memento rebase main trial
    memento rebase --onto main trial~3 trial --dry-run
    memento rebase --continue
    memento rebase --skip
    """
)
@click.argument("upstream", metavar="[UPSTREAM]", required=False, shell_complete=revisions)
@click.argument("branch", metavar="[BRANCH]", required=False, shell_complete=branches)
@click.option(
    "--onto", metavar="NEWBASE", shell_complete=revisions, help="Where the commits are put, if not on UPSTREAM."
)
@deciding(ours="the new base", theirs="BRANCH")
@steering("rebase", skip=True)
@no_gate_option
@json_option
def command(
    context: Context,
    upstream: str | None,
    branch: str | None,
    onto: str | None,
    dry_run: bool,
    ours: bool,
    theirs: bool,
    proceed: bool,
    abort: bool,
    skip: bool,
) -> int:
    """Put a branch's own commits on top of another.

    The commits that BRANCH (the current one if left out) has and UPSTREAM has not are made again on
    UPSTREAM, or on NEWBASE, and BRANCH moves there in one step when all are. As in git, merges are
    left out, and in conflicts ours is the new base and theirs the commit that is carried over.
    """
    given = {"upstream": upstream, "branch": branch, "onto": onto, "dry_run": dry_run, "ours": ours, "theirs": theirs}
    code = steer(context, "rebase", given | {"proceed": proceed, "abort": abort, "skip": skip})
    if code is not None:
        return code
    if upstream is None:
        raise UsageError("name the branch to rebase onto", "`memento rebase UPSTREAM`, or --continue, --skip, --abort")
    merge = context.workspace.merges.rebase(upstream, branch, onto, policy_of(ours, theirs), dry_run)
    return tell(context, merge, dry_run)
