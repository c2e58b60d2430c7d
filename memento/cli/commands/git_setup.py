"""``memento git-setup``."""

from __future__ import annotations

from pathlib import Path

import click

from memento.cli.context import Context, define, json_option


@define(
    """
    memento git-setup
    memento git-setup ../clone
    memento git-setup --undo
    """
)
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--undo", is_flag=True, help="Take the settings out again.")
@json_option
def command(context: Context, directory: Path, undo: bool) -> None:
    """Let stock git show records and merge by memento's rules.

    In DIR, made by git clone: git diff, git show and git log -p print records, and git merge and git
    pull join worlds as memento merge does. Changes that clone's own settings alone.
    """
    from memento.git.attach import PROGRAM, attach, detach

    output = context.output
    directory = (context.directory or Path()) / directory
    if undo:
        path = detach(directory)
        if output.json:
            output.document("memento.git-setup/1", {"path": str(path), "settings": {}, "strategy": False})
        output.message(f"Took memento's settings out of {path}")
        return
    done = attach(directory)
    if output.json:
        content = {"path": str(done.path), "settings": done.settings, "strategy": done.strategy}
        output.document("memento.git-setup/1", content)
    output.message(f"Set {done.path} up: git diff, git show and git log -p print records")
    if done.strategy:
        output.message("git merge and git pull join worlds by memento's rules")
        output.hint("`git diff HEAD~1 HEAD` shows it; `memento git-setup --undo` takes it out")
    else:
        output.warning(f"{PROGRAM} is not on PATH, so git merges file by file")
        output.hint("put the folder of `memento` on PATH, and run `memento git-setup` again")
