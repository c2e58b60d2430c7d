"""``memento effect``."""

from __future__ import annotations

import click

from memento.cli.completion import revisions
from memento.cli.context import Context, define, json_option
from memento.cli.learning import labels_option
from memento.cli.output import Column


@define("memento effect main busier\nmemento effect main busier --labels clean --json")
@click.argument("base", metavar="BASE", shell_complete=revisions)
@click.argument("new", metavar="NEW", shell_complete=revisions)
@labels_option()
@json_option
def command(context: Context, base: str, new: str, labels: str | None) -> None:
    """Show what a changed cause did: the paired difference of two worlds.

    NEW is a replay of BASE, or any other branch of it. Draws are shared, so all that differs was caused;
    the effect of a replay that sets nothing is exactly zero. Intervals are 95 % paired bootstraps over
    the sessions that both have.
    """
    output = context.output
    found = context.workspace.effect(base, new, labels)
    if output.json:
        output.document("memento.effect/1", found.to_json())
        return
    for name, counts in found.records.items():
        words = [f"{count:,} {kind}" for kind, count in counts.items() if count]
        fields = ", ".join(f"{field} {count:,}" for field, count in found.fields.get(name, {}).items())
        output.lines([f"{name}: {', '.join(words)}{f' ({fields})' if fields else ''}"])
    flips = found.flips
    output.lines(
        [
            f"Rows untouched: {found.untouched:.2%} of all pairs of a session and a memory",
            f"Labels: {flips.up:,} reach 0.5, {flips.down:,} fall below, {flips.changed:,} change; "
            f"{flips.only_before:,} rows gone, {flips.only_after:,} new",
        ]
    )
    for name, figure in found.ndcg.items():
        output.lines([f"NDCG@10 of {name}: {figure.value:+.4f} [{figure.low:+.4f}, {figure.high:+.4f}]"])
    rows = [
        (d.column, f"{d.psi:.4f}", f"{d.ks:.4f}", f"{d.mean.value:+.4f}", f"[{d.mean.low:+.4f}, {d.mean.high:+.4f}]")
        for d in found.drift
    ]
    columns = [Column("column"), *(Column(name, right=True) for name in ("PSI", "KS", "mean", "95 %"))]
    output.table(columns, rows)
