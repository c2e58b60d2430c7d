"""``memento rerere``."""

from __future__ import annotations

import click

from memento.cli.completion import remembered_ids
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, plural
from memento.errors import UsageError


@define(
    """
    memento rerere
    memento rerere --forget ANSWER_ID
    memento rerere --forget --all
    """
)
@click.argument("ids", metavar="[ID]...", nargs=-1, shell_complete=remembered_ids)
@click.option("--forget", is_flag=True, help="Forget the answers named by ID, or by the beginnings of IDs.")
@click.option("-a", "--all", "everything", is_flag=True, help="Forget all of them.")
@json_option
def command(context: Context, ids: tuple[str, ...], forget: bool, everything: bool) -> None:
    """List or forget remembered answers to conflicts.

    What you decide with memento resolve is remembered when the merge goes on. Where exactly the same
    is open again, whichever side is ours, memento conflicts tells your earlier answer and memento
    resolve ID --again gives it once more. Nothing is answered by itself, unless the setting
    memento.rerere is auto; off remembers nothing. Answers stay in this repository.
    """
    output, remembered = context.output, context.workspace.merges.remembered
    if (ids or everything) and not forget:
        raise UsageError("IDs and --all go with --forget", "`memento rerere` lists all answers")
    if forget:
        if bool(ids) == everything:
            raise UsageError("name the answers to forget, or give --all", "`memento rerere` lists them")
        with context.workspace.repository.exclusive():
            gone = remembered.clear() if everything else remembered.forget(ids)
        if output.json:
            output.document("memento.rerere/1", {"forgotten": gone})
        output.message(f"Forgot {plural(len(gone), 'answer')}")
        return
    answers = remembered.all()
    if output.json:
        output.document("memento.rerere/1", {"answers": [answer.to_map() for answer in answers]})
    elif answers:
        columns = [
            Column("id", style="yellow"),
            Column("place"),
            Column("answer", long=True),
            Column("given", long=True),
        ]
        output.table(columns, ((a.id, a.place, a.words, a.given) for a in answers))
        output.hint("`memento rerere --forget ID` forgets one")
    else:
        output.message("No answer is remembered")
        output.hint("`memento resolve` answers conflicts, and its answers are remembered when the merge goes on")
