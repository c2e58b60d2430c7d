"""What comes in from outside, kept apart until it is known to be whole and harmless.

A received pack lies in a folder of its own. It is read from front to back with limits on everything
that it could make grow; its deltas are resolved, every object is checked and named, bases that a thin
pack leaves out are added from the store. Then everything that the new references lead to must be
there. Only after that is the pack moved into the store, and nothing is written there if any of it
does not hold.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import struct
import zlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from memento.errors import CorruptRecord, RemoteError
from memento.history.files import make_folders, storing, sync_folder
from memento.history.gitobjects import Link, links
from memento.history.incoming import Limits, Progress, Reading, size_words
from memento.history.objects import Objects
from memento.history.packfile import index_bytes

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Quarantine:
    """One pack that comes in. Use as a context manager: what is left at its end is removed."""

    def __init__(self, repository: Path, limits: Limits | None = None, progress: Progress | None = None) -> None:
        self.limits = limits or Limits()
        self.progress = progress or (lambda done, total, note: None)
        self.received = 0
        self.name = ""
        self.ids: dict[bytes, tuple[int, int]] = {}
        base = str(repository / "memento" / "incoming")
        with storing(Path(base)):
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
                reading = Reading(self._fd, self.received, self.limits, store, self.progress)
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
