"""``memento bundle``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from memento.cli import completion
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, clean, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.cli.sharing import reporter
from memento.cli.writing import force_option, ready
from memento.errors import RepositoryNotFound, UsageError

if TYPE_CHECKING:
    from memento.history import Repository


def _words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    given = ctx.params.get("words") or ()
    if not given:
        return [CompletionItem(word) for word in ("create", "verify") if word.startswith(incomplete)]
    if len(given) == 1:
        return [CompletionItem(incomplete, type="file")]
    return completion.revisions(ctx, param, incomplete)


@define(
    """
    memento bundle create worlds.bundle
    memento bundle create update.bundle main --since v1
    memento bundle verify worlds.bundle
    """
)
@click.argument("words", metavar="create|verify FILE [BRANCH]...", nargs=-1, required=True, shell_complete=_words)
@click.option("--since", metavar="REV", default="", shell_complete=completion.revisions,
              help="Leave out what REV has; who reads it must have that.")  # fmt: skip
@force_option
@json_option
def command(context: Context, words: tuple[str, ...], since: str, force: bool) -> None:
    """Write branches and tags into one file, or check such a file.

    The file is a bundle as git writes it: memento clone, memento fetch and stock git read it.
    Without BRANCH it holds all branches, tags and notes.
    """
    action, *rest = words
    if action not in ("create", "verify") or not rest:
        raise UsageError("bundle takes create FILE or verify FILE", "see `memento bundle --help`")
    file = (context.directory or Path()) / rest[0] if not Path(rest[0]).is_absolute() else Path(rest[0])
    if action == "create":
        repository = context.workspace.repository
        _create(context, repository, ready(file, force, "FILE"), rest[1:], since)
        return
    if rest[1:] or since or force:
        raise UsageError("bundle verify takes one file", "`memento bundle verify FILE`")
    _verify(context, file)


def _create(context: Context, repository: Repository, file: Path, names: list[str], since: str) -> None:
    from memento.history.bundle import create

    output = context.output
    with Progress(output, f"writing {file.name}") as progress:
        head, count = create(repository, file, names, since, reporter(progress))
    size = file.stat().st_size
    if output.json:
        content = {
            "file": str(file),
            "refs": dict(head.refs),
            "needs": list(head.needs),
            "objects": count,
            "bytes": size,
        }
        output.document("memento.bundle/1", content)
    branches = plural(len([name for name, _ in head.refs if name != "HEAD"]), "name")
    output.message(f"Wrote {branches}, {plural(count, 'object')} to {file} ({size:,} bytes)")
    fetch = f"`memento fetch {file}` brings it into"
    output.hint(
        f"{fetch} a repository that has {since}" if since
        else f"`memento clone {file}` makes a repository of it, {fetch} one"
    )  # fmt: skip


def _verify(context: Context, file: Path) -> None:
    from memento.history.bundle import verify

    output = context.output
    try:
        repository = context.workspace.repository
    except RepositoryNotFound:
        repository = None
    head, count = verify(file, repository)
    if output.json:
        output.document(
            "memento.bundle/1",
            {"file": str(file), "refs": dict(head.refs), "needs": list(head.needs), "objects": count},
        )
        return
    columns = [Column("name", style="bold"), Column("commit", style="yellow")]
    output.table(columns, ((clean(name), short(value)) for name, value in head.refs))
    output.message(
        f"{file} is whole: {plural(count, 'object')}" + (f", goes on from {short(head.needs[0])}" if head.needs else "")
    )
