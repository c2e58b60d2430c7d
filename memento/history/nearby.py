"""Objects of one kind, commits or folders, read a stretch of a pack at a time.

A walk through history asks for objects that lie near each other: one read of a stretch, and one look
at the first byte of every object in it, has most of what comes next. What is in none of the stretches,
or is stored as a delta, is read as any other object.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from contextlib import suppress
from hashlib import sha1

from memento.errors import CorruptRecord
from memento.history.objects import Objects
from memento.history.packs import KINDS, STRETCH

_BYTES = 32 << 20
_SMALL = 64 << 10
"""What is stored in so few bytes never inflates to more than the limit for any object."""


class Nearby:
    """Reads objects of one kind from an object store, remembering the stretches of packs read last."""

    def __init__(self, objects: Objects, kind: str) -> None:
        self.objects = objects
        self.kind = kind
        self._head = kind.encode() + b" %d\0"
        self._number = next(number for number, name in KINDS.items() if name == kind)
        self._stretches: OrderedDict[tuple[str, int], dict[str, bytes]] = OrderedDict()
        self._latest: dict[str, bytes] = {}
        self._bytes = 0

    def read(self, object_id: str, path: str = "") -> bytes:
        """The content of an object of the kind. Raises `CorruptRecord`."""
        stored = self._latest.get(object_id)
        if stored is None:
            held = self.objects.held(object_id)
            if held is not None and held[0] == self.kind:
                return held[1]
            stored = self._find(object_id)
        if stored is not None and len(stored) <= _SMALL:
            start = 1
            while stored[start - 1] & 0x80:
                start += 1
            with suppress(zlib.error):
                content = zlib.decompress(stored[start:], bufsize=1024)
                head = self._head % len(content)
                if sha1(head + content, usedforsecurity=False).hexdigest() == object_id:
                    return content
        kind, content = self.objects.read(object_id, path)
        if kind != self.kind:
            raise CorruptRecord(f"a {kind} where a {self.kind} belongs", object_id, path)
        return content

    def _find(self, object_id: str) -> bytes | None:
        """An object as it is stored, from the stretches at hand or from the one that it lies in."""
        for stretch in reversed(self._stretches.values()):
            if object_id in stretch:
                self._latest = stretch
                return stretch[object_id]
        place = None if object_id in self.objects.staged else self.objects.pack_of(object_id)
        key = ("", 0) if place is None else (place[0].path, place[1] // STRETCH)
        if place is None or key in self._stretches:
            return None
        try:
            self._latest = place[0].stretch(key[1], self._number)
        except (OSError, ValueError):
            self._latest = {}
        self._stretches[key] = self._latest
        self._bytes += sum(map(len, self._latest.values()))
        while self._bytes > _BYTES and len(self._stretches) > 1:
            self._bytes -= sum(map(len, self._stretches.popitem(last=False)[1].values()))
        return self._latest.get(object_id)
