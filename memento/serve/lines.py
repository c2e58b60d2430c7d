"""Lines of a pipe, read into one buffer that is used again and again.

A request is a megabyte, and memory that is asked for anew each time costs more than reading into it.
"""

from __future__ import annotations

import fcntl
import select
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

PIECE = 1 << 20


def lines(source: Any, longest: int) -> Iterator[memoryview | None]:
    """The lines of `source`, without their newlines; None for one of more than `longest` bytes, which is passed over.

    A line is there until the next one is asked for. `source` has ``readinto``.
    """
    raw = getattr(source, "raw", source)
    with suppress(OSError, AttributeError, ValueError):
        fcntl.fcntl(raw.fileno(), fcntl.F_SETPIPE_SZ, PIECE)
    buffer = bytearray(2 * PIECE)
    start = end = 0
    skipping = False
    while True:
        found = buffer.find(b"\n", start, end)
        while found >= 0:
            if not skipping:
                yield memoryview(buffer)[start:found] if found - start <= longest else None
            skipping = False
            start = found + 1
            found = buffer.find(b"\n", start, end)
        if end - start > longest and not skipping:
            skipping = True
            yield None
        if skipping:
            start = end
        if start == end:
            start = end = 0
        elif end == len(buffer):
            larger = bytearray(2 * len(buffer)) if start < len(buffer) // 2 else buffer
            larger[: end - start] = buffer[start:end]
            buffer, start, end = larger, 0, end - start
        count = _read(raw, memoryview(buffer)[end:])
        if not count:
            if end > start:
                yield memoryview(buffer)[start:end]
            return
        end += count


def _read(raw: Any, place: memoryview) -> int:
    """As many bytes as there are, waiting for the first; 0 at the end."""
    while (count := raw.readinto(place)) is None:  # a pipe that does not wait by itself
        select.select([raw], [], [])
    return int(count)
