"""``memento tag``."""

from __future__ import annotations

import click

from memento.cli.completion import revisions
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column
from memento.cli.present import short
from memento.errors import UsageError


@define(
    """
    memento tag
    memento tag v1
    memento tag baseline main~3 -m "before the migration"
    memento tag -d v1
    """
)
@click.argument("name", metavar="[NAME]", required=False)
@click.argument("revision", metavar="[REV]", shell_complete=revisions, default="HEAD")
@click.option("-m", "--message", default="", help="Say why; the tag keeps it.")
@click.option("-d", "--delete", is_flag=True, help="Delete the tag.")
@json_option
def command(context: Context, name: str | None, revision: str, message: str, delete: bool) -> None:
    """Give a commit a lasting name.

    Without NAME it lists all tags. REV is the current branch if left out.
    """
    output, repository = context.output, context.workspace.repository
    if name is None:
        if delete:
            raise UsageError("name the tag to delete", "`memento tag -d NAME`")
        tags = repository.tags()
        if output.json:
            rows = [{"name": t.name, "commit": t.commit, "message": t.message.rstrip("\n")} for t in tags]
            output.document("memento.tag/1", {"tags": rows})
        elif not tags:
            output.message("No tags yet")
            output.hint("`memento tag v1` calls the current branch's commit v1")
        else:
            columns = [Column("tag", style="bold"), Column("commit", style="yellow"), Column("message", long=True)]
            output.table(columns, ((t.name, short(t.commit), t.message.partition("\n")[0]) for t in tags))
        return
    if delete:
        repository.delete_tag(name)
        if output.json:
            output.document("memento.tag/1", {"deleted": [name]})
        output.message(f"Deleted tag {name}")
        return
    commit = repository.resolve(revision)
    repository.tag(name, revision, message)
    if output.json:
        output.document("memento.tag/1", {"tags": [{"name": name, "commit": commit, "message": message}]})
    output.message(f"Tagged {short(commit)} as {name}")
