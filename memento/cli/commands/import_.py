"""``memento import``."""

from __future__ import annotations

import re
from pathlib import Path

import click

from memento.cli.completion import formats
from memento.cli.context import Context, define, json_option
from memento.cli.present import short, size_words
from memento.cli.progress import Progress


@define(
    """
    memento import conversation.json --format locomo
    memento import memories.db --format signet --branch real
    """
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "-f", "--format", "form", metavar="NAME", required=True, shell_complete=formats,
    help="What the file is: locomo (conversations, JSON) or signet (a memories.db).",
)  # fmt: skip
@click.option("-b", "--branch", metavar="NAME", help="The new branch; main at first, then the file's name.")
@json_option
def command(context: Context, file: Path, form: str, branch: str | None) -> None:
    """Bring real conversations or logs in as a world.

    What was really used in them becomes observed relevance. What cannot be read is counted and
    reported, never guessed.
    """
    from memento.formats import read
    from memento.workspace import Step

    output, workspace = context.output, context.workspace
    branch = branch or workspace.new_branch(_branch_name(file))
    with Progress(output, f"importing {file.name}") as progress:
        imported = read(form, file)
        steps = (Step(message, time, delta) for message, time, delta in imported.weeks)
        commits = workspace.commit_steps(branch, steps, f"import {file.name} to {branch}", progress.report)
    world = workspace.world_at(commits[-1])
    sizes = {name: len(table) for name, table in world.tables.items()}
    if output.json:
        content = {"branch": branch, "commit": commits[-1], "commits": commits, "notes": list(imported.notes)}
        output.document("memento.import/1", content | {"counts": sizes})
    for note in imported.notes:
        output.warning(note)
    words = size_words(sizes, "memories", "sessions", "turns", "candidates")
    output.message(f"Branch {branch} at {short(commits[-1])}: {words}")
    output.hint(
        f"`memento show {branch} --table sessions`, or make tensors: `memento render {branch} -o {branch}.safetensors`"
    )


def _branch_name(file: Path) -> str:
    """A branch name made of a file's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-.") or "imported"
