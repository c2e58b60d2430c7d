"""``memento resolve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from memento.changes.conflict import Conflict, Resolution, Violation
from memento.cli.completion import open_ids
from memento.cli.context import Context, define, json_option
from memento.cli.merging import chosen, merge_map, open_words, rest_hint
from memento.cli.output import plural
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.changes.merge import MergeResult
    from memento.history.merges import Merge


@define(
    """
    memento resolve CONFLICT_ID --ours
    memento resolve CONFLICT_ID --value 0.7
    memento resolve VIOLATION_ID --fix 1
    memento resolve --all --theirs
    memento resolve --all --ours --fix 1
    memento resolve --all --again
    """
)
@click.argument("ids", metavar="[ID]...", nargs=-1, shell_complete=open_ids)
@click.option("--all", "everything", is_flag=True, help="Decide all that is open.")
@click.option("--ours", is_flag=True, help="Conflicts: take the receiving branch's value.")
@click.option("--theirs", is_flag=True, help="Conflicts: take the other side's value.")
@click.option("--base", is_flag=True, help="Conflicts: take the value from before both changes.")
@click.option("--value", metavar="VALUE", help="Conflicts: take this value.")
@click.option("--fix", metavar="N", type=click.IntRange(1), help="Violations: apply fix N.")
@click.option("--accept", is_flag=True, help="Violations: leave it as it is.")
@click.option("--again", "--remembered", "again", is_flag=True, help="Decide as the same thing was decided before.")
@json_option
def command(
    context: Context,
    ids: tuple[str, ...],
    everything: bool,
    ours: bool,
    theirs: bool,
    base: bool,
    value: str | None,
    fix: int | None,
    accept: bool,
    again: bool,
) -> None:
    """Decide conflicts and violations of a merge.

    IDs stand in memento conflicts; their beginnings will do. A decision answers exactly the conflict
    it was made for; a new one for the same ID replaces it. It is remembered when the merge goes on,
    and offered where exactly the same is open again (see memento rerere). When nothing is open,
    memento merge --continue commits.
    """
    output, workspace = context.output, context.workspace
    ways = {"ours": ours, "theirs": theirs, "base": base, "value": value is not None}
    sides = [name for name, on in ways.items() if on]
    others = bool(sides) or fix is not None or accept
    if len(sides) > 1 or (fix is not None and accept) or (again and others):
        raise UsageError("choose one way to decide", "see `memento resolve --help`")
    if not others and not again:
        hint = "--ours, --theirs, --base or --value for a conflict, --fix N or --accept for a violation"
        raise UsageError("say how to decide", hint)
    if bool(ids) == everything:
        raise UsageError("name what to decide, or give --all", "`memento conflicts` lists what is open")
    merge = workspace.merge_in_progress()
    if merge is None or merge.result is None:
        raise UsageError("no merge is in progress", "`memento merge OTHER --into BRANCH` begins one")
    decisions: list[Resolution] = []
    if again:
        decisions = _remembered(merge, merge.result, ids)
    elif everything:
        decisions += [_decide_conflict(conflict, sides, value) for conflict in merge.result.conflicts if sides]
        decisions += [_decide_violation(v, fix, accept) for v in merge.result.violations if fix is not None or accept]
    else:
        conflicts, violations = chosen(merge.result, ids)
        decisions += [_decide_conflict(conflict, sides, value) for conflict in conflicts]
        decisions += [_decide_violation(violation, fix, accept) for violation in violations]
    merge = workspace.resolve(decisions)
    if output.json:
        output.document("memento.resolve/1", {"resolved": [d.to_map() for d in decisions], **merge_map(merge)})
    left = open_words(merge)
    rest = f"{left} still open" if left else "nothing is open any more"
    output.message(f"Decided {plural(len(decisions), 'item')}; {rest}")
    output.hint(rest_hint(merge))


def _remembered(merge: Merge, result: MergeResult, ids: tuple[str, ...]) -> list[Resolution]:
    """The remembered answers to what ids name, or to everything open that has one."""
    conflicts, violations = chosen(result, ids) if ids else (result.conflicts, result.violations)
    named: list[Conflict | Violation] = [*conflicts, *violations]
    missing = [item.id for item in named if item.id not in merge.remembered]
    if missing and (ids or len(missing) == len(named)):
        what = f"{missing[0]} was not answered before" if ids else "nothing that is open was answered before"
        raise UsageError(what, "`memento rerere` lists what is remembered")
    return [merge.remembered[item.id].resolution(item) for item in named if item.id in merge.remembered]


def _decide_conflict(conflict: Conflict, sides: list[str], value: str | None) -> Resolution:
    if not sides:
        hint = f"`memento resolve {conflict.id} --ours`"
        raise UsageError(f"{conflict.id} is a conflict; fixes are for violations", hint)
    if value is not None:
        return conflict.resolution("value", conflict.parse_value(value))
    return conflict.resolution(sides[0])


def _decide_violation(violation: Violation, fix: int | None, accept: bool) -> Resolution:
    if accept:
        return violation.resolution("accept")
    if fix is None:
        hint = f"`memento resolve {violation.id} --fix 1`"
        raise UsageError(f"{violation.id} is a violation; it has fixes, not sides", hint)
    return violation.resolution("fix", fix)
