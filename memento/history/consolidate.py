"""Many small packs into one, so that a look-up stays fast after thousands of commits.

Packs are sorted into classes by size, each class `FACTOR` times the one below; a class that holds
`FACTOR` packs becomes one pack of the next. So every byte is copied once per class, and there are
never many packs. Entries are copied as they stand, without compressing again. Packs over 16 MiB are
large enough, and are left alone: copying goes through memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from memento.history.files import sync_folder
from memento.history.packfile import COMPANIONS, index_bytes, opening, write_pair
from memento.history.packs import OFS_DELTA, Pack, read_file

FACTOR = 32
SMALL = 4096
"""Up to so many objects a pack's index is held as a dictionary."""
_BASE = 16 << 10
_CLASSES = 3


def consolidate(folder: str, packs: Mapping[str, Pack], durable: bool) -> bool:
    """Replaces the packs of every full class by one; returns whether anything changed.

    Call it under the repository's lock. Readers that look for an object in a pack that has gone
    list the folder again and find the new one. Packs with deltas, and packs that git keeps for a
    reason, are left alone.
    """
    if len(packs) < FACTOR:
        return False
    names = set(os.listdir(folder))
    if "multi-pack-index" in names:
        return False
    classes: dict[int, list[str]] = {}
    for name, pack in sorted(packs.items()):
        if not any(name + ending in names for ending in COMPANIONS):
            with suppress(FileNotFoundError):
                size = os.stat(pack.path + ".pack").st_size
                classes.setdefault(_class(size), []).append(name)
    changed = False
    for number, members in sorted(classes.items()):
        if len(members) >= FACTOR and number < _CLASSES:
            changed |= _merge(folder, [packs[name] for name in members], durable)
    return changed


def _class(size: int) -> int:
    number = 0
    while size > _BASE * FACTOR**number:
        number += 1
    return number


def _merge(folder: str, packs: list[Pack], durable: bool) -> bool:
    seen: dict[bytes, tuple[int, int]] = {}
    parts: list[bytes | memoryview] = []
    done: list[Pack] = []
    at = 12
    for pack in packs:
        try:
            data = memoryview(read_file(pack.path + ".pack"))
            index = pack.index
            sound = hashlib.sha1(data[:-20], usedforsecurity=False).digest() == data[-20:]
        except (OSError, ValueError):
            continue
        kinds = np.frombuffer(data, np.uint8)[index.offsets] >> 4 & 7
        if not sound or np.any(kinds >= OFS_DELTA):
            continue
        for (raw, start, end), check in zip(index.entries(), index.checks.tolist(), strict=True):
            if raw not in seen:
                seen[raw] = (at, check)
                parts.append(data[start:end])
                at += end - start
        done.append(pack)
    if len(done) < 2:
        return False
    body = b"".join([opening(len(seen)), *parts])
    checksum = hashlib.sha1(body, usedforsecurity=False).digest()
    name = f"pack-{checksum.hex()}"
    write_pair(folder, name, body + checksum, index_bytes(seen, checksum), durable)
    for ending in (".idx", ".pack"):
        for pack in done:
            with suppress(FileNotFoundError):
                os.unlink(pack.path + ending)
    for pack in done:
        with suppress(FileNotFoundError):
            os.unlink(pack.path + ".rev")
    if durable:
        sync_folder(folder)
    return True
