"""What a world needs of an object store: trees and blobs by git object id. And one in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from memento.errors import CorruptRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a tree: a folder or a blob, and its 40-digit object id."""

    name: str
    id: str
    folder: bool


class ObjectStore(Protocol):
    """Reads and adds git objects. Ids are 40 lower-case hexadecimal digits.

    Reading raises `CorruptRecord` for an object that is missing or is not what its id says; `path`
    is used in that error alone. Adding the same content twice is free.
    """

    def tree(self, object_id: str, path: str = "") -> tuple[Entry, ...]:
        """The entries of a tree."""
        ...

    def blob(self, object_id: str, path: str = "") -> bytes:
        """The content of a blob."""
        ...

    def blobs(self, wanted: Sequence[tuple[str, str]]) -> list[bytes]:
        """The blobs of (object id, path) pairs, in order."""
        ...

    def add_blob(self, data: bytes) -> str:
        """Adds a blob; returns its id."""
        ...

    def add_tree(self, entries: Iterable[Entry]) -> str:
        """Adds a tree of entries in any order; returns its id."""
        ...


def tree_bytes(entries: Iterable[Entry]) -> bytes:
    """A tree object's content: git's order (a folder sorts as if its name ended in '/')."""
    ordered = sorted(entries, key=lambda e: e.name + "/" if e.folder else e.name)
    return b"".join(
        (b"40000 " if e.folder else b"100644 ") + e.name.encode() + b"\0" + bytes.fromhex(e.id) for e in ordered
    )


def parse_tree(data: bytes) -> tuple[Entry, ...]:
    """The entries of a tree object's content. Raises `ValueError` for what memento never writes."""
    entries = []
    start = 0
    while start < len(data):
        end = data.index(b"\0", start)
        mode, name = data[start:end].split(b" ", 1)
        if mode not in (b"40000", b"100644") or len(data) < end + 21:
            raise ValueError(f"tree entry of mode {mode!r}")
        entries.append(Entry(name.decode("ascii"), data[end + 1 : end + 21].hex(), mode == b"40000"))
        start = end + 21
    return tuple(entries)


def object_id(kind: str, data: bytes) -> str:
    """The git object id (SHA-1 of header and content) of an object of `kind`."""
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).hexdigest()


class MemoryObjects:
    """An `ObjectStore` in a dictionary, over an optional one that is only read."""

    def __init__(self, below: ObjectStore | None = None) -> None:
        self.below = below
        self.objects: dict[str, tuple[str, bytes]] = {}

    def tree(self, object_id: str, path: str = "") -> tuple[Entry, ...]:
        """The entries of a tree."""
        if object_id not in self.objects and self.below is not None:
            return self.below.tree(object_id, path)
        return parse_tree(self._get("tree", object_id, path))

    def blob(self, object_id: str, path: str = "") -> bytes:
        """The content of a blob."""
        if object_id not in self.objects and self.below is not None:
            return self.below.blob(object_id, path)
        return self._get("blob", object_id, path)

    def blobs(self, wanted: Sequence[tuple[str, str]]) -> list[bytes]:
        """The blobs of (object id, path) pairs, in order."""
        return [self.blob(object_id, path) for object_id, path in wanted]

    def add_blob(self, data: bytes) -> str:
        """Adds a blob; returns its id."""
        return self._add("blob", data)

    def add_tree(self, entries: Iterable[Entry]) -> str:
        """Adds a tree; returns its id."""
        return self._add("tree", tree_bytes(entries))

    def _get(self, kind: str, object_id: str, path: str) -> bytes:
        found, data = self.objects.get(object_id, ("", b""))
        if found != kind:
            raise CorruptRecord(f"no such {kind}", object_id, path)
        return data

    def _add(self, kind: str, data: bytes) -> str:
        name = object_id(kind, data)
        self.objects[name] = (kind, data)
        return name
