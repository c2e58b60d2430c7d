"""``memento pull``."""

from __future__ import annotations

import click

from memento.cli.completion import branches as own_branches
from memento.cli.context import Context, define, json_option
from memento.cli.failure import CONFLICT, OK
from memento.cli.merging import merge_map
from memento.cli.progress import Progress
from memento.cli.sharing import remotes, reporter, transfer_lines, transfer_map
from memento.cli.steering import policy_of, tell
from memento.errors import UsageError


@define(
    """
    memento pull
    memento pull origin trial --into main
    memento pull --ff-only
    memento pull --rebase
    memento pull --theirs
    """
)
@click.argument("remote", metavar="[REMOTE]", required=False, shell_complete=remotes)
@click.argument("branch", metavar="[BRANCH]", required=False)
@click.option(
    "--into", metavar="BRANCH", shell_complete=own_branches, help="The branch that receives, if not the current one."
)
@click.option("--ff-only", is_flag=True, help="Only move forward; fail where both have moved.")
@click.option("--rebase", is_flag=True, help="Put your own commits on top of theirs instead of merging.")
@click.option("--ours", is_flag=True, help="Decide every conflict for the receiving branch.")
@click.option("--theirs", is_flag=True, help="Decide every conflict for what comes in.")
@click.option("-m", "--message", default="", help="Message of the merge commit.")
@json_option
def command(
    context: Context,
    remote: str | None,
    branch: str | None,
    into: str | None,
    ff_only: bool,
    rebase: bool,
    ours: bool,
    theirs: bool,
    message: str,
) -> int:
    """Fetch, then merge into a branch of yours.

    Merges as memento merge does: conflicts wait for you, exit code 1. What comes in must be a world
    as memento keeps it; anything else is fetched and not merged.
    """
    if rebase and (ff_only or message):
        raise UsageError("--rebase goes with neither --ff-only nor -m")
    policy = policy_of(ours, theirs)
    output, workspace = context.output, context.workspace
    with Progress(output, f"pulling {remote or ''}".rstrip()) as progress:
        done, merge = workspace.remotes.pull(remote, branch, into, ff_only, rebase, policy, message, reporter(progress))
    if not output.json:
        output.lines(transfer_lines(output, done))
    if merge is None:
        own = into or workspace.repository.head
        if output.json:
            commit = workspace.repository.resolve(own)
            output.document(
                "memento.pull/1", {"fetch": transfer_map(done), "kind": "new", "branch": own, "commit": commit}
            )
        output.message(f"Made {own} of what came in")
        return OK
    if output.json:
        output.document("memento.pull/1", {"fetch": transfer_map(done), **merge_map(merge)})
        return CONFLICT if merge.kind == "open" else OK
    return tell(context, merge)
