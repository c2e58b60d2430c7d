"""Packs as they lie on the disk: finding an object in an index, and cutting its bytes out.

Formats: "pack-format" of the git documentation, index version 2. Files are read, never mapped: a
mapped file that is cut short kills the process that looks at it.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Names = npt.NDArray[np.bytes_]
Offsets = npt.NDArray[np.int64]

MAX_OBJECT = 64 << 20
"""The largest object that is read, in bytes after decompression."""
KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
TYPES = {kind: number for number, kind in KINDS.items()}
OFS_DELTA, REF_DELTA = 6, 7
STRETCH = 4 << 20
"""The bytes of a pack that `Pack.stretch` reads at once."""
_TABLE = 8 + 256 * 4
_RATIO = 1032
_RUN = 8 << 20
_GAP = 16 << 10


def read_file(path: str) -> bytes:
    """The whole of a file."""
    with open(path, "rb", buffering=0) as file:
        return file.readall()


class Stored(NamedTuple):
    """An object as it stands in a pack: type number, size, delta base (offset or raw id), data."""

    kind: int
    size: int
    base: int | bytes | None
    data: memoryview


class Stretch(NamedTuple):
    """Objects of a part of a pack: where each starts, by id; their bytes as stored, by where they start;
    and what was made of those that were read (the reader's)."""

    offsets: dict[str, int]
    stored: dict[int, bytes]
    contents: dict[int, bytes]


class Index:
    """Where each object of a pack stands. Raises `OSError`, and `ValueError` for one that is not well-formed."""

    def __init__(self, path: str) -> None:
        index = read_file(path + ".idx")
        pack_size = os.stat(path + ".pack").st_size
        if index[:8] != b"\xfftOc\0\0\0\x02" or len(index) < _TABLE + 40:
            raise ValueError("not a pack index of version 2")
        if hashlib.sha1(index[:-20], usedforsecurity=False).digest() != index[-20:]:
            raise ValueError("its index does not match its checksum")
        count = struct.unpack_from(">L", index, _TABLE - 4)[0]
        if len(index) < _TABLE + 28 * count + 40:
            raise ValueError("its index is cut short")
        self.names: Names = np.frombuffer(index, "S20", count, _TABLE)
        self.checks = np.frombuffer(index, ">u4", count, _TABLE + 20 * count)
        offsets = np.frombuffer(index, ">u4", count, _TABLE + 24 * count).astype(np.int64)
        large = offsets >> 31 != 0
        if large.any():
            wide = np.frombuffer(index, ">u8", offset=_TABLE + 28 * count, count=int(large.sum())).astype(np.int64)
            offsets[large] = wide[offsets[large] & 0x7FFFFFFF]
        self.offsets: Offsets = offsets
        # Where the pack is cut short, what stands before the cut can still be read.
        order = np.argsort(offsets)
        edges = np.append(offsets[order], max(pack_size - 20, int(offsets.max(initial=0)) + 1))
        self.ends: Offsets = np.empty_like(offsets)
        self.ends[order] = edges[np.searchsorted(edges, edges[:-1], side="right")]
        self._edges = edges
        self._order = order
        if count and (offsets.min() < 12 or np.any(self.ends <= offsets)):
            raise ValueError("its index points outside of it")

    def __len__(self) -> int:
        return len(self.names)

    def entries(self) -> Iterator[tuple[bytes, int, int]]:
        """(raw id, offset, end) of every object."""
        for name, offset, end in zip(self.names.tolist(), self.offsets.tolist(), self.ends.tolist(), strict=True):
            yield name.ljust(20, b"\0"), offset, end

    def find(self, raw: bytes) -> tuple[int, int] | None:
        """Offset and end of an object, or None."""
        row = int(np.searchsorted(self.names, np.bytes_(raw)))
        if row < len(self.names) and self.names[row].ljust(20, b"\0") == raw:
            return int(self.offsets[row]), int(self.ends[row])
        return None

    def find_many(self, raws: list[bytes]) -> list[tuple[int, int] | None]:
        """As `find`, for many."""
        wanted = np.array(raws, "S20")
        rows = np.minimum(np.searchsorted(self.names, wanted), len(self.names) - 1)
        found = self.names[rows] == wanted
        return [
            (offset, end) if hit else None
            for hit, offset, end in zip(
                found.tolist(), self.offsets[rows].tolist(), self.ends[rows].tolist(), strict=True
            )
        ]

    def end_of(self, offset: int) -> int:
        """Where the object that starts at `offset` ends; raises `ValueError` where none starts."""
        after = int(np.searchsorted(self._edges, offset, side="right"))
        if not 0 < after < len(self._edges) or self._edges[after - 1] != offset:
            raise ValueError(f"no object starts at {offset}")
        return int(self._edges[after])

    def name_at(self, offset: int) -> bytes:
        """The raw id of the object that starts at `offset`; raises `ValueError` where none starts."""
        place = int(np.searchsorted(self._edges[:-1], offset))
        if place == len(self._order) or self._edges[place] != offset:
            raise ValueError(f"no object starts at {offset}")
        return bytes(self.names[self._order[place]]).ljust(20, b"\0")

    def prefixed(self, low: bytes, high: bytes) -> list[bytes]:
        """Raw ids from `low` to `high`, both included."""
        start = int(np.searchsorted(self.names, np.bytes_(low), side="left"))
        stop = int(np.searchsorted(self.names, np.bytes_(high), side="right"))
        return [name.ljust(20, b"\0") for name in self.names[start:stop].tolist()]


class Pack:
    """One pack, opened when it is first read."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd = -1
        self._opening = threading.Lock()

    @cached_property
    def index(self) -> Index:
        """The pack's index."""
        return Index(self.path)

    def read(self, offset: int, end: int) -> bytes:
        """Bytes `offset` to `end` of the pack. Raises `OSError`, `ValueError`."""
        if self._fd < 0:
            with self._opening:
                if self._fd < 0:
                    self._fd = os.open(self.path + ".pack", os.O_RDONLY | os.O_CLOEXEC)
        data = os.pread(self._fd, end - offset, offset)
        while len(data) < end - offset:
            more = os.pread(self._fd, end - offset - len(data), offset + len(data))
            if not more:
                raise ValueError("its pack is cut short")
            data += more
        return data

    def read_runs(self, places: list[tuple[int, int]]) -> Iterator[memoryview]:
        """The bytes at each (offset, end) of an ascending list, neighbours read together."""
        start = 0
        while start < len(places):
            stop = start + 1
            first = places[start][0]
            while (
                stop < len(places) and places[stop][0] - places[stop - 1][1] <= _GAP and places[stop][1] - first <= _RUN
            ):
                stop += 1
            data = memoryview(self.read(first, places[stop - 1][1]))
            for offset, end in places[start:stop]:
                yield data[offset - first : end - first]
            start = stop

    def stretch(self, number: int, kinds: tuple[int, ...]) -> Stretch:
        """The objects of some type numbers that lie whole in stretch `number` of the pack. Raises
        `OSError`, `ValueError`."""
        index, start = self.index, number * STRETCH
        stop = min(start + STRETCH, int(index.ends.max(initial=0)))
        rows = np.flatnonzero((index.offsets >= start) & (index.ends <= stop))
        data = self.read(start, stop)
        types = np.frombuffer(data, np.uint8)[index.offsets[rows] - start] >> 4 & 7
        rows = rows[np.isin(types, kinds)]
        names = index.names[rows].tobytes().hex()
        offsets, ends = index.offsets[rows].tolist(), index.ends[rows].tolist()
        return Stretch(
            {names[40 * n : 40 * n + 40]: offset for n, offset in enumerate(offsets)},
            {offset: data[offset - start : end - start] for offset, end in zip(offsets, ends, strict=True)},
            {},
        )

    def close(self) -> None:
        """Closes the pack's file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    __del__ = close


def parse(data: memoryview, offset: int) -> Stored:
    """The object at the head of `data`, which stands at `offset` in its pack; not inflated yet.

    Raises `ValueError`.
    """
    try:
        kind, size, base, at = entry_head(data, offset)
    except IndexError:
        raise ValueError("its pack is cut short") from None
    if size > MAX_OBJECT:
        raise ValueError(f"expands to {size} bytes, limit {MAX_OBJECT}")
    return Stored(kind, size, base, data[at:])


def entry_head(data: memoryview | bytes, offset: int) -> tuple[int, int, int | bytes | None, int]:
    """What stands before an object in its pack: type number, size, delta base, and how long that is.

    Raises `ValueError`, and `IndexError` where `data` ends too soon.
    """
    byte = data[0]
    kind, size, at, shift = (byte >> 4) & 7, byte & 15, 1, 4
    while byte & 0x80:
        byte = data[at]
        size |= (byte & 0x7F) << shift
        shift += 7
        at += 1
    base: int | bytes | None = None
    if kind == OFS_DELTA:
        byte = data[at]
        back = byte & 0x7F
        at += 1
        while byte & 0x80:
            byte = data[at]
            back = ((back + 1) << 7) | (byte & 0x7F)
            at += 1
        base = offset - back
    elif kind == REF_DELTA:
        base = bytes(data[at : at + 20])
        at += 20
    elif kind not in KINDS:
        raise ValueError(f"an object of type {kind} at {offset}")
    return kind, size, base, at


def inflate(data: memoryview | bytes, size: int) -> bytes:
    """Decompresses to exactly `size` bytes; raises `ValueError` and never makes much more."""
    try:
        if len(data) * _RATIO <= MAX_OBJECT:
            content = zlib.decompress(data, bufsize=size + 1)
        else:
            stream = zlib.decompressobj()
            content = stream.decompress(data, size + 1)
    except zlib.error as error:
        raise ValueError(f"does not decompress: {error}") from None
    if len(content) != size:
        raise ValueError(f"{len(content)} bytes where {size} were announced")
    return content


def inflate_loose(data: bytes) -> tuple[str, bytes]:
    """Kind and content of a loose object file. Raises `ValueError`."""
    try:
        stream = zlib.decompressobj()
        content = stream.decompress(data, MAX_OBJECT + 64)
    except zlib.error as error:
        raise ValueError(f"does not decompress: {error}") from None
    header, separator, body = content.partition(b"\0")
    kind, _, size = header.partition(b" ")
    if not separator or kind.decode("latin-1") not in KINDS.values() or size != str(len(body)).encode():
        raise ValueError("not a loose object, or over 64 MiB")
    return kind.decode(), body
