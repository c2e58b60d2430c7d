"""Outside representations of worlds: one file and one row for each format.

A format that is read is a function ``read(path) -> Imported``, one that is written a function
``write(world) -> Iterator[str]`` of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from memento.catalog import Catalog, Row

if TYPE_CHECKING:
    from memento.formats.reading.history import Imported
    from memento.world.world import World

CATALOG = Catalog(
    "format",
    {
        "locomo": Row("memento.formats.locomo:read", "LoCoMo conversations: a JSON file, a list of them, or a folder"),
        "signet": Row("memento.formats.signet:read", "a Signet memories.db (SQLite), also while the daemon runs"),
    },
)


def read(format: str, path: str | Path) -> Imported:
    """What `path` holds in `format`, as a history of weeks and notes on what was odd in it.

    Raises `NotFound` for an unknown format, `UsageError` for a path that cannot be read, and
    `InvalidFile` with every fault of a file at once.
    """
    reader: Callable[[Path], Imported] = CATALOG[format]
    return reader(Path(path))


WRITERS = Catalog(
    "format to write",
    {
        "chat": Row("memento.formats.chat:write", "conversations for fine-tuning, with the memories that they used"),
        "preference": Row(
            "memento.formats.preference:write", "prompt, chosen and rejected, from alternatives of turns"
        ),
    },
)


def write(format: str, world: World) -> Iterator[str]:
    """The lines of a world in `format`, without newlines. Raises `NotFound` for an unknown format."""
    writer: Callable[[World], Iterator[str]] = WRITERS[format]
    return writer(world)
