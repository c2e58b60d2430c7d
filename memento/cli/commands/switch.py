"""``memento switch``."""

from __future__ import annotations

import click

from memento.cli.completion import branches
from memento.cli.context import Context, define, json_option


@define(
    """
    memento switch trial
    memento switch -
    """
)
@click.argument("branch", metavar="BRANCH", shell_complete=branches)
@json_option
def command(context: Context, branch: str) -> None:
    """Choose the current branch.

    The current branch, HEAD, is the one that commands take where no revision is given. There are
    no working files: switching changes nothing else. `-` goes back to the branch before, @{-2} to
    the one before that.
    """
    repository = context.workspace.repository
    back = "1" if branch == "-" else branch[3:-1] if branch[:3] == "@{-" and branch[-1:] == "}" else ""
    if back.isdecimal():
        branch = repository.left_branch(int(back[:9]))
    repository.set_head(branch)
    if context.output.json:
        context.output.document("memento.switch/1", {"branch": branch, "commit": repository.resolve("HEAD")})
    context.output.message(f"On branch {branch}")
