"""What a world needs of an object store: trees and blobs by git object id. And one in memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from memento.errors import CorruptRecord

_ENTRY = re.compile(rb"(40000|100644) ([^\0]+)\0(.{20})", re.DOTALL)


class Entry(NamedTuple):
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
    found = _ENTRY.findall(data)
    if sum(len(mode) + len(name) + 22 for mode, name, _ in found) != len(data):
        raise ValueError("not a folder as memento writes it")
    return tuple([Entry(name.decode("ascii"), raw.hex(), mode == b"40000") for mode, name, raw in found])


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
