"""A pack that comes in, read from front to back with limits on everything that it could make grow.

Its deltas are resolved, every object is checked and named, and bases that a thin pack leaves out are
added from the store. See `memento.history.quarantine` for where it lies meanwhile.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from memento.history.commit import MAX_MESSAGE
from memento.history.delta import apply_delta
from memento.history.gitobjects import links
from memento.history.objects import Objects
from memento.history.packs import KINDS, MAX_OBJECT, entry_head
from memento.history.sending import entry as packed_entry

Progress = Callable[[int, int, str], None]
_HEAD = 12
_MAX_HEADER = 64
_FEED = 4096
_PART = 1 << 20
_DIGESTED = 2 << 30
_CHAIN = 4096
_TREE = 8 << 20
_HELD = 256 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is taken from outside.

    `wire` bytes received; `objects` in a pack; `size` bytes of one object (8 MiB
    for a folder, 2 MiB for a commit); `total` bytes of all objects, or 200 times what was received if that is
    more; `refs` of a repository; `depth` of folders in folders.
    """

    wire: int = 8 << 30
    objects: int = 1_000_000
    size: int = MAX_OBJECT
    total: int = 512 << 20
    refs: int = 250_000
    depth: int = 64


class Reading:
    """One pass over a pack file: where each object stands, what its id is, and that it may come in."""

    def __init__(self, fd: int, size: int, limits: Limits, store: Objects, progress: Progress) -> None:
        self.fd = fd
        self.size = size
        self.limits = limits
        self.store = store
        self.progress = progress
        self.total = 0
        self.most = max(limits.total, 200 * size)
        self.entries: dict[bytes, tuple[int, int]] = {}
        self.by_offset: dict[int, list[tuple[int, int, int]]] = {}
        self.by_name: dict[bytes, list[tuple[int, int, int]]] = {}
        self.bodies: dict[int, tuple[int, int]] = {}
        self.checks: dict[int, int] = {}

    def run(self) -> tuple[dict[bytes, tuple[int, int]], bytes]:
        """(raw id -> (offset, CRC-32) of every object, checksum of the pack)."""
        head = os.pread(self.fd, _HEAD, 0)
        if len(head) < _HEAD or head[:4] != b"PACK":
            raise ValueError("it is not a pack")
        version, count = struct.unpack(">LL", head[4:])
        if version not in (2, 3):
            raise ValueError(f"it is a pack of version {version}")
        if count > self.limits.objects:
            raise ValueError(f"it has {count:,} objects (limit {self.limits.objects:,})")
        self._trailer()
        whole = self._scan(count)
        for offset, kind in whole:
            content, _ = self._inflate(self.bodies[offset][0], self.bodies[offset][1], offset)
            self._resolve(offset, KINDS[kind], content)
        self._complete(count)
        left = sum(map(len, self.by_offset.values())) + sum(map(len, self.by_name.values()))
        if left:
            raise ValueError(f"{left} deltas have no base: the pack is not complete")
        return self.entries, self.checksum

    def _trailer(self) -> None:
        digest = hashlib.sha1(usedforsecurity=False)
        at, end = 0, self.size - 20
        while at < end:
            data = os.pread(self.fd, min(1 << 20, end - at), at)
            if not data:
                break
            digest.update(data)
            at += len(data)
        self.checksum = digest.digest()
        if end < _HEAD or os.pread(self.fd, 20, end) != self.checksum:
            raise ValueError("the pack is cut short or damaged: its checksum does not match")

    def _scan(self, count: int) -> list[tuple[int, int]]:
        """Looks at every entry once; returns (offset, kind) of those that are no deltas."""
        whole: list[tuple[int, int]] = []
        at, announced = _HEAD, 0
        for number in range(count):
            offset = at
            kind, size, base, body = self._header(offset)
            if size > self.limits.size:
                raise ValueError(self._too_large(kind, size, body, number))
            announced += size
            if announced > self.most:
                raise ValueError(f"all together it expands to more than {size_words(self.most)}")
            at = self._inflate(body, size, offset, keep=False)[1]
            self.bodies[offset] = (body, size)
            self.checks[offset] = self._crc(offset, at)
            if isinstance(base, int):
                if base not in self.bodies:
                    raise ValueError(f"a delta at {offset} has no base")
                self.by_offset.setdefault(base, []).append((offset, body, size))
            elif base is not None:
                self.by_name.setdefault(base, []).append((offset, body, size))
            else:
                whole.append((offset, kind))
            if number % 4096 == 0:
                self.progress(number, count, "objects looked at")
        if at != self.size - 20:
            raise ValueError("the pack has something behind its objects")
        return whole

    def _header(self, offset: int) -> tuple[int, int, int | bytes | None, int]:
        if offset >= self.size - 20:
            raise ValueError("the pack is cut short")
        data = os.pread(self.fd, _MAX_HEADER, offset)
        kind, size, base, length = entry_head(data, offset)
        return kind, size, base, offset + length

    def _inflate(self, body: int, size: int, offset: int, keep: bool = True) -> tuple[bytes, int]:
        """The content of exactly `size` bytes (unless not to `keep`), and where its compressed form ends."""
        stream = zlib.decompressobj()
        parts: list[bytes] = []
        made, at, step = 0, body, _FEED
        while not stream.eof:
            data = os.pread(self.fd, max(0, min(step, self.size - 20 - at)), at)
            if not data:
                raise ValueError("the pack is cut short")
            part = stream.decompress(data, min(size + 1 - made, _PART))
            made += len(part)
            if made > size:
                raise ValueError(f"the object at {offset} expands to more than the {size} bytes it announces")
            if keep:
                parts.append(part)
            at += len(data) - len(stream.unused_data if stream.eof else stream.unconsumed_tail)
            step = min(step * 4, 1 << 18)
        if made != size:
            raise ValueError(f"the object at {offset} has {made} bytes where {size} were announced")
        return b"".join(parts), at

    def _too_large(self, kind: int, size: int, body: int, number: int) -> str:
        """The words for an object over the limit; with its id, where that takes no more than seconds."""
        words = f"expands to {size_words(size)} (limit {size_words(self.limits.size)})"
        if kind not in KINDS or size > _DIGESTED:
            return f"object number {number + 1} {words}"
        digest = hashlib.sha1(b"%s %d\0" % (KINDS[kind].encode(), size), usedforsecurity=False)
        stream = zlib.decompressobj()
        made, at = 0, body
        while not stream.eof and made <= size:
            data = os.pread(self.fd, 1 << 16, at)
            if not data:
                return f"object number {number + 1} {words}"
            part = stream.decompress(data, 1 << 20)
            digest.update(part)
            made += len(part)
            at += len(data) - len(stream.unconsumed_tail)
        return f"object {digest.hexdigest()} {words}"

    def _crc(self, start: int, end: int) -> int:
        check = 0
        while start < end:
            data = os.pread(self.fd, min(1 << 20, end - start), start)
            check = zlib.crc32(data, check)
            start += len(data)
        return check

    def _resolve(self, offset: int | None, kind: str, content: bytes) -> None:
        """Names an object, and all that are made of it by deltas, however long the chain is."""
        stack: list[tuple[bytes, Iterator[tuple[int, int, int]]]] = []
        held = 0

        def enter(offset: int | None, content: bytes) -> None:
            nonlocal held
            raw = self._admit(offset, kind, content)
            below = [] if offset is None else self.by_offset.pop(offset, [])
            below += self.by_name.pop(raw, [])
            if below:
                held += len(content)
                if held > _HELD or len(stack) >= _CHAIN:
                    raise ValueError("its deltas are nested too deep")
                stack.append((content, iter(below)))

        enter(offset, content)
        while stack:
            base, below = stack[-1]
            row = next(below, None)
            if row is None:
                held -= len(base)
                stack.pop()
                continue
            delta, _ = self._inflate(row[1], row[2], row[0])
            enter(row[0], apply_delta(base, delta, self.limits.size))

    def _admit(self, offset: int | None, kind: str, content: bytes) -> bytes:
        raw = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False).digest()
        if offset is None:
            return raw
        self.total += len(content)
        if self.total > self.most:
            raise ValueError(f"all together it expands to more than {size_words(self.most)}")
        if kind != "blob":
            most = _TREE if kind == "tree" else 2 * MAX_MESSAGE
            if len(content) > most:
                raise ValueError(
                    f"object {raw.hex()} is a {kind} of {size_words(len(content))} (limit {size_words(most)})"
                )
            try:
                links(kind, content)
            except ValueError as error:
                raise ValueError(f"object {raw.hex()} is {error}") from None
        if raw in self.entries:
            raise ValueError(f"object {raw.hex()} occurs twice")
        self.entries[raw] = (offset, self.checks[offset])
        if len(self.entries) % 4096 == 0:
            self.progress(len(self.entries), len(self.bodies), "objects checked")
        return raw

    def _complete(self, count: int) -> None:
        """Adds the bases that a thin pack leaves out, so that it stands alone."""
        added = 0
        end = self.size - 20
        for raw in list(self.by_name):
            if raw in self.entries or not self.store.contains(raw.hex()):
                continue
            kind, content = self.store.read(raw.hex())
            piece = packed_entry(kind, content)
            os.pwrite(self.fd, piece, end)
            self._resolve(None, kind, content)
            self.entries[raw] = (end, zlib.crc32(piece))
            end += len(piece)
            added += 1
        if added:
            os.pwrite(self.fd, struct.pack(">L", count + added), 8)
            os.ftruncate(self.fd, end)
            self.size = end + 20
            digest = hashlib.sha1(usedforsecurity=False)
            at = 0
            while at < end:
                data = os.pread(self.fd, min(1 << 20, end - at), at)
                digest.update(data)
                at += len(data)
            self.checksum = digest.digest()
            os.pwrite(self.fd, self.checksum, end)


def size_words(size: int) -> str:
    """A number of bytes for people: ``1.0 GiB``."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:g} {unit}" if unit == "bytes" or size == int(size) else f"{size:.1f} {unit}"
        size = size / 1024  # type: ignore[assignment]
    return f"{size:.1f} GiB"
