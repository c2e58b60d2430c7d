"""``memento switch``."""

from __future__ import annotations

import click

from memento.cli.completion import branches
from memento.cli.context import Context, define, json_option


@define(
    """
    memento switch trial
    """
)
@click.argument("branch", metavar="BRANCH", shell_complete=branches)
@json_option
def command(context: Context, branch: str) -> None:
    """Choose the current branch.

    The current branch, HEAD, is the one that commands take where no revision is given. There are
    no working files: switching changes nothing else.
    """
    repository = context.workspace.repository
    repository.set_head(branch)
    if context.output.json:
        context.output.document("memento.switch/1", {"branch": branch, "commit": repository.resolve("HEAD")})
    context.output.message(f"On branch {branch}")
