"""Applying a delta of a pack, with a bound on what it makes (format: gitformat-pack(5))."""

from __future__ import annotations


def apply_delta(base: bytes, delta: bytes, limit: int) -> bytes:
    """What a delta makes of its base, at most `limit` bytes. Raises `ValueError`."""
    try:
        before, at = _number(delta, 0)
        after, at = _number(delta, at)
        if before != len(base):
            raise ValueError(f"a delta of {before} bytes stands on {len(base)}")
        if after > limit:
            raise ValueError(f"a delta expands to {after} bytes (limit {limit})")
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
