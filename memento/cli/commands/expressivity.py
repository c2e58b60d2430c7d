"""``memento expressivity``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, Output, plural
from memento.cli.picturing import page_option
from memento.cli.progress import Progress
from memento.cli.writing import force_option, ready_if_asked, size_words
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.measure.expressivity import Outcome, Row

TASKS = ("parity", "word-Z5", "word-S3", "walk-A5", "selective-copying")
CELLS = ("s6", "s4d", "mingru", "ids4", "pdssm", "gru")
"""Choices of options, here so that no help imports torch; a test holds them against their rooms."""


@define(
    """
    memento expressivity
    memento expressivity --task parity --seeds 5
    memento expressivity --task word-S3 --task walk-A5 --cell ids4 --cell s6
    memento expressivity -o expressivity.html --json
    """
)
@click.option("-t", "--task", "tasks", type=click.Choice(TASKS), multiple=True, help="Only this task; may be repeated.")
@click.option("-c", "--cell", "cells", type=click.Choice(CELLS), multiple=True, help="Only this cell; may be repeated.")
@click.option(
    "--seeds", metavar="N", type=click.IntRange(1, 100), default=1, show_default=True,
    help="Networks of each row, each from its own seed; the best one counts.",
)  # fmt: skip
@click.option(
    "--steps", metavar="N", type=click.IntRange(1, 1_000_000),
    help="Training steps at most; each task's own number if left out.",
)  # fmt: skip
@seed_option("The first seed.")
@page_option("Also draw a page")
@force_option
@json_option
def command(
    context: Context, tasks: tuple[str, ...], cells: tuple[str, ...], seeds: int, steps: int | None, seed: int,
    out: Path | None, force: bool,
) -> None:  # fmt: skip
    """Show what recurrent cells can express, beside theory.

    Trains small networks that differ in their cell alone, on short sequences of tasks with known answers, and tests
    them on longer ones: parity by the range of transitions, word problems of the groups Z5, S3 and A5, selective
    copying. Takes minutes on one core, and needs no repository. The exit code is 0 whatever comes out.
    """
    output = context.output
    from memento.measure.expressivity import ROWS, compare

    rows = [row for row in ROWS if (not tasks or row.task in tasks) and (not cells or row.cell in cells)]
    if not rows:
        known = sorted({row.cell for row in ROWS if row.task in tasks})
        raise UsageError(f"{' and '.join(tasks)} is not tried with {' or '.join(cells)}", f"cells: {', '.join(known)}")
    ready_if_asked(out, force)
    with Progress(output, "training", total=len(rows) * seeds) as progress:
        outcomes = compare(
            rows, range(seed, seed + seeds), steps, lambda done, total, note: progress.update(done, total, note)
        )
    if out is not None:
        from memento import __version__
        from memento.files import write_text
        from memento.measure.expressivity.page import page

        write_text(out, page(outcomes, __version__))
    if output.json:
        content = {
            "seeds": list(range(seed, seed + seeds)), "agree": sum(outcome.agrees for outcome in outcomes),
            "outcomes": [outcome.to_json() for outcome in outcomes], "file": str(out) if out else None,
        }  # fmt: skip
        output.document("memento.expressivity/1", content)
        return
    _tell(output, outcomes, rows)
    if out is not None:
        output.message(f"Wrote {out} ({size_words(out)})")


def _tell(output: Output, outcomes: list[Outcome], rows: list[Row]) -> None:
    from memento.measure.expressivity import LEARNED
    from memento.measure.expressivity.page import spread, theory

    columns = [Column("task", style="bold"), Column("cell"), Column("short", right=True), Column("long", right=True)]
    columns += [Column("chance", right=True), Column("theory"), Column("agrees"), Column("why", long=True)]
    cells = (
        (
            o.row.task, o.row.name, f"{o.best.short:.3f}", spread(o), f"{o.setting.task.chance:.3f}", theory(o),
            "yes" if o.agrees else "no", o.row.why,
        )
        for o in outcomes
    )  # fmt: skip
    output.table(columns, cells)
    agree = sum(outcome.agrees for outcome in outcomes)
    output.line(f"{agree} of {len(outcomes)} as theory says; learned from {LEARNED} on, by the best seed")
    for setting in dict.fromkeys(outcome.setting for outcome in outcomes):
        low, high = setting.train
        where = f"places {high + 1} to {setting.test}" if setting.beyond else f"{setting.test} with noise"
        output.line(f"{setting.task.name}: trained on lengths {low} to {high} (short), tested on {where} (long)")
    for source in dict.fromkeys(row.source for row in rows):
        output.line(f"theory: {source}")
    missed = [outcome for outcome in outcomes if outcome.row.can and not outcome.learned]
    if missed:
        steps = 4 * max(outcome.setting.steps for outcome in missed)
        output.hint(
            f"{plural(len(missed), 'cell')} could, but training found no such weights: "
            f"`memento expressivity --task {missed[0].row.task} --cell {missed[0].row.cell} --steps {steps} --seeds 3`"
        )
