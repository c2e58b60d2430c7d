"""Writing a pack: its index, and both files in the order that survives a power cut."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from memento.history.files import make_folders, sync_folder, temporary_beside, write_new
from memento.history.packs import read_file

KEEP = ".keep"
_KEPT_BY = b"memento is writing\n"


def index_bytes(entries: Mapping[bytes, tuple[int, int]], checksum: bytes) -> bytes:
    """The index (version 2) of a pack: raw id -> (offset, CRC-32), and the pack's checksum."""
    names = sorted(entries)
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
            with suppress(FileExistsError):
                write_new(final + KEEP, _KEPT_BY, False)
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
