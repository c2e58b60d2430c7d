"""Where a record stands: 64-bit keys that spread records evenly and keep neighbours together.

A record's key is a function of its id alone: 60 bits of hash of its stem and of its sequence number
without the low 4 bits, then those 4 bits, so that 16 ids in a row (``k7m2-32`` to ``k7m2-47``)
share a chunk. A session's key is 10 bits of hash of its week, 20 bits of second within that week,
and 34 bits of hash of its id, so that history grows at one place and reads in order of time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
WEEK = 7 * 86_400
_TAIL = re.compile(r"[0-9]{1,15}\Z")


def hash64(text: str) -> int:
    """64 bits of BLAKE2b of `text` (RFC 7693), big-endian."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def natural(record_id: str) -> tuple[str, int, str]:
    """A sort key under which ``a-2`` comes before ``a-10``."""
    tail = _TAIL.search(record_id)
    return (record_id[: tail.start()], int(tail.group()), record_id) if tail else (record_id, -1, record_id)


def record_keys(ids: Sequence[str]) -> Keys:
    """The keys of record ids, shape (N,)."""
    seen: dict[str, int] = {}
    keys = np.empty(len(ids), np.uint64)
    for row, record_id in enumerate(ids):
        tail = _TAIL.search(record_id)
        if tail is None:
            keys[row] = hash64(record_id)
            continue
        number = int(tail.group())
        cluster = f"{record_id[: tail.start()]}\0{number >> 4}"
        high = seen.get(cluster)
        if high is None:
            high = seen[cluster] = hash64(cluster) & ~15
        keys[row] = high | (number & 15)
    return keys


def session_keys(ids: Sequence[str], started_at: npt.NDArray[np.int64]) -> Keys:
    """The keys of sessions, shape (N,), from their ids and their starts in s UTC."""
    weeks, offsets = np.divmod(started_at, WEEK)
    of_week = {week: hash64(f"week\0{week}") >> 54 for week in np.unique(weeks).tolist()}
    high = np.fromiter((of_week[week] for week in weeks.tolist()), np.uint64, len(ids))
    low = np.fromiter((hash64(i) >> 30 for i in ids), np.uint64, len(ids))
    return (high << np.uint64(54)) | (offsets.astype(np.uint64) << np.uint64(34)) | low
