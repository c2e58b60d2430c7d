"""Canonical msgpack: one value has one encoding, and decoding trusts nothing.

Values are None, bool, int (64 bit), finite float, str, bytes, list, and dict with str keys.
Maps are written with sorted keys, numbers in their shortest form (msgpack specification, "int
format family"), floats as 64 bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgpack

from memento.errors import CorruptRecord

MAX_BYTES = 64 << 20
MAX_DEPTH = 16
MAX_ITEMS = 1 << 20
"""The most items of one value, those of all its lists and maps together."""

_BYTES = {bytes}

Value = None | bool | int | float | str | bytes | list[Any] | dict[str, Any]


def encode(value: Value) -> bytes:
    """The canonical encoding of `value`.

    Raises `ValueError` or `TypeError` for what has none (NaN, other types, too deep): a fault of
    the caller, never of a user's file.
    """
    packed: bytes = msgpack.packb(_canonical(value, 0), use_bin_type=True)
    return packed


def decode(data: bytes, *, object_id: str = "", path: str = "") -> Any:
    """The value that `data` encodes.

    Refuses everything that `encode` would not have written, byte for byte: duplicate or unsorted
    keys, NaN, extension types, trailing bytes, over-long integers, depth over 16, over a million
    items, over 64 MiB.
    Raises `CorruptRecord` naming `object_id` and `path`.
    """
    if len(data) > MAX_BYTES:
        raise CorruptRecord(f"{len(data)} bytes, limit {MAX_BYTES}", object_id, path)
    on_map, on_list = _counting() if len(data) > MAX_ITEMS else (_sorted_map, None)
    try:
        value = msgpack.unpackb(
            data,
            raw=False,
            use_list=True,
            strict_map_key=True,
            object_pairs_hook=on_map,
            list_hook=on_list,
            ext_hook=_no_extension,
            max_str_len=MAX_BYTES,
            max_bin_len=MAX_BYTES,
            max_array_len=min(MAX_ITEMS, len(data)),
            max_map_len=min(MAX_ITEMS, len(data)),
            max_ext_len=0,
        )
        _bounded(value, 0)
        if msgpack.packb(value, use_bin_type=True) != data:
            raise ValueError("not in canonical form")
    except CorruptRecord:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError, MemoryError, msgpack.UnpackException) as error:
        raise CorruptRecord(str(error) or type(error).__name__, object_id, path) from None
    return value


def _canonical(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    kind = type(value)
    if kind is bytes or kind is str or kind is bool or value is None:
        return value
    if kind is int:
        if not -(1 << 63) <= value < 1 << 63:
            raise ValueError(f"integer {value} does not fit 64 bits")
        return value
    if kind is float:
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a finite number")
        return value
    if kind is list or kind is tuple:
        return [_canonical(item, depth + 1) for item in value]
    if kind is dict:
        if any(type(key) is not str for key in value):
            raise TypeError("map keys must be str")
        return {key: _canonical(value[key], depth + 1) for key in sorted(value)}
    raise TypeError(f"{kind.__name__} has no canonical encoding")


def _sorted_map(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate map key")
    "".join(result)
    if list(result) != sorted(result):
        raise ValueError("map keys are not sorted")
    return result


def _counting() -> tuple[Callable[[list[tuple[Any, Any]]], dict[Any, Any]], Callable[[list[Any]], list[Any]]]:
    """Hooks for maps and lists that raise `ValueError` once they have seen over `MAX_ITEMS` items.

    For long data alone, since fewer bytes than that cannot hold more.
    """
    left = MAX_ITEMS

    def spend(items: int) -> None:
        nonlocal left
        left -= items + 1
        if left < 0:
            raise ValueError(f"over {MAX_ITEMS} items")

    def on_map(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
        spend(2 * len(pairs))
        return _sorted_map(pairs)

    def on_list(items: list[Any]) -> list[Any]:
        spend(len(items))
        return items

    return on_map, on_list


def _bounded(value: Any, depth: int) -> None:
    """Raises `ValueError` for a decoded value that `_canonical` would refuse."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    kind = type(value)
    if kind is dict:
        items = value.values()
    elif kind is list:
        items = value
    else:
        items = (value,)
    for item in items:
        kind = type(item)
        if kind is bytes or kind is str:
            continue
        if kind is float and not math.isfinite(item):
            raise ValueError(f"{item} is not a finite number")
        if kind is int and not -(1 << 63) <= item < 1 << 63:
            raise ValueError(f"integer {item} does not fit 64 bits")
        if kind is dict or (kind is list and not (depth < MAX_DEPTH and set(map(type, item)) == _BYTES)):
            _bounded(item, depth + 1)


def _no_extension(code: int, data: bytes) -> Any:
    raise ValueError(f"extension type {code}")
