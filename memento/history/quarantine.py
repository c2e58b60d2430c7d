"""What comes in from outside, kept apart until it is known to be whole and harmless.

A received pack lies in a folder of its own. It is read from front to back with limits on everything
that it could make grow; its deltas are resolved, every object is checked and named, bases that a thin
pack leaves out are added from the store. Then everything that the new references lead to must be
there. Only after that is the pack moved into the store, and nothing is written there if any of it
does not hold.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import struct
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from memento.errors import CorruptRecord, RemoteError
from memento.history.commit import MAX_MESSAGE
from memento.history.delta import apply_delta
from memento.history.files import make_folders, storing, sync_folder
from memento.history.gitobjects import Link, links
from memento.history.objects import Objects
from memento.history.packfile import index_bytes
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


class Quarantine:
    """One pack that comes in. Use as a context manager: what is left at its end is removed."""

    def __init__(self, repository: Path, limits: Limits | None = None, progress: Progress | None = None) -> None:
        self.limits = limits or Limits()
        self.progress = progress or (lambda done, total, note: None)
        self.received = 0
        self.name = ""
        self.ids: dict[bytes, tuple[int, int]] = {}
        base = str(repository / "memento" / "incoming")
        make_folders(base, False)
        _sweep(base)
        self.root, self._held = _own_folder(base)
        self.folder = os.path.join(self.root, "objects", "pack")
        os.makedirs(self.folder)
        self._path = os.path.join(self.folder, "incoming")
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        self._objects: Objects | None = None
        self._tips: Collection[str] = ()
        self._packs: set[str] = set()

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(self, *error: object) -> None:
        if self._objects is not None:
            self._objects.close()
        if self._fd >= 0:
            os.close(self._fd)
        shutil.rmtree(self.root, ignore_errors=True)
        os.close(self._held)

    # ── taking it in ─────────────────────────────────────────────────────────────────────────────

    def write(self, data: bytes) -> int:
        """Takes some bytes of the pack. Raises `RemoteError` past the limit."""
        self.received += len(data)
        if self.received > self.limits.wire:
            raise _refused(f"more than {size_words(self.limits.wire)} came in")
        with storing(Path(self._path)):
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
        self.progress(self.received, 0, "bytes received")
        return len(data)

    def check(self, store: Objects, tips: Collection[str], known: Collection[str], durable: bool = True) -> None:
        """Reads the pack, checks every object, and that everything `tips` lead to is there.

        `store` has what was there before; of `known` commits in it everything is there already.
        Raises `RemoteError`; nothing has been written to the store then.
        """
        self._tips, self._packs = tips, {pack.path for pack in store.packs()}
        if self.received:
            try:
                reading = _Reading(self._fd, self.received, self.limits, store, self.progress)
                self.ids, checksum = reading.run()
            except (ValueError, IndexError, struct.error, zlib.error) as error:
                raise _refused(str(error)) from None
            with storing(Path(self._path)):
                self._keep(checksum, durable)
        try:
            self._connected(store, tips, known)
        except CorruptRecord as error:
            raise _refused(f"object {error.object_id} ({error.path}): {error.why}") from None

    def _keep(self, checksum: bytes, durable: bool) -> None:
        self.name = f"pack-{checksum.hex()}"
        final = os.path.join(self.folder, self.name)
        index = os.open(final + ".idx", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        try:
            view = memoryview(index_bytes(self.ids, checksum))
            while view:
                view = view[os.write(index, view) :]
            if durable:
                os.fsync(index)
        finally:
            os.close(index)
        if durable:
            os.fsync(self._fd)
        os.rename(self._path, final + ".pack")
        if durable:
            sync_folder(self.folder)
        self._objects = Objects(Path(self.root), False, cache_bytes=32 << 20)

    def _connected(self, store: Objects, tips: Collection[str], known: Collection[str]) -> None:
        """Walks everything that `tips` lead to and that is not known to be whole."""
        whole = {bytes.fromhex(commit) for commit in known}
        todo = [(Link("", bytes.fromhex(tip)), 0) for tip in tips]
        seen: dict[bytes, str] = {}
        while todo:
            (kind, raw), depth = todo.pop()
            if raw in whole:
                continue
            before = seen.get(raw)
            if before is not None:
                if kind and before != kind:
                    raise _refused(f"object {raw.hex()} is a {before}, and stands where a {kind} belongs")
                continue
            if kind == "blob":
                if raw not in self.ids and not store.contains(raw.hex()):
                    raise _lacking(raw)
                if raw not in self.ids:
                    seen[raw] = kind
                    continue
            found, data = self._read(store, raw)
            seen[raw] = found
            if kind and found != kind:
                raise _refused(f"object {raw.hex()} is a {found}, and stands where a {kind} belongs")
            if found == "blob":
                continue
            deeper = depth + 1 if found == "tree" else 0
            if deeper > self.limits.depth:
                raise _refused(f"folders are nested deeper than {self.limits.depth}: object {raw.hex()}")
            try:
                todo += [(link, deeper) for link in links(found, data) if link.raw not in whole]
            except ValueError as error:
                raise _refused(f"object {raw.hex()} is {error}") from None

    def _read(self, store: Objects, raw: bytes) -> tuple[str, bytes]:
        if self._objects is not None and raw in self.ids:
            return self._objects.read(raw.hex())
        if not store.contains(raw.hex()):
            raise _lacking(raw)
        return store.read(raw.hex())

    # ── handing it over ──────────────────────────────────────────────────────────────────────────

    def read(self, object_id: str, store: Objects) -> tuple[str, bytes]:
        """Kind and content of an object that came in, or was there."""
        return self._read(store, bytes.fromhex(object_id))

    def install(self, store: Objects) -> None:
        """Moves the pack into the store; call it under the repository's lock, after `check`.

        Where packs have gone since, everything is looked at again: housekeeping may have taken away what
        the pack rests on. Raises `RemoteError` then; nothing has been written.
        """
        store.refresh(force=True)
        if not self._packs <= {pack.path for pack in store.packs()}:
            try:
                self._connected(store, self._tips, ())
            except (RemoteError, CorruptRecord):
                raise RemoteError(
                    "housekeeping has taken away meanwhile what was to come in rests on. Nothing was written",
                    "run it again",
                ) from None
        if self.name and self.ids:
            store.adopt(os.path.join(self.folder, self.name), self.name)


class _Reading:
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


_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def _own_folder(base: str) -> tuple[str, int]:
    """A new folder in `base`, and the descriptor that holds its lock."""
    while True:
        path = os.path.join(base, secrets.token_hex(8))
        os.mkdir(path)
        with suppress(FileNotFoundError):
            held = os.open(path, _FOLDER)
            fcntl.flock(held, fcntl.LOCK_EX)
            if os.path.exists(path):  # else another process swept it before it was locked
                return path, held
            os.close(held)


def _sweep(base: str) -> None:
    """Removes what killed processes left behind; those at work hold a lock on their folder."""
    for name in os.listdir(base):
        path = os.path.join(base, name)
        with suppress(OSError):
            fd = os.open(path, _FOLDER)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(fd)


def _refused(why: str) -> RemoteError:
    return RemoteError(
        f"refused what came in: {why}. Nothing was written",
        "ask whoever keeps that repository to run `git fsck --strict` on it",
    )


def _lacking(raw: bytes) -> RemoteError:
    return _refused(f"object {raw.hex()} is missing, and something that came in needs it")
