"""``memento describe``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, Output
from memento.cli.picturing import page_option
from memento.cli.writing import force_option, ready_if_asked, size_words

if TYPE_CHECKING:
    from memento.gallery.portrait import Portrait

_BARS = " ▁▂▃▄▅▆▇█"


@define(
    """
    memento describe main
    memento describe main~3 -o world.html
    memento describe real --json
    """
)
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@page_option("Write a page of pictures")
@force_option
@json_option
def command(context: Context, revision: str, out: Path | None, force: bool) -> None:
    """Tell what a world is like, and plot it.

    Activity by hour and weekday, topics over the weeks, the entity graph, how accesses are spread, how
    much repeats, what is planted and how strongly, labels, and the signal-to-noise ratio measured
    beside the one asked for. The page of -o needs nothing but itself.
    """
    from memento import __version__
    from memento.files import write_text
    from memento.gallery.portrait import portrait

    output, workspace = context.output, context.workspace
    revision = workspace.repository.head if revision in ("HEAD", "@") else revision
    commit = workspace.repository.resolve(revision)
    ready_if_asked(out, force)
    found = portrait(workspace.world_at(revision))
    if out is not None:
        from memento.gallery.portrait_page import page

        write_text(out, page(found, revision, commit, __version__))
    if output.json:
        content = asdict(found) | {"activity": found.activity.tolist()}
        output.document(
            "memento.describe/1", {"revision": revision, "commit": commit, "file": str(out) if out else None} | content
        )
        return
    _text(output, found)
    if out is not None:
        output.message(f"Wrote {out} ({size_words(out)})")
    else:
        output.hint(f"`memento describe {revision} -o world.html` draws it")


def _text(output: Output, found: Portrait) -> None:
    from memento.gallery.portrait import WEEKDAYS

    sizes = ", ".join(f"{count:,} {name}" for name, count in found.sizes.items() if count)
    output.line(f"{found.source}: {sizes}")
    if found.sizes["sessions"]:
        output.line()
        output.line(f"hours     {bars(found.activity.sum(axis=0).tolist())}  0 to 23 h UTC")
        days = found.activity.sum(axis=1).tolist()
        output.line(f"weekdays  {'  '.join(f'{day} {count}' for day, count in zip(WEEKDAYS, days, strict=True))}")
        output.line(
            f"repeated  {bars(found.repetition, 1.0)}  {found.repeated:.0%} of sessions met before, week by week"
        )
        output.line()
        rows = [(name, sum(counts), bars(counts)) for name, counts in found.topics.items()]
        output.table([Column("topic", style="bold"), Column("sessions", right=True), Column("by week")], rows)
    if found.accesses:
        output.line()
        told = [f"{share:.0%} ≥ {count}" for count, share in _some(found.accesses)]
        output.line(f"accesses  {', '.join(told)}")
    if found.nodes:
        output.line(f"graph     {found.sizes['entities']:,} entities, {found.sizes['dependencies']:,} dependencies")
    if found.planted:
        output.line()
        columns = [
            Column("planted", style="bold"),
            Column("share", right=True),
            Column("parameters"),
            Column("formula", long=True),
        ]
        output.table(columns, [(rule.name, f"{rule.share:.0%}", rule.said, rule.formula) for rule in found.planted])
    if found.labels:
        output.line()
        output.line(f"labels    {bars(found.labels.labels)}  0 to 1")
        if found.labels.clean is not None:
            output.line(f"clean     {bars(found.labels.clean)}")
        if found.labels.asked_db is not None:
            output.line(
                f"SNR       {found.labels.asked_db:g} dB asked, {found.labels.measured_db:.1f} dB measured, "
                f"{found.labels.after_clip_db:.1f} dB after the clip to [0, 1]"
            )


def bars(values: Sequence[float], most: float = 0.0) -> str:
    """A line of bars, one for each value, the tallest for the largest (or for `most`)."""
    top = most or max(values, default=0.0) or 1.0
    return "".join(_BARS[0 if value <= 0 else max(1, min(8, round(8 * value / top)))] for value in values)


def _some(accesses: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The shares at 1, 10, 100, … accesses."""
    found = []
    for wanted in (1, 3, 10, 30, 100, 300, 1000):
        above = [(count, share) for count, share in accesses if count >= wanted]
        if above:
            found.append((wanted, above[0][1]))
    return found
