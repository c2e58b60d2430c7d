"""``packed-refs``: many references in one file, as git writes it, with a checksum that git passes over.

Its first line may name the SHA-1 of all that follows, among the words that git does not know and leaves
alone ("gitrepository-layout", "git-pack-refs"). When git writes the file anew the checksum goes, and comes
back when memento next writes it. Looked up by bisection.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from memento.errors import CorruptRecord

FILE = "packed-refs"
_LINE = re.compile(r"([0-9a-f]{40}) (refs/[!-~]+)\n")
_EVIL = (b"..", b"//", b"/.", b".lock/", b".lock\n")
"""What stands in no line whose names are names."""
_PRINTABLE = bytes(range(32, 127)) + b"\n"
_HEADER = b"# pack-refs with: peeled fully-peeled sorted sha1:%s \n"
_CHECKSUM = re.compile(rb" sha1:([0-9a-f]{40}) ")
_HINT = "`memento fsck` tells what branches should be, and `memento oplog` has their last values"
_name = itemgetter(slice(41, None))


@dataclass(frozen=True)
class Packed:
    """The references of one file, checked; `body` is what stands after its first lines, `sound` that it is
    what its checksum says."""

    body: bytes = b""
    ordered: bool = True
    sound: bool = False

    @classmethod
    def parse(cls, content: bytes) -> Packed:
        """Raises `CorruptRecord` for a file that is not one, or not what its checksum says."""
        start = 0
        while content.startswith(b"#", start):
            start = content.find(b"\n", start) + 1 or len(content)
        head, body = content[:start], content[start:]
        said = _CHECKSUM.search(head.partition(b"\n")[0])
        if said and hashlib.sha1(body, usedforsecurity=False).hexdigest().encode() != said[1]:
            raise CorruptRecord("its lines do not match their checksum", path=FILE, hint=_HINT)
        ordered = head.startswith(b"# pack-refs") and b" sorted " in head.partition(b"\n")[0]
        return cls(body, ordered, said is not None)

    def names(self, prefix: str) -> list[str]:
        """The names that begin with `prefix`, in order: by bisection where the whole file is known to be sound.
        Raises `CorruptRecord`."""
        if not (self.ordered and self.sound) or "lines" in self.__dict__:
            return [name for _, name in self.lines if name.startswith(prefix)]
        low, high = self._from(prefix.encode()), self._from(prefix.encode() + b"\x7f")
        return [name for _, name in Packed(self.body[low:high]).lines] if low < high else []

    def _from(self, name: bytes) -> int:
        """Where the first line that names this or a later reference starts, in a file that is in order."""
        body, low, high = self.body, 0, len(self.body)
        while low < high:
            start = body.rfind(b"\n", low, (low + high) // 2) + 1 or low
            while body.startswith(b"^", start) and start > low:
                start = body.rfind(b"\n", low, start - 1) + 1 or low
            end = body.find(b"\n", start, high) + 1 or high
            while body.startswith(b"^", end):
                end = body.find(b"\n", end, high) + 1 or high
            if body[start + 41 : end].partition(b"\n")[0] < name:
                low = end
            else:
                high = start
        return low

    @cached_property
    def lines(self) -> list[tuple[str, str]]:
        """(value, name) of each reference, in order. Raises `CorruptRecord`."""
        body = self.body
        if any(part in body for part in _EVIL) or body.translate(None, _PRINTABLE):
            for line in body.splitlines(True):
                if any(part in line for part in _EVIL) or line.translate(None, _PRINTABLE):
                    raise _odd(line)
        found = _LINE.findall(body.decode("latin-1"))
        if len(found) + body.count(b"\n^") != body.count(b"\n") or not body.endswith(b"\n"):
            for line in body.split(b"\n"):
                if line and line[:1] not in b"#^" and not _LINE.fullmatch(line.decode("latin-1") + "\n"):
                    raise _odd(line)
            found = _LINE.findall(body.decode("latin-1") + "\n")
        return found

    def value(self, ref: bytes) -> str:
        """The value of one reference, empty where it is not here. Raises `CorruptRecord`."""
        if not self.ordered:
            return {name: value for value, name in self.lines}.get(ref.decode(), "")
        body, low, high = self.body, 0, len(self.body)
        while low < high:
            start = body.rfind(b"\n", low, (low + high) // 2) + 1 or low
            if start < low:
                start = low
            end = body.find(b"\n", start, high)
            end = high if end < 0 else end
            line = body[start:end]
            if line[:1] == b"^":
                start = body.rfind(b"\n", 0, max(start - 1, 0)) + 1
                line = body[start : body.find(b"\n", start)]
                if start < low:
                    low = end + 1
                    continue
            name = line[41:]
            if name == ref:
                if not _LINE.fullmatch(line.decode("latin-1") + "\n"):
                    raise _odd(line)
                return line[:40].decode()
            if name < ref:
                low = end + 1
            else:
                high = start
        return ""

    def changed(self, values: dict[str, str]) -> bytes:
        """The content of the file after some references took these values; an empty one goes."""
        names = {name.encode() for name in values}
        new = [f"{value} {name}".encode() for name, value in values.items() if value]
        lines: list[bytes] = []
        for line in self.body.split(b"\n"):
            if line[:1] == b"^" and lines:
                lines[-1] += b"\n" + line
            elif line and line[:1] != b"#":
                lines.append(line)
        if b"\n^" in self.body:
            kept = [line for line in lines if _name(line).partition(b"\n")[0] not in names]
        else:
            kept = [line for line in lines if line[41:] not in names]
        body = b"".join([line + b"\n" for line in sorted(kept + new, key=_name)])
        return _HEADER % hashlib.sha1(body, usedforsecurity=False).hexdigest().encode() + body


class PackedRefs:
    """The file of a repository; what was read is kept while the file is the same."""

    def __init__(self, folder: str) -> None:
        self.path = f"{folder}/{FILE}"
        self._stamp: Sequence[int] = ()
        self._packed = Packed()

    def read(self) -> Packed:
        """Its references. Raises `CorruptRecord`."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            self._stamp, self._packed = (), Packed()
            return self._packed
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            try:
                with open(self.path, "rb") as file:
                    content = file.read()
            except FileNotFoundError:
                return Packed()
            self._stamp = ()
            self._packed = Packed.parse(content)
            self._stamp = stamp
        return self._packed


def _odd(line: bytes) -> CorruptRecord:
    hint = (
        "if git made it, `git --git-dir .memento branch -m OLD NEW` gives it a name that memento takes; else " + _HINT
    )
    return CorruptRecord(f"not a reference: {line[:80]!r}", path=FILE, hint=hint)
