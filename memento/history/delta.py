"""Deltas of a pack: made, and applied with a bound on what comes of them (format: gitformat-pack(5)).

dulwich's compiled part applies them, and makes no more than a delta announces; where that is not
installed, its Python would copy whatever a delta asks for before it counts, so ours is used.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from operator import itemgetter
from types import BuiltinFunctionType

import dulwich.pack

from memento.history.packs import MAX_OBJECT

_SHORTEST, _BLOCK = 4, 16
_TEXT = re.compile(rb"\0[^\0]{8,}")
_TRIES = 8
_MOST_PIECES = 256
_LONGEST_COPY = 0x10000
_LONGEST_INSERT = 127
_KEPT_BASES = 256
_SHORT_COPY, _COPY, _FAR_COPY = struct.Struct("<BHB"), struct.Struct("<BHH"), struct.Struct("<BIH")
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
        if at < target:
            parts += _inserts(content[at:target])
        parts += _copies(start, length)
        at = target + length
    return b"".join([*parts, *_inserts(content[at:])])


def _same(base: bytes, content: bytes) -> list[tuple[int, int, int]]:
    """(start in `base`, start in `content`, length) of parts that are equal, in order of both.

    What both begin and end with is equal, and so are whole texts that both hold (those of a chunk stand between
    zeros); in what is left between them beginnings and ends are compared again, and a few blocks looked for.
    """
    head = _prefix(base, content)
    tail = _suffix(base[head:], content[head:])
    b0, b_end, c0, c_end = head, len(base) - tail, head, len(content) - tail
    found = [(0, 0, head), (b_end, c_end, tail)]
    waiting = []
    where = _texts(base)
    for match in _TEXT.finditer(content, head, c_end):
        text = match.group()
        start = where.get(text, -1)
        if b0 <= start <= b_end - len(text):
            target = match.start()
            waiting.append((b0, start, c0, target))
            found.append((start, target, len(text)))
            b0, c0 = start + len(text), target + len(text)
    waiting.append((b0, b_end, c0, c_end))
    while waiting and len(found) < _MOST_PIECES:
        b0, b1, c0, c1 = waiting.pop()
        if min(b1 - b0, c1 - c0) < _SHORTEST:
            continue
        old, new = base[b0:b1], content[c0:c1]
        head = _prefix(old, new)
        if head:
            found.append((b0, c0, head))
            b0, c0, old, new = b0 + head, c0 + head, old[head:], new[head:]
        tail = _suffix(old, new)
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


@lru_cache(_KEPT_BASES)
def _texts(base: bytes) -> dict[bytes, int]:
    """The first place of each text of a base, with the zero before it; remembered, since much resembles one base."""
    where: dict[bytes, int] = {}
    for match in _TEXT.finditer(base):
        where.setdefault(match.group(), match.start())
    return where


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
    differs = int.from_bytes(a[len(a) - size :], "little") ^ int.from_bytes(b[len(b) - size :], "little")
    return size - (differs.bit_length() + 7) // 8


def _inserts(data: bytes) -> list[bytes]:
    return [
        bytes([len(part)]) + part
        for part in (data[at : at + _LONGEST_INSERT] for at in range(0, len(data), _LONGEST_INSERT))
    ]


def _copies(start: int, count: int) -> list[bytes]:
    """Copy instructions of few forms, which are quick to make; compression takes the zeros in them away."""
    if start < _LONGEST_COPY and count < 256:
        return [_SHORT_COPY.pack(0x93, start, count)]
    if start < _LONGEST_COPY and count < _LONGEST_COPY:
        return [_COPY.pack(0xB3, start, count)]
    steps = range(0, count, _LONGEST_COPY)
    return [_FAR_COPY.pack(0xBF, start + n, min(_LONGEST_COPY, count - n) & 0xFFFF) for n in steps]


def _size(value: int) -> bytes:
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
