"""``memento init``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from memento.cli.context import Context, define, json_option


@define(
    """
    memento init
    memento init worlds && cd worlds
    """
)
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@json_option
def command(context: Context, directory: Path) -> None:
    """Create a repository.

    Makes DIR/.memento (DIR is the current folder if left out), a bare git repository that holds
    every world and its history. Where there is one already, nothing changes.
    """
    from memento.history import Repository

    with Repository.init((context.directory or Path()) / directory) as repository:
        created, path = repository.created, Path(os.path.normpath(repository.path))
    if context.output.json:
        context.output.document("memento.init/1", {"path": str(path), "created": created})
    context.output.message(f"{'Created a repository in' if created else 'There is a repository already in'} {path}")
    if created:
        context.output.hint("make a first world: `memento generate tiny` (`memento scenarios` lists others)")
