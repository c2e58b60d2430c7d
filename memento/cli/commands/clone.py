"""``memento clone``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.progress import Progress
from memento.cli.sharing import came, reporter, transfer_lines, transfer_map


@define(
    """
    memento clone https://example.org/team/worlds.git
    memento clone ssh://git@example.org/team/worlds.git mine
    memento clone ../theirs copy --branch trial
    memento clone worlds.bundle
    """
)
@click.argument("url", metavar="URL")
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "-b", "--branch", metavar="BRANCH", default="", help="The branch to work on, if not the current one there."
)
@click.option("-o", "--origin", metavar="NAME", default="origin", show_default=True, help="What to call it here.")
@json_option
def command(context: Context, url: str, directory: Path | None, branch: str, origin: str) -> None:
    """Copy a repository from elsewhere.

    URL is an https or ssh address, a folder, or a bundle file. Makes DIR/.memento, DIR called after
    the address if left out. What comes in is checked whole before any of it counts.
    """
    from memento.history.transfer import clone

    output = context.output
    base = context.directory or Path()
    with Progress(output, f"cloning {url}") as progress:
        if directory is None:
            from memento.history.address import parse_address

            directory = Path(parse_address(url).name)
        path, done = clone(url, base / directory, branch, origin, progress=reporter(progress))
    from memento.history import Repository

    with Repository.open(path.parent) as repository:
        own, branches = repository.head, len(repository.refs.names(f"refs/remotes/{origin}/"))
        tip = repository.refs.read(f"refs/heads/{own}")
    if output.json:
        content = {"path": str(path), "branch": own if tip else None, "commit": tip or None}
        output.document("memento.clone/1", content | transfer_map(done))
        return
    output.lines(transfer_lines(output, done) if output.verbose else ())
    if not tip:
        output.warning(f"{url} is empty: it has no branches yet")
    for update in done.refused[:5]:
        output.warning(f"{update.name} was left out: {update.why}")
    what = f": {plural(branches, 'branch', 'branches')}, {came(done)}" if tip else ""
    output.message(f"Cloned {url} into {os.path.normpath(path.parent)}{what}")
    if tip:
        another = f"; `memento fork {origin}/BRANCH BRANCH` starts on another" if branches > 1 else ""
        output.hint(f"`cd {directory} && memento log` shows {own}{another}")
