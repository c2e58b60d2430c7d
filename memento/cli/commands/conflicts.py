"""``memento conflicts``."""

from __future__ import annotations

import click

from memento.cli.completion import open_ids
from memento.cli.context import Context, define, json_option
from memento.cli.merging import chosen, merge_map, open_lines, progress_words, rest_hint


@define(
    """
    memento conflicts
    memento conflicts CONFLICT_ID
    """
)
@click.argument("ids", metavar="[ID]...", nargs=-1, shell_complete=open_ids)
@json_option
def command(context: Context, ids: tuple[str, ...]) -> None:
    """List what a merge could not decide.

    A conflict is a field or record that both sides changed apart; a violation is a contradiction of
    the merged world, with numbered fixes. With IDs, or the beginnings of IDs, these in full.
    """
    output, workspace = context.output, context.workspace
    merge = workspace.merge_in_progress()
    if merge is None or merge.result is None:
        if output.json:
            output.document("memento.conflicts/1", {"merge": None, "conflicts": [], "violations": []})
        output.message("No merge is in progress")
        return
    conflicts, violations = chosen(merge.result, ids) if ids else (merge.result.conflicts, merge.result.violations)
    if output.json:
        content = merge_map(merge)
        content |= {"conflicts": [c.to_map() for c in conflicts], "violations": [v.to_map() for v in violations]}
        output.document("memento.conflicts/1", content)
        return
    output.message(progress_words(merge))
    output.lines(open_lines(output, conflicts, violations, merge.sides, bool(ids), merge.remembered))
    output.hint(rest_hint(merge, listed=not ids))
