"""``memento fetch``."""

from __future__ import annotations

import click

from memento.cli.context import Context, define, json_option
from memento.cli.progress import Progress
from memento.cli.sharing import came, remotes, reporter, transfer_lines, transfer_map


@define(
    """
    memento fetch
    memento fetch origin trial
    memento fetch update.bundle
    memento fetch --prune
    """
)
@click.argument("remote", metavar="[REMOTE]", required=False, shell_complete=remotes)
@click.argument("branches", metavar="[BRANCH]...", nargs=-1)
@click.option("-p", "--prune", is_flag=True, help="Forget branches that are gone there.")
@json_option
def command(context: Context, remote: str | None, branches: tuple[str, ...], prune: bool) -> None:
    """Bring in what another repository has; your branches stay.

    Its branches are seen as REMOTE/BRANCH, its tags and notes are taken over. REMOTE is a name, an
    address or a bundle file; if left out, the one that the current branch follows, or origin.
    """
    output, workspace = context.output, context.workspace
    with Progress(output, f"fetching {remote or ''}".rstrip()) as progress:
        done = workspace.remotes.fetch(remote, branches, prune, reporter(progress))
    if output.json:
        output.document("memento.fetch/1", transfer_map(done))
        return
    output.lines(transfer_lines(output, done))
    if not done.offered:
        output.warning(f"{done.url} is empty: it has no branches yet")
    elif not done.updates:
        output.message(f"Nothing new in {done.remote}")
    else:
        output.message(f"Fetched {done.remote} ({came(done) or 'nothing had to be sent'})")
        if done.moved:
            output.hint(
                f"`memento pull {done.remote}` merges into the current branch; `memento undo` takes the fetch back"
            )
