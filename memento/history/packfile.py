"""Writing a pack: its index, and both files in the order that survives a power cut."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import accumulate, chain

import numpy as np

from memento.history.files import make_folders, sync_folder, temporary_beside, write_new
from memento.history.packs import OFS_DELTA, read_file

KEEP = ".keep"
COMPANIONS = (KEEP, ".promisor", ".bitmap", ".mtimes")
"""Files beside a pack for whose sake it is left as it is."""
_FEW = 64
_MANY = 512
_KEPT_BY = b"memento is writing\n"


def opening(count: int) -> bytes:
    """How a pack of `count` objects begins."""
    return b"PACK" + struct.pack(">LL", 2, count)


def head(kind: int, size: int) -> bytes:
    """Type number and size of an object, as they stand before it in a pack ("pack-format", "size encoding")."""
    byte, size = (kind << 4) | (size & 15), size >> 4
    encoded = bytearray()
    while size:
        encoded.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    encoded.append(byte)
    return bytes(encoded)


def back(distance: int) -> bytes:
    """How far back the base of an offset delta starts ("pack-format", "offset encoding")."""
    digits = [distance & 0x7F]
    while distance := distance >> 7:
        distance -= 1
        digits.append(0x80 | (distance & 0x7F))
    return bytes(reversed(digits))


def compressed(bodies: Sequence[bytes], level: int) -> Sequence[bytes]:
    """Each compressed, many at once where there are many: zlib lets other threads go on."""
    if len(bodies) < _MANY:
        return [zlib.compress(body, level) for body in bodies]
    parts = [bodies[first : first + _MANY] for first in range(0, len(bodies), _MANY)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [*chain.from_iterable(pool.map(lambda part: [zlib.compress(body, level) for body in part], parts))]


def pack_bytes(
    new: Sequence[tuple[bytes, int, bytes]],
    level: int,
    differences: Mapping[bytes, tuple[bytes, bytes]] | None = None,
) -> tuple[bytes, dict[bytes, tuple[int, int]]]:
    """A pack of (raw id, type number, content); and raw id -> (offset, CRC-32).

    All are whole but those that `differences` gives another one, of the same kind, whole and before it in
    `new`, and the difference from it.
    """
    differences = differences or {}
    bodies = [differences[raw][1] if raw in differences else content for raw, _, content in new]
    packed = compressed(bodies, level)
    parts = [opening(len(new))]
    entries: dict[bytes, tuple[int, int]] = {}
    at = len(parts[0])
    for (raw, kind, _), body, short in zip(new, bodies, packed, strict=True):
        if raw in differences:
            text = head(OFS_DELTA, len(body)) + back(at - entries[differences[raw][0]][0]) + short
        else:
            text = head(kind, len(body)) + short
        entries[raw] = (at, zlib.crc32(text))
        parts.append(text)
        at += len(text)
    body = b"".join(parts)
    return body + hashlib.sha1(body, usedforsecurity=False).digest(), entries


def index_bytes(entries: Mapping[bytes, tuple[int, int]], checksum: bytes) -> bytes:
    """The index (version 2) of a pack: raw id -> (offset, CRC-32), and the pack's checksum."""
    names = sorted(entries)
    if len(names) <= _FEW and max(entries.values(), default=(0, 0))[0] >> 31 == 0:
        return _small_index(names, entries, checksum)
    first = np.frombuffer(b"".join(name[:1] for name in names), np.uint8)
    offsets = np.array([entries[name][0] for name in names], np.int64)
    far = offsets >= 1 << 31
    near = np.where(far, (1 << 31) + np.cumsum(far) - 1, offsets)
    body = b"".join(
        [
            b"\xfftOc",
            struct.pack(">L", 2),
            np.cumsum(np.bincount(first, minlength=256)).astype(">u4").tobytes(),
            *names,
            np.array([entries[name][1] for name in names], ">u4").tobytes(),
            near.astype(">u4").tobytes(),
            offsets[far].astype(">u8").tobytes(),
            checksum,
        ]
    )
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _small_index(names: list[bytes], entries: Mapping[bytes, tuple[int, int]], checksum: bytes) -> bytes:
    """The same, quicker for a few objects that stand near the start of their pack."""
    counts = [0] * 256
    for name in names:
        counts[name[0]] += 1
    places = [entries[name] for name in names]
    body = b"".join(
        [
            b"\xfftOc" + struct.pack(">257L", 2, *accumulate(counts)),
            *names,
            struct.pack(f">{len(names)}L", *(check for _, check in places)),
            struct.pack(f">{len(names)}L", *(offset for offset, _ in places)),
            checksum,
        ]
    )
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def write_pair(folder: str, name: str, pack: bytes, index: bytes, durable: bool, keep: bool = False) -> None:
    """Writes a pack and its index under their final names, the index last: with it the pack counts.

    With `keep` there is a ``.keep`` file beside it, as git's own fetch makes one: housekeeping that
    runs meanwhile leaves the pack alone although no reference leads to it yet.
    """
    final = os.path.join(folder, name)
    made: list[str] = []
    make_folders(folder, durable)
    try:
        if keep:
            keep_pack(final)
            made.append(final + KEEP)
        for data in (pack, index):
            made.append(temporary_beside(final))
            write_new(made[-1], data, durable, 0o444)
        os.rename(made[-2], final + ".pack")
        made[-2] = final + ".pack"
        os.rename(made[-1], final + ".idx")
        made.clear()
    finally:
        for path in made:
            with suppress(OSError):
                os.unlink(path)
    if durable:
        sync_folder(folder)


def keep_pack(final: str) -> None:
    """Makes the ``.keep`` file beside a pack that is about to come, `final` its path without an ending."""
    make_folders(os.path.dirname(final), False)
    with suppress(FileExistsError):
        write_new(final + KEEP, _KEPT_BY, False)


def remove_keeps(folder: str) -> None:
    """Removes the ``.keep`` files that a killed writer of memento left behind, half-written ones too."""
    with suppress(FileNotFoundError):
        names = set(os.listdir(folder))
        for name in names:
            if name.endswith(KEEP):
                path = os.path.join(folder, name)
                text, alone = read_file(path), name.removesuffix(KEEP) + ".pack" not in names
                if text == _KEPT_BY or (alone and _KEPT_BY.startswith(text)):
                    os.unlink(path)
