"""``memento edit``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from memento.changes.operations import Operation
from memento.cli.arguments import is_record, record_name
from memento.cli.changes import diff_lines
from memento.cli.completion import edited
from memento.cli.context import Context, define, json_option
from memento.cli.present import short
from memento.errors import InvalidFile, UsageError

_SHOWN = 20
_ONE_CHANGE = 'a change is such as {"set": "memory:ID", "values": {"importance": 0.9}}; so are add, delete, supersede'


@define(
    """
    memento edit trial memory:MEMORY_ID importance=0.9 pinned=yes -m "matters more"
    memento edit trial memory:MEMORY_ID --delete
    memento edit trial memory:MEMORY_ID --supersede text="We deploy to Berlin now"
    memento edit trial memory:new text="Prefers tea" created_at=2026-03-02T09:00:00Z
    memento edit trial memory:MEMORY_ID --editor
    memento edit trial --file changes.jsonl
    """
)
@click.argument("words", metavar="[BRANCH] RECORD [FIELD=VALUE]...", nargs=-1, shell_complete=edited)
@click.option("--delete", is_flag=True, help="Remove the record.")
@click.option("--cascade", is_flag=True, help="With --delete: also remove what cannot do without it.")
@click.option("--supersede", is_flag=True, help="Retire the memory by a newer one with these fields.")
@click.option("--add", is_flag=True, help="Add a record with this id; memory:new adds one with an id of its own.")
@click.option(
    "-f",
    "--file",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Take changes from a .jsonl, .json or .toml file, or JSON lines from stdin (-), such as "
    '{"set": "memory:ID", "values": {"importance": 0.9}}.',
)
@click.option("-e", "--editor", is_flag=True, help="Open the record in $EDITOR.")
@click.option("-m", "--message", default="", help="Say why, in the commit.")
@json_option
def command(
    context: Context,
    words: tuple[str, ...],
    delete: bool,
    cascade: bool,
    supersede: bool,
    add: bool,
    file: Path | None,
    editor: bool,
    message: str,
) -> None:
    """Change records and commit the change.

    BRANCH is the current one if left out. A RECORD is memory:ID, entity:ID, session:ID, turn:ID and
    so on; many records with their fields may follow each other in one edit. A value is checked
    against its field, a reference against the world, and all faults are told at once. Each edit is
    one commit.
    """
    output, workspace = context.output, context.workspace
    branch, rest = _branch(context, words)
    verbs = {"--delete": delete, "--supersede": supersede, "--add": add, "--editor": editor}
    chosen = [name for name, on in verbs.items() if on]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other", "see `memento edit --help`")
    if cascade and not delete:
        raise UsageError("--cascade goes with --delete", "`memento edit BRANCH memory:ID --delete --cascade`")
    if file is not None:
        if rest or chosen:
            raise UsageError("--file goes without records and other options", "`memento edit BRANCH --file FILE`")
        changes: Sequence[Operation] | Sequence[str] = _read(file)
    elif editor:
        changes = _in_editor(context, branch, rest)
    else:
        changes = _with_verb(rest, delete, cascade, supersede, add)
    if not changes:
        output.message("Nothing to change")
        if output.json:
            commit = workspace.repository.resolve(branch)
            output.document("memento.edit/1", {"branch": branch, "commit": commit, "changed": False})
        return
    done = workspace.edit(branch, changes, message)
    if output.json:
        content = {"branch": branch, "commit": done.commit, "changed": bool(done.diff)}
        output.document("memento.edit/1", content | done.diff.to_json())
        return
    if not done.diff:
        output.message(f"Nothing changed: {branch} holds these values already")
        return
    output.message(f"Committed {short(done.commit)} on {branch}")
    if not output.quiet:
        output.lines(diff_lines(output, done.diff, _SHOWN))
    output.hint(f"`memento diff {branch}~1 {branch}` shows it again, `memento undo` takes it back")


def _branch(context: Context, words: Sequence[str]) -> tuple[str, list[str]]:
    """The branch, which may be left out, and the words after it."""
    if words and ":" not in words[0].partition("=")[0] and "=" not in words[0]:
        return words[0], list(words[1:])
    return context.workspace.repository.head, list(words)


def _with_verb(words: list[str], delete: bool, cascade: bool, supersede: bool, add: bool) -> list[str]:
    """The words of an edit with an option's verb put in."""
    if not words:
        raise UsageError("say what to change", "`memento edit BRANCH memory:ID importance=0.9`")
    if not is_record(words[0].partition("=")[0]):
        raise UsageError(f"{words[0]!r} names no record", "write it as memory:ID")
    if add:
        return [words[0], "add", *words[1:]]
    verb = ["delete"] * delete + ["cascade"] * cascade + ["supersede"] * supersede
    if verb and sum(is_record(word.partition("=")[0]) for word in words) > 1 and not delete:
        raise UsageError("--supersede takes one memory", "give many changes with --file")
    if delete:
        return [part for word in words for part in (word, *verb)]
    return [words[0], *verb, *words[1:]]


def _read(file: Path) -> list[Operation]:
    from memento.changes import batch

    try:
        if str(file) != "-":
            return batch.read_file(file)
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "stdin.jsonl"
            path.write_bytes(sys.stdin.buffer.read())
            return batch.read_file(path)
    except InvalidFile as error:
        where = "stdin" if str(file) == "-" else error.where
        raise InvalidFile(where, error.faults, error.hint or _ONE_CHANGE) from None


def _in_editor(context: Context, branch: str, words: list[str]) -> list[Operation]:
    """What a user changes of one record in an editor; asks again after a fault."""
    from memento.changes import batch

    if len(words) != 1 or not is_record(words[0]):
        raise UsageError("--editor opens one record", "`memento edit BRANCH memory:ID --editor`")
    name = record_name(words[0])
    record = context.workspace.record(branch, name.table, name.key)
    text = batch.record_text(name.table, record, f"{name} on {branch}")
    while True:
        try:
            edited_text = click.edit(text, extension=".toml")
        except click.ClickException as error:
            hint = "nothing was changed; set EDITOR to one that starts here, such as `export EDITOR=nano`"
            raise UsageError(error.format_message(), hint) from None
        if edited_text is None:
            return []
        try:
            return batch.read_record_text(name.table, record, edited_text)
        except InvalidFile as error:
            if not sys.stdin.isatty():
                raise
            context.output.warning(error.message)
            if not click.confirm("Edit again?", default=True, err=True):
                raise
            text = edited_text
