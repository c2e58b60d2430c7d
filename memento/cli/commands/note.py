"""``memento note``."""

from __future__ import annotations

import click

from memento.cli.completion import revisions
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, clean
from memento.cli.present import short
from memento.errors import UsageError

WORDS = ("add", "show", "edit", "remove", "list")


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    given = ctx.params.get("words") or ()
    names = [] if given else [word for word in WORDS if word.startswith(incomplete)]
    return [*names, *(item.value for item in revisions(ctx, param, incomplete))]


@define(
    """
    memento note add main -m "the world of the paper"
    memento note main~2
    memento note edit main -m "superseded, see trial"
    memento note list
    memento note remove main
    """
)
@click.argument("words", metavar="[add|show|edit|remove|list] [REV]", nargs=-1, shell_complete=_complete)
@click.option("-m", "--message", "messages", multiple=True, metavar="TEXT", help="The note; several are paragraphs.")
@json_option
def command(context: Context, words: tuple[str, ...], messages: tuple[str, ...]) -> None:
    """Say something about a commit without changing it.

    Notes are git's own (refs/notes/commits), so that git log in any clone shows them, and they travel
    with push. REV is the current branch if left out. add joins a note that is there already, edit
    replaces it. memento log --notes shows them beside the commits.
    """
    verb, rest = (words[0], words[1:]) if words and words[0] in WORDS else ("", words)
    verb = verb or ("add" if messages else "show")
    if len(rest) > 1:
        raise UsageError(f"a note is on one commit, not on {len(rest)}", f"`memento note {verb} REV`")
    if verb in ("show", "remove", "list") and messages:
        raise UsageError(f"-m does not go with {verb}", "`memento note add REV -m TEXT`")
    if verb in ("add", "edit") and not any(text.strip() for text in messages):
        raise UsageError("say what with -m TEXT", f"`memento note {verb} {rest[0] if rest else 'HEAD'} -m TEXT`")
    if verb == "list":
        _list(context, rest)
        return
    revision = rest[0] if rest else "HEAD"
    repository = context.workspace.repository
    commit, notes = repository.resolve(revision), repository.notes()
    before, given = notes.read(commit), "\n\n".join(text.strip() for text in messages)
    if verb in ("show", "remove") and not before:
        raise UsageError(f"there is no note on {revision}", f"`memento note add {revision} -m TEXT` writes one")
    text = {"add": f"{before}\n\n{given}" if before else given, "edit": given, "remove": "", "show": before}[verb]
    if verb != "show":
        notes.write(commit, text, f"{verb} note on {revision}")
        done = {"add": "Noted", "edit": "Changed the note", "remove": "Removed the note"}[verb]
        context.output.message(f"{done} on {short(commit)}")
    if context.output.json:
        context.output.document("memento.note/1", {"notes": [{"commit": commit, "text": text}] if text else []})
    elif verb == "show":
        context.output.lines(clean(line) for line in text.splitlines())


def _list(context: Context, revisions: tuple[str, ...]) -> None:
    output, repository = context.output, context.workspace.repository
    found = repository.notes().all()
    if revisions:
        found = {commit: found[commit] for commit in repository.reached(revisions[0], found)}
    if output.json:
        output.document("memento.note/1", {"notes": [{"commit": c, "text": t} for c, t in found.items()]})
        return
    if not found:
        output.message("No notes yet" if not revisions else f"No notes in the history of {revisions[0]}")
        output.hint("`memento note add REV -m TEXT` writes one")
        return
    columns = [Column("commit", style="yellow"), Column("note", long=True)]
    output.table(columns, ((short(commit), text.replace("\n", " ")) for commit, text in found.items()))
