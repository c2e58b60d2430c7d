"""``memento push``."""

from __future__ import annotations

import click

from memento.cli.completion import branches as own_branches
from memento.cli.context import Context, define, json_option
from memento.cli.progress import Progress
from memento.cli.sharing import remotes, reporter, transfer_lines, transfer_map


@define(
    """
    memento push
    memento push origin main trial --tags
    memento push origin main:shared
    memento push --force-with-lease
    memento push origin --delete trial
    """
)
@click.argument("remote", metavar="[REMOTE]", required=False, shell_complete=remotes)
@click.argument("names", metavar="[BRANCH]...", nargs=-1, shell_complete=own_branches)
@click.option("--tags", is_flag=True, help="Send all tags too.")
@click.option(
    "--force-with-lease", "lease", is_flag=True,
    help="Give up what is there, if it is still where it was last seen.",
)  # fmt: skip
@click.option("-d", "--delete", is_flag=True, help="Delete the branches there.")
@click.option("-n", "--dry-run", is_flag=True, help="Tell what would be sent and change nothing.")
@json_option
def command(
    context: Context, remote: str | None, names: tuple[str, ...], tags: bool, lease: bool, delete: bool, dry_run: bool
) -> None:
    """Send branches, and notes, to another repository.

    BRANCH is the current one if left out; OURS:THEIRS gives it another name there. A branch there
    only moves forward: where it has what yours has not, pull first. The operation log stays here.
    """
    output, workspace = context.output, context.workspace
    with Progress(output, f"pushing {remote or ''}".rstrip()) as progress:
        done = workspace.remotes.push(remote, names, tags, lease, delete, dry_run, reporter(progress))
    if output.json:
        output.document("memento.push/1", transfer_map(done) | {"dry_run": dry_run})
        return
    output.lines(transfer_lines(output, done))
    if not done.updates:
        output.message(f"{done.remote} has everything already")
    elif dry_run:
        output.message(f"Nothing was sent to {done.remote}; without --dry-run this would be")
    else:
        output.message(f"Pushed to {done.remote} ({done.url})")
