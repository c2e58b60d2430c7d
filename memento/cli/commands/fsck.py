"""``memento fsck``."""

from __future__ import annotations

from dataclasses import asdict

import click

from memento.cli.completion import revisions as complete
from memento.cli.context import Context, define, json_option
from memento.cli.failure import CONFLICT, OK, STORE
from memento.cli.output import clean, plural
from memento.cli.progress import Progress

_COLORS = {"corrupt": "red", "contradiction": "yellow", "note": "cyan"}


@define(
    """
    memento fsck
    memento fsck --full
    memento fsck main --json
    """
)
@click.argument("revisions", metavar="[REV]...", nargs=-1, shell_complete=complete)
@click.option("--full", is_flag=True, help="Look at the world of every commit, not of branches and tags alone.")
@json_option
def command(context: Context, revisions: tuple[str, ...], full: bool) -> int:
    """Look the whole repository and its worlds through for faults.

    Every object and reference first, then the worlds of REV (all branches and tags if left out): each
    chunk is decoded, each record must stand in its place, and the world must not contradict itself.
    Reads only. The exit code is 4 where something stored is corrupt, 1 where a world contradicts
    itself and all is stored well, and 0 otherwise.
    """
    output, repository = context.output, context.workspace.repository
    with Progress(output, "checking") as progress:
        found = repository.fsck(*revisions, full=full, progress=progress.report)
    code = STORE if found.of("corrupt") else CONFLICT if found.of("contradiction") else OK
    if output.json:
        output.document("memento.fsck/1", {**asdict(found), "exit_code": code})
        return code
    for fault in found.faults:
        on = f"  (on {', '.join(fault.branches)})" if fault.branches else ""
        word = output.paint(fault.kind, fg=_COLORS[fault.kind])
        output.line(f"{word}  {clean(fault.place)}: {clean(fault.why)}{clean(on)}")
    ways = dict.fromkeys(fault.hint for fault in found.faults if fault.hint)
    looked = [
        plural(found.objects, "object"), plural(found.packs, "pack"), plural(found.commits, "commit"),
        plural(found.worlds, "world"), plural(found.chunks, "chunk"),
    ]  # fmt: skip
    counts = [plural(len(found.of(kind)), words) for kind, words in _WORDS.items() if found.of(kind)]  # type: ignore[arg-type]
    output.message(f"Looked at {', '.join(looked)}: {' and '.join(counts) or 'all is well'}")
    if ways:
        output.hint("; ".join(ways))
    return code


_WORDS = {"corrupt": "corrupt place", "contradiction": "contradiction", "note": "note"}
