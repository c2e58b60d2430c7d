"""``memento resolve``."""

from __future__ import annotations

import click

from memento.changes.conflict import Conflict, Resolution, Violation
from memento.cli.completion import open_ids
from memento.cli.context import Context, define, json_option
from memento.cli.merging import chosen, merge_map, open_words, rest_hint
from memento.cli.output import plural
from memento.errors import UsageError


@define(
    """
    memento resolve CONFLICT_ID --ours
    memento resolve CONFLICT_ID --value 0.7
    memento resolve VIOLATION_ID --fix 1
    memento resolve --all --theirs
    memento resolve --all --ours --fix 1
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
) -> None:
    """Decide conflicts and violations of a merge.

    IDs stand in memento conflicts; their beginnings will do. A decision answers exactly the conflict
    it was made for; a new one for the same ID replaces it. When nothing is open, memento merge
    --continue commits.
    """
    output, workspace = context.output, context.workspace
    ways = {"ours": ours, "theirs": theirs, "base": base, "value": value is not None}
    sides = [name for name, on in ways.items() if on]
    if len(sides) > 1 or (fix is not None and accept):
        raise UsageError("choose one way to decide", "see `memento resolve --help`")
    if not sides and fix is None and not accept:
        hint = "--ours, --theirs, --base or --value for a conflict, --fix N or --accept for a violation"
        raise UsageError("say how to decide", hint)
    if bool(ids) == everything:
        raise UsageError("name what to decide, or give --all", "`memento conflicts` lists what is open")
    merge = workspace.merge_in_progress()
    if merge is None or merge.result is None:
        raise UsageError("no merge is in progress", "`memento merge OTHER --into BRANCH`")
    if everything:
        conflicts = merge.result.conflicts if sides else ()
        violations = merge.result.violations if fix is not None or accept else ()
    else:
        conflicts, violations = chosen(merge.result, ids)
    decisions = [_decide_conflict(conflict, sides, value) for conflict in conflicts]
    decisions += [_decide_violation(violation, fix, accept) for violation in violations]
    merge = workspace.resolve(decisions)
    if output.json:
        output.document("memento.resolve/1", {"resolved": [d.to_map() for d in decisions], **merge_map(merge)})
    left = open_words(merge)
    rest = f"{left} still open" if left else "nothing is open any more"
    output.message(f"Decided {plural(len(decisions), 'item')}; {rest}")
    output.hint(rest_hint(merge))


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
