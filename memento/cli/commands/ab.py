"""``memento ab``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from memento.cli import completion
from memento.cli.arguments import REVISION, refuse_unused
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, plural
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.preference import Experiment, Experiments


@define(
    """
    memento ab open polite --turn TURN_ID --text "Gladly. The owner is Ada."
    memento ab feed polite --prefer b --count 14
    memento ab status polite
    memento ab close polite
    memento ab list
    """
)
@click.argument(
    "words", metavar="[open|feed|status|close|list] [NAME]", nargs=-1, shell_complete=completion.experiments
)
@click.option(
    "--base", metavar="REV", type=REVISION, default="HEAD", help="open: the world that both sides start from."
)
@click.option("--turn", metavar="TURN", help="open: the turn that the sides differ in.")
@click.option("--text", metavar="TEXT", default="", help="open: what side b says; a paraphrase if left out.")
@click.option("--prefer", type=click.Choice(["a", "b"]), help="feed: the side that was liked; close: the verdict.")
@click.option(
    "--count", metavar="N", type=click.IntRange(1), default=1, show_default=True, help="feed: how many votes."
)
@click.option("--key", metavar="ID", default="", help="feed: the event's own id; an event counts once.")
@json_option
def command(
    context: Context,
    words: tuple[str, ...],
    base: str,
    turn: str | None,
    text: str,
    prefer: str | None,
    count: int,
    key: str,
) -> None:
    """Open, feed and close an A/B experiment on one turn.

    open makes branches ab/NAME/a, the turn as it was, and ab/NAME/b, its alternative. feed adds votes.
    close marks the preferred side and the counter-example, and keeps both: memento export --format
    preference --experiments writes them as pairs. Votes are told with an interval, an exact p-value, and
    one that holds however often one looks.
    """
    from memento.preference import VERBS

    verb, rest = (words[0], words[1:]) if words and words[0] in VERBS else ("status" if words else "list", words)
    if len(rest) > 1 and words[0] not in VERBS:
        raise UsageError(f"there is no `ab {words[0]}`", f"`memento ab open|feed|status|close {rest[1]}`")
    if len(rest) > 1 or (verb != "list" and len(rest) != 1):
        raise UsageError(f"{verb} takes the name of one experiment", f"`memento ab {verb} NAME`")
    taken = {"open": ("base", "turn", "text"), "feed": ("prefer", "count", "key"), "close": ("prefer",)}
    every = dict.fromkeys(name for names in taken.values() for name in names)
    refuse_unused([name for name in every if name not in taken.get(verb, ())], f"to {verb}")
    if verb == "list" and rest:
        raise UsageError("list takes no name", f"`memento ab status {rest[0]}` shows one experiment")
    experiments = context.workspace.experiments
    if verb == "list":
        _list(context, experiments)
        return
    name = rest[0]
    if verb == "open":
        if not turn:
            raise UsageError("say which turn with --turn", "`memento show -t turns` lists them")
        now = experiments.open(name, base, turn.removeprefix("turn:"), text)
    elif verb == "feed":
        if not prefer:
            raise UsageError("say which side was liked", f"`memento ab feed {name} --prefer a`, or b")
        now = experiments.feed(name, "a" if prefer == "a" else "b", count, key)
    elif verb == "close":
        now = experiments.close(name, prefer or "")
    else:
        now = experiments.read(name)
    _show(context, now, verb)


def _map(now: Experiment) -> dict[str, Any]:
    share, low, high = now.share_b
    known = share if now.votes else None
    figures = {"share_b": known, "low": low, "high": high, "p_value": now.p_value, "always_p": now.always_p}
    return asdict(now) | figures


def _show(context: Context, now: Experiment, verb: str) -> None:
    output = context.output
    if output.json:
        output.document("memento.ab/1", {"experiment": _map(now)})
        return
    output.line(f"experiment {now.name} on turn:{now.turn}")
    output.line(f"  a  {plural(now.votes_a, 'vote')}  {now.text_a}")
    output.line(f"  b  {plural(now.votes_b, 'vote')}  {now.text_b}")
    if now.ignored:
        output.warning(
            f"{plural(now.ignored, 'line')} of its votes counted for nothing: no event, or one fed twice apart"
        )
    if now.votes:
        share, low, high = now.share_b
        output.line(
            f"  b is liked {share:.0%} of the time (95% {low:.0%} to {high:.0%}); p = {now.p_value:.3g}, "
            f"and {now.always_p:.3g} however often one looks"
        )
    if now.verdict:
        output.message(f"Closed: {now.verdict} is preferred, the other is kept as its counter-example")
        output.hint("`memento export --experiments --format preference -o pairs.jsonl` writes the pair")
    elif verb == "open":
        output.message(f"Branches ab/{now.name}/a and ab/{now.name}/b")
        output.hint(f"`memento ab feed {now.name} --prefer b` adds a vote, `memento ab close {now.name}` decides")


def _list(context: Context, experiments: Experiments) -> None:
    output = context.output
    found = []
    for name in experiments.names():
        try:
            found.append(experiments.read(name))
        except UsageError as error:
            output.warning(f"experiment {name} is left out: {error.message}")
    if output.json:
        output.document("memento.ab/1", {"experiments": [_map(one) for one in found]})
        return
    if not found:
        output.message("No experiments yet")
        output.hint("`memento ab open NAME --turn TURN` opens one")
        return
    columns = [Column("experiment", style="bold"), Column("a", right=True), Column("b", right=True), Column("verdict")]
    columns.append(Column("turn", long=True))
    output.table(columns, [(one.name, one.votes_a, one.votes_b, one.verdict or "open", one.turn) for one in found])
