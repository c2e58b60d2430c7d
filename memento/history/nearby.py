"""Objects of one kind, commits or folders, read a stretch of a pack at a time.

A walk through history asks for objects that lie near each other: one read of a stretch, and one look
at the first byte of every object in it, has most of what comes next. Folders that are stored as
differences are put together from their neighbours, which a walk has just read. What is in none of the
stretches is read as any other object.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from hashlib import sha1

from memento.errors import CorruptRecord
from memento.history.delta import apply_delta
from memento.history.objects import Objects
from memento.history.packs import KINDS, OFS_DELTA, STRETCH, Stretch, parse

_BYTES = 32 << 20
_SMALL = 64 << 10
"""What is stored in so few bytes never inflates to more than the limit for any object."""
_CHAIN = 256
_MADE = 4096


class Nearby:
    """Reads objects of one kind from an object store, remembering the stretches of packs read last."""

    def __init__(self, objects: Objects, kind: str) -> None:
        self.objects = objects
        self.kind = kind
        self._head = kind.encode() + b" %d\0"
        number = next(number for number, name in KINDS.items() if name == kind)
        self._numbers = (number, OFS_DELTA) if kind == "tree" else (number,)
        self._stretches: OrderedDict[tuple[str, int], Stretch] = OrderedDict()
        self._latest = Stretch({}, {}, {})
        self._bytes = 0

    def read(self, object_id: str, path: str = "") -> bytes:
        """The content of an object of the kind. Raises `CorruptRecord`."""
        offset = self._latest.offsets.get(object_id) or self._find(object_id)
        if offset is not None:
            content = self._content(self._latest, offset)
            if content is not None:
                named = sha1(self._head % len(content) + content, usedforsecurity=False)
                if named.hexdigest() == object_id:
                    return content
        kind, content = self.objects.read(object_id, path)
        if kind != self.kind:
            raise CorruptRecord(f"a {kind} where a {self.kind} belongs", object_id, path)
        return content

    def _content(self, stretch: Stretch, offset: int) -> bytes | None:
        """The content of an object that starts somewhere in a stretch; None where that cannot be told."""
        deltas: list[tuple[int, bytes]] = []
        content = stretch.contents.get(offset)
        while content is None:
            stored = stretch.stored.get(offset)
            if stored is None or len(stored) > _SMALL or len(deltas) > _CHAIN:
                return None
            try:
                if stored[0] >> 4 & 7 != OFS_DELTA:
                    start = 1
                    while stored[start - 1] & 0x80:
                        start += 1
                    content = zlib.decompress(stored[start:], zlib.MAX_WBITS, 1024)
                    break
                _, _, base, data = parse(memoryview(stored), offset)
                assert isinstance(base, int)
                deltas.append((offset, zlib.decompress(data, zlib.MAX_WBITS, 1024)))
            except (ValueError, IndexError, zlib.error):
                return None
            offset = base
            content = stretch.contents.get(offset)
        if deltas:
            if len(stretch.contents) > _MADE:
                stretch.contents.clear()
            stretch.contents[offset] = content
        for at, delta in reversed(deltas):
            try:
                content = apply_delta(content, delta)
            except ValueError:
                return None
            stretch.contents[at] = content
        return content

    def _find(self, object_id: str) -> int | None:
        """Where an object starts, in a stretch at hand or in the one that it lies in, then the latest."""
        for stretch in reversed(self._stretches.values()):
            if object_id in stretch.offsets:
                self._latest = stretch
                return stretch.offsets[object_id]
        place = None if object_id in self.objects.staged else self.objects.pack_of(object_id)
        key = ("", 0) if place is None else (place[0].path, place[1] // STRETCH)
        if place is None or key in self._stretches:
            return None
        try:
            self._latest = place[0].stretch(key[1], self._numbers)
        except (OSError, ValueError):
            self._latest = Stretch({}, {}, {})
        self._stretches[key] = self._latest
        self._bytes += sum(map(len, self._latest.stored.values()))
        while self._bytes > _BYTES and len(self._stretches) > 1:
            self._bytes -= sum(map(len, self._stretches.popitem(last=False)[1].stored.values()))
        return self._latest.offsets.get(object_id)
