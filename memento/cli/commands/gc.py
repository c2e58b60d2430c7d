"""``memento gc``."""

from __future__ import annotations

from dataclasses import asdict

import click

from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.progress import Progress
from memento.errors import UsageError

_DAY = 86_400


def _grace(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    if value == "now":
        return 0.0
    try:
        days = float(value)
    except ValueError:
        days = -1.0
    if not 0 <= days <= 36_500:
        raise UsageError(f"--prune {value!r} is neither a number of days nor now", "`memento gc --prune 14`")
    return days * _DAY


@define(
    """
    memento gc
    memento gc --dry-run
    memento gc --forget --prune now
    """
)
@click.option(
    "--prune",
    "grace",
    metavar="DAYS",
    callback=_grace,
    help="Keep what nothing leads to for so many days, or 'now' to keep none of it.  [default: 14]",
)
@click.option(
    "--forget",
    is_flag=True,
    help="End the operation log first: undo cannot go back beyond it, and what it alone led to may go.",
)
@click.option("-n", "--dry-run", "dry_run", is_flag=True, help="Tell what would be done and do nothing.")
@json_option
def command(context: Context, grace: float | None, forget: bool, dry_run: bool) -> None:
    """Pack the repository anew, small and quick to read.

    Everything that branches, tags, notes and the operation log lead to comes into one pack, old states
    as differences from younger ones. What nothing leads to any more is taken away once it is two weeks
    old. Others may read and write meanwhile. What undo may bring back is never taken away but with --forget.
    """
    output, repository = context.output, context.workspace.repository
    if forget and dry_run:
        raise UsageError("--forget and --dry-run exclude each other")
    with Progress(output, "packing") as progress:
        swept = repository.gc(grace, dry_run, progress.report, forget)
    before, after = asdict(swept.before), asdict(swept.after)
    if output.json:
        content = {"objects": swept.objects, "removed": swept.removed, "young": swept.young}
        content |= {"dry_run": dry_run, "forgot": forget}
        output.document("memento.gc/1", {"before": before, "after": None if dry_run else after, **content})
        return
    counts = [plural(before["packs"], "pack"), plural(before["loose"], "loose object"), _megabytes(before["bytes"])]
    if dry_run:
        output.line(f"{plural(swept.objects, 'object')} to pack, from {', '.join(counts)}")
    else:
        now = [plural(after["packs"], "pack"), _megabytes(after["bytes"])]
        output.line(f"{plural(swept.objects, 'object')} packed: {', '.join(counts)} → {', '.join(now)}")
    would = "would be " if dry_run else ""
    if swept.removed:
        output.line(f"{plural(swept.removed, 'object')} that nothing leads to {would}taken away")
    if swept.young:
        output.line(f"{plural(swept.young, 'object')} that nothing leads to {would}kept, less than their time old")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"
