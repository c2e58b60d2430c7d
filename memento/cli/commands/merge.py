"""``memento merge``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from memento.cli.completion import branches, revisions
from memento.cli.context import Context, define, json_option
from memento.cli.failure import CONFLICT, OK
from memento.cli.merging import change_counts, decided_lines, merge_map, open_lines, open_words, rest_hint, sides
from memento.cli.present import short
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.history.merges import Merge


@define(
    """
    memento merge trial
    memento merge trial --into main --dry-run
    memento merge trial --theirs -m "take the trial's values"
    memento merge --continue
    memento merge --abort
    """
)
@click.argument("other", metavar="[OTHER]", shell_complete=revisions, required=False)
@click.option(
    "--into",
    "into",
    metavar="BRANCH",
    shell_complete=branches,
    help="The branch that receives the changes, if not the current one.",
)
@click.option("-n", "--dry-run", "dry_run", is_flag=True, help="Tell what would happen and change nothing.")
@click.option("--ours", is_flag=True, help="Decide every conflict for the receiving branch.")
@click.option("--theirs", is_flag=True, help="Decide every conflict for OTHER.")
@click.option("-m", "--message", default="", help="Message of the merge commit.")
@click.option("--continue", "proceed", is_flag=True, help="Commit a merge whose conflicts are all decided.")
@click.option("--abort", is_flag=True, help="Give a merge in progress up; no branch has moved.")
@json_option
def command(
    context: Context,
    other: str | None,
    into: str | None,
    dry_run: bool,
    ours: bool,
    theirs: bool,
    message: str,
    proceed: bool,
    abort: bool,
) -> int:
    """Join another branch's changes into a branch.

    Fields are merged one by one, then the merged world is checked. What both sides changed apart is
    a conflict, what contradicts itself after the merge a violation; with any of them open nothing
    is committed and the exit code is 1: see memento conflicts and memento resolve.
    """
    output, workspace = context.output, context.workspace
    if proceed or abort:
        if other or into or dry_run or ours or theirs or (proceed and abort):
            raise UsageError(
                "--continue and --abort stand alone", "`memento merge --continue`, `memento merge --abort`"
            )
        if abort:
            workspace.merge_abort()
            if output.json:
                output.document("memento.merge/1", {"kind": "aborted"})
            output.message("Gave the merge up; no branch has moved")
            return OK
        return _tell(context, workspace.merge_continue(), dry_run=False)
    if other is None:
        raise UsageError("name the branch to merge", "`memento merge OTHER`, or --continue, or --abort")
    if ours and theirs:
        raise UsageError("--ours and --theirs exclude each other")
    policy = "ours" if ours else "theirs" if theirs else None
    return _tell(context, workspace.merge(other, into, policy, dry_run, message), dry_run)  # type: ignore[arg-type]


def _tell(context: Context, merge: Merge, dry_run: bool) -> int:
    output = context.output
    code = CONFLICT if merge.kind == "open" else OK
    if output.json:
        output.document("memento.merge/1", {**merge_map(merge), "dry_run": dry_run})
        return code
    names = sides(context.workspace, merge)
    would = "would be " if dry_run else ""
    if merge.kind == "up to date":
        output.message(f"{merge.branch} has all of {names[1]} already")
    elif merge.kind == "fast-forward":
        output.message(f"{merge.branch} {would}moved forward to {short(merge.theirs)}; it had no changes of its own")
    elif merge.kind == "merged":
        where = f" as {short(merge.commit)}" if merge.commit else ""
        output.message(f"{names[1]} {would}merged into {merge.branch}{where}")
        if not output.quiet:
            output.lines(change_counts(merge, names))
            output.lines(decided_lines(merge))
        if not dry_run:
            branch = merge.branch
            output.hint(f"`memento diff {branch}~1 {branch}` shows what came in; `memento undo` takes it back")
    elif merge.result is not None:
        stopped = "would stop" if dry_run else "stopped"
        output.message(f"Merging {names[1]} into {merge.branch} {stopped} at {open_words(merge)}")
        output.lines(open_lines(output, merge.result.conflicts, merge.result.violations, names))
        output.hint("without --dry-run the merge waits for your decisions" if dry_run else rest_hint(merge))
    return code
