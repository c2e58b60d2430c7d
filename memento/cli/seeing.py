"""Effects in words: what a model sees of a difference of worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memento.cli.output import Column, Output, clean, plural

if TYPE_CHECKING:
    from memento.causes.effect import Effect
    from memento.causes.rendered import Seen

_SHOWN = 20
_HOW = {"alone": "by itself", "needed": "needed, with others", "together": "only together with others"}


def rendered_lines(output: Output, seen: Seen) -> None:
    """Prints drift, flips and their edits."""
    from memento.causes.rendered import grouped

    found = seen.effect
    drift_lines(output, found)
    flips = found.flips
    output.line(
        f"labels: {flips.up:,} reach 0.5, {flips.down:,} fall below it, {flips.changed:,} change at all, "
        f"of {plural(flips.pairs, 'pair')} that both have; {flips.only_before:,} gone, {flips.only_after:,} new"
    )
    for (how, edits), group in grouped(seen.flips).items():
        by = ", ".join(map(clean, edits[:4])) + (f" and {len(edits) - 4} more" if len(edits) > 4 else "")
        count = plural(len(group), "flip")
        output.line(f"{count} by {by} ({_HOW[how]})" if by else f"{count}: {_HOW[how]}")
        for flip in group[:_SHOWN]:
            pair = f"session:{clean(flip.session)}  memory:{clean(flip.memory)}"
            output.line(f"    {pair}  {flip.before:.3f} → {flip.after:.3f}")
        if len(group) > _SHOWN:
            output.line(f"    … and {len(group) - _SHOWN:,} more")
    if seen.left_out:
        output.message(f"{plural(seen.left_out, 'edit')} beyond the first {seen.tried} were not tried by themselves")
    elif seen.flips:
        flip = seen.flips[0]
        output.hint(f"`memento explain REV session:{flip.session} memory:{flip.memory}` shows a label step by step")


def drift_lines(output: Output, found: Effect) -> None:
    """Prints the drift of the columns that moved, with 95% intervals."""
    moved = [drift for drift in found.drift if drift]
    if moved:
        heads = [Column("column"), *(Column(name, right=True) for name in ("PSI", "KS", "mean"))]
        rows = [(d.column, d.psi.words(".4f"), d.ks.words(".4f"), d.mean.words("+.4f")) for d in moved]
        output.table(heads, rows)
    still = len(found.drift) - len(moved)
    output.line(f"{plural(still, 'column')} of {len(found.drift)} just as before" if still else "every column drifts")
