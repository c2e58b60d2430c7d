"""Trainings that were stopped: the file that keeps one, and how to go on with it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from memento.cli.output import Output
from memento.errors import Interrupted, UsageError

SUFFIX = ".partial"


def kept_beside(output: Output, path: Path, resume: bool, force: bool) -> Path:
    """The file that keeps the training of a checkpoint while it is not finished.

    Raises `UsageError` where one is there that is neither to be gone on with nor to be forced away.
    """
    unfinished = path.with_name(path.name + SUFFIX)
    if unfinished.is_dir():
        raise UsageError(f"{unfinished} is a folder, and the training would be kept there", "name another --out FILE")
    if unfinished.exists() and not resume:
        if not force:
            raise UsageError(
                f"{unfinished} keeps a training that did not finish", "--resume goes on with it, --force begins anew"
            )
        unfinished.unlink(missing_ok=True)
    if resume and not unfinished.exists():
        output.message(f"Nothing is kept in {unfinished}; the training begins")
    return unfinished


@contextlib.contextmanager
def going_on(*unfinished: Path) -> Iterator[None]:
    """Tells who stops a training inside how to go on with it; `unfinished` are the files that keep it."""
    try:
        yield
    except KeyboardInterrupt:
        kept = [str(file) for file in unfinished if file.exists()]
        if not kept:
            raise
        keeps = f"{', '.join(kept)} {'keeps' if len(kept) == 1 else 'keep'} it"
        raise Interrupted(f"{keeps}; the same command with --resume goes on from there") from None
