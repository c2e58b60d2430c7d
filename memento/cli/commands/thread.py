"""``memento thread``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import is_record, record_name
from memento.cli.completion import branches, records_or_revisions
from memento.cli.context import Context, define, json_option
from memento.cli.output import clean, cut, plural
from memento.cli.present import short
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.cli.output import Output
    from memento.world.threads import Threads

_NAMED = "write it as turn:ID, or as session:ID and the number of a thread"


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    given = [word for word in ctx.params.get("words") or () if word != incomplete]
    if ":" in incomplete:
        return [item.value for item in records_or_revisions(ctx, param, incomplete)]
    kinds = ["session:", "turn:"] if "choose" in given else ["choose", "session:"]
    return [word for word in kinds if word.startswith(incomplete)]


@define(
    """
    memento thread session:SESSION_ID
    memento thread session:SESSION_ID@main~2
    memento thread choose session:SESSION_ID 2
    memento thread choose turn:TURN_ID --branch trial -m "the answer that helped"
    """
)
@click.argument("words", metavar="SESSION[@REV] | choose TURN | choose SESSION N", nargs=-1, shell_complete=_complete)
@click.option("-b", "--branch", metavar="BRANCH", help="Choose on this branch, not on the current one.",
              shell_complete=branches)  # fmt: skip
@click.option("-m", "--message", default="", help="Say why, in the commit.")
@json_option
def command(context: Context, words: tuple[str, ...], branch: str | None, message: str) -> None:
    """List the threads of a session, or choose the preferred one.

    A thread is one way through the alternatives of a session, which merges leave side by side. They
    are listed as a tree, numbered at their ends; the main line is marked with *. choose makes the
    thread through a turn the main line, in one edit: at every fork on the way to it its turn takes the
    preference 1, the alternatives 0. memento show session:ID prints the main line.
    """
    if not words:
        raise UsageError("say which session", "`memento thread session:ID`; `memento show -t sessions` lists them")
    if words[0] == "choose":
        _choose(context, words[1:], branch, message)
        return
    if len(words) > 1 or branch or message:
        raise UsageError("a listing takes one session and no more", "`memento thread choose TURN` chooses")
    _list(context, words[0])


def _list(context: Context, word: str) -> None:
    output = context.output
    name = record_name(word if is_record(word) else f"session:{word}")
    if name.table != "sessions":
        raise UsageError(f"{name} is not a session", "write it as session:ID")
    revision = name.revision or "HEAD"
    threads = context.workspace.threads(revision, name.key)
    if output.json:
        commit = context.workspace.repository.resolve(revision)
        output.document("memento.thread/1", {"commit": commit, "session": name.key, **_map(threads)})
        return
    output.lines(_tree(output, threads))
    tips = threads.tips()
    if not tips:
        output.message(f"Nothing was said in {name}")
    elif len(tips) > 1:
        output.hint(f"`memento thread choose {name} 2` makes thread 2 of {len(tips)} the main line")


def _choose(context: Context, words: tuple[str, ...], branch: str | None, message: str) -> None:
    output, workspace = context.output, context.workspace
    if not words or not is_record(words[0]):
        raise UsageError("say which thread", _NAMED)
    name = record_name(words[0])
    if name.revision:
        raise UsageError(f"{words[0]!r}: a choice is made on a branch as it is now", "name it with --branch")
    target = branch or workspace.repository.head
    if name.table == "turns" and len(words) == 1:
        turn = name.key
    elif name.table == "sessions" and len(words) == 2:
        turn = _numbered(workspace.threads(f"refs/heads/{target}", name.key), str(name), words[1])
    else:
        raise UsageError(f"{' '.join(words)} names no thread", _NAMED)
    done = workspace.choose_thread(target, turn, message)
    preferences = {change.key: change.after["preference"] for change in done.diff.records() if change.after}
    if output.json:
        content = {"branch": target, "commit": done.commit, "turn": turn, "changed": bool(done.diff)}
        output.document("memento.thread/1", {**content, "preferences": preferences})
        return
    if not done.diff:
        output.message(f"turn:{turn} is on the main line of {target} already")
        return
    output.message(f"Committed {short(done.commit)} on {target}: {plural(len(preferences), 'preference')}")
    output.lines(f"turn:{key}  {value:g}" for key, value in preferences.items())
    output.hint("`memento undo` takes it back")


def _numbered(threads: Threads, session: str, word: str) -> str:
    tips = threads.tips()
    if not word.isdecimal() or not 1 <= int(word) <= len(tips):
        raise UsageError(
            f"{session} has {plural(len(tips), 'thread')}; there is no thread {word}", f"`memento thread {session}`"
        )
    return tips[int(word) - 1]


def _tree(output: Output, threads: Threads) -> Iterator[str]:
    """One line a turn: on the main line or not, indented below each fork, numbered where a thread ends."""
    main, number = set(threads.main_line()), 0
    turns = threads.turns
    for key, depth in threads.walk():
        row = turns.row_of[key]
        rated = f" [{threads.rated[key]:g}]" if key in threads.rated else ""
        end = ""
        if key not in threads.children:
            number += 1
            end = f"  (thread {number})"
        lead = f"{'*' if key in main else ' '} {'  ' * depth}"
        head = f"{lead}{output.paint(key, fg='yellow')}{output.paint(rated, fg='green')}  {turns['role'][row]}: "
        said = clean(turns["text"][row])
        if output.terminal:
            said = cut(said, max(20, output.width - len(lead + key + rated + end) - 12))
        yield f"{head}{said}{output.paint(end, dim=True)}"


def _map(threads: Threads) -> dict[str, Any]:
    main = threads.main_line()
    tips = [
        {"number": number, "tip": tip, "main": tip in main, "turns": threads.way(tip)}
        for number, tip in enumerate(threads.tips(), 1)
    ]
    turns = [
        {**threads.turns.record(threads.turns.row_of[key]), "depth": depth, "standing": threads.standing(key)}
        for key, depth in threads.walk()
    ]
    return {"main_line": main, "threads": tips, "turns": turns}
