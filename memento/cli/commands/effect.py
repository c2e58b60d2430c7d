"""``memento effect``."""

from __future__ import annotations

from pathlib import Path

import click

from memento.cli.completion import revisions
from memento.cli.context import Context, define, json_option
from memento.cli.learning import labels_option, trained_scorer
from memento.cli.seeing import drift_lines
from memento.errors import UsageError


@define(
    """
    memento effect main busier
    memento effect main busier --labels clean --json
    memento effect main busier --checkpoint model.safetensors
    """
)
@click.argument("base", metavar="BASE", shell_complete=revisions)
@click.argument("new", metavar="NEW", shell_complete=revisions)
@labels_option()
@click.option(
    "-c", "--checkpoint", metavar="FILE", type=click.Path(path_type=Path), help="Compare this scorer's ranking too."
)
@json_option
def command(context: Context, base: str, new: str, labels: str | None, checkpoint: Path | None) -> None:
    """Show what a changed cause did: the paired difference of two worlds.

    NEW is a replay of BASE, or any other branch of it. Draws are shared, so all that differs was caused;
    the effect of a replay that sets nothing is exactly zero, which is tried and told. Intervals are 95 %
    paired bootstraps over the sessions that both have; a scorer's leaves out those it was trained on.
    """
    output = context.output
    run = trained_scorer(checkpoint) if checkpoint is not None else None
    found, placebo = context.workspace.effect(base, new, labels, run), context.workspace.placebo(base, new)
    if not any(drift.mean.n for drift in found.drift):
        raise UsageError(
            f"{base} and {new} have no session in common, so that no effect can be told",
            f"name a replay of {base}, or another branch of it; `memento diff {base} {new}` compares any two",
        )
    if output.json:
        output.document("memento.effect/1", {**found.to_json(), "placebo": placebo.to_json()})
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
        output.lines([f"NDCG@10 of {name}: {figure.words('+.4f')}"])
    drift_lines(output, found)
    from memento.world.values import format_time

    at = "" if placebo.instant is None else f" from {format_time(placebo.instant)}"
    told = f"{base} told again{at} with nothing set"
    placebos = {
        "equal": f"{told} is {base}, to the byte: its effect is exactly 0",
        "differs": f"{told} is another world, so edits or other parameters have a part in it",
        "not simulated": f"there is none; {base} was not simulated by this simulator",
        "no common past": f"there is none; {base} and {new} have no commit in common that says from where to tell it",
    }
    output.line(f"Placebo: {placebos[placebo.verdict]}")
    if found.records:
        output.hint(f"`memento diff {base} {new} --rendered` names the edits behind each label that flips")
