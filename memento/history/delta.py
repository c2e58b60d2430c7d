"""Deltas of a pack: made, and applied with a bound on what comes of them (format: gitformat-pack(5)).

dulwich's compiled part applies them, and makes no more than a delta announces; where that is not
installed, its Python would copy whatever a delta asks for before it counts, so ours is used.
"""

from __future__ import annotations

import re
from operator import itemgetter
from types import BuiltinFunctionType

import dulwich.pack

from memento.history.packs import MAX_OBJECT

_SHORTEST, _BLOCK = 4, 16
_TEXT = re.compile(rb"\0[^\0]{8,}")
_TRIES = 16
_MOST_PIECES = 256
_LONGEST_COPY = 0x10000
_LONGEST_INSERT = 127
_COMPILED = isinstance(dulwich.pack.apply_delta, BuiltinFunctionType)


def shortest_delta(base: bytes, content: bytes) -> bytes:
    """A delta that makes `content` of `base`, as short as dulwich makes one; for when there is time."""
    return b"".join(dulwich.pack.create_delta(base, content))


def apply_delta(base: bytes, delta: bytes, limit: int = MAX_OBJECT) -> bytes:
    """What a delta makes of its base, at most `limit` bytes. Raises `ValueError`."""
    try:
        before, at = _number(delta, 0)
        after, at = _number(delta, at)
    except IndexError:
        raise ValueError("a delta that cannot be read") from None
    if before != len(base):
        raise ValueError(f"a delta of {before} bytes stands on {len(base)}")
    if after > limit:
        raise ValueError(f"a delta expands to {after} bytes (limit {limit})")
    if not _COMPILED:
        return _apply(base, delta, at, after)
    try:
        return b"".join(dulwich.pack.apply_delta(base, delta))
    except Exception:
        raise ValueError("a delta that cannot be read") from None


def _apply(base: bytes, delta: bytes, at: int, after: int) -> bytes:
    """The same in Python; the delta's own part starts `at`, and makes `after` bytes."""
    try:
        parts: list[bytes] = []
        made, size = 0, len(delta)
        while at < size:
            op = delta[at]
            at += 1
            if op & 0x80:
                start = count = 0
                for bit in range(4):
                    if op >> bit & 1:
                        start |= delta[at] << 8 * bit
                        at += 1
                for bit in range(3):
                    if op >> 4 + bit & 1:
                        count |= delta[at] << 8 * bit
                        at += 1
                count = count or 0x10000
                part = base[start : start + count]
            elif op:
                count = op
                part = delta[at : at + op]
                at += op
            else:
                raise ValueError("a delta that cannot be read")
            made += count
            if len(part) != count or made > after:
                raise ValueError("a delta that cannot be read")
            parts.append(part)
    except IndexError:
        raise ValueError("a delta that cannot be read") from None
    if made != after:
        raise ValueError(f"a delta makes {made} bytes where {after} were announced")
    return b"".join(parts)


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if not byte & 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a delta that cannot be read")


def make_delta(base: bytes, content: bytes) -> bytes:
    """A delta that makes `content` of `base`: short where the two differ in few places, whatever their length."""
    parts = [_size(len(base)), _size(len(content))]
    at = 0
    for start, target, length in _same(base, content):
        parts += _inserts(content[at:target])
        parts += [_copy(start + n, min(_LONGEST_COPY, length - n)) for n in range(0, length, _LONGEST_COPY)]
        at = target + length
    return b"".join([*parts, *_inserts(content[at:])])


def _same(base: bytes, content: bytes) -> list[tuple[int, int, int]]:
    """(start in `base`, start in `content`, length) of parts that are equal, in order of both.

    What both begin and end with is equal, and so are whole texts that both hold (those of a chunk stand between
    zeros); in what is left between them beginnings and ends are compared again, and a few blocks looked for.
    """
    head = _prefix(base, content)
    tail = _suffix(base[head:], content[head:])
    b0, b1, c0, c1 = head, len(base) - tail, head, len(content) - tail
    found = [(0, 0, head), (b1, c1, tail)]
    waiting = []
    for part in _texts_of_both(base, content, head, tail):
        waiting.append((b0, part[0], c0, part[1]))
        found.append(part)
        b0, c0 = part[0] + part[2], part[1] + part[2]
    waiting.append((b0, b1, c0, c1))
    while waiting and len(found) < _MOST_PIECES:
        b0, b1, c0, c1 = waiting.pop()
        if min(b1 - b0, c1 - c0) < _SHORTEST:
            continue
        head = _prefix(base[b0:b1], content[c0:c1])
        if head:
            found.append((b0, c0, head))
            b0, c0 = b0 + head, c0 + head
        tail = _suffix(base[b0:b1], content[c0:c1])
        if tail:
            b1, c1 = b1 - tail, c1 - tail
            found.append((b1, c1, tail))
        if min(b1 - b0, c1 - c0) < _BLOCK:
            continue
        for start in range(b0, b1 - _BLOCK + 1, max(_BLOCK, (b1 - b0) // _TRIES)):
            target = content.find(base[start : start + _BLOCK], c0, c1)
            if target >= 0:
                waiting += [(b0, start, c0, target), (start, b1, target, c1)]
                break
    return _joined(found)


def _texts_of_both(base: bytes, content: bytes, head: int, tail: int) -> list[tuple[int, int, int]]:
    """Texts that stand in both between their beginning and end, with the zero before each, in order of both."""
    where: dict[bytes, int] = {}
    for match in _TEXT.finditer(base, head, len(base) - tail):
        where.setdefault(match.group(), match.start())
    found, at = [], head
    for match in _TEXT.finditer(content, head, len(content) - tail):
        start, text = where.get(match.group(), -1), match.group()
        if start >= at:
            found.append((start, match.start(), len(text)))
            at = start + len(text)
    return found


def _joined(found: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The parts in order, those that go on where another ends as one, empty ones left out."""
    joined: list[tuple[int, int, int]] = []
    for start, target, length in sorted(found, key=itemgetter(1, 2)):
        if joined and joined[-1][0] + joined[-1][2] == start and joined[-1][1] + joined[-1][2] == target:
            joined[-1] = (joined[-1][0], joined[-1][1], joined[-1][2] + length)
        elif length:
            joined.append((start, target, length))
    return joined


def _prefix(a: bytes, b: bytes) -> int:
    """How many bytes two texts begin with alike."""
    size = min(len(a), len(b))
    differs = int.from_bytes(a[:size], "big") ^ int.from_bytes(b[:size], "big")
    return size - (differs.bit_length() + 7) // 8


def _suffix(a: bytes, b: bytes) -> int:
    """How many bytes two texts end with alike."""
    size = min(len(a), len(b))
    differs = int.from_bytes(a[-size:], "big") ^ int.from_bytes(b[-size:], "big") if size else 0
    return ((differs & -differs).bit_length() - 1) // 8 if differs else size


def _inserts(data: bytes) -> list[bytes]:
    return [
        bytes([len(part)]) + part
        for part in (data[at : at + _LONGEST_INSERT] for at in range(0, len(data), _LONGEST_INSERT))
    ]


def _copy(start: int, count: int) -> bytes:
    op, tail = 0x80, bytearray()
    for value, bits, low in ((start, 4, 0), (count & 0xFFFF, 2, 4)):
        for bit in range(bits):
            byte = value >> 8 * bit & 0xFF
            if byte:
                op |= 1 << low + bit
                tail.append(byte)
    return bytes([op]) + tail


def _size(value: int) -> bytes:
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
