"""Values of fields: as columns hold them, as plain values, as users write and read them."""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime
from typing import Any

from memento.errors import UsageError
from memento.world.records import ID, MAX_ID, MAX_TEXT, NULL_INT, Field

_LARGEST = sys.float_info.max
_SHOWN = 100


def to_plain(field: Field, value: Any) -> Any:
    """A column's element as a plain value: None for absence, a sorted list for a set."""
    if field.kind == "set":
        return value.split(" ") if value else []
    if field.kind in ("int", "time"):
        return None if field.nullable and value == NULL_INT else int(value)
    if field.kind == "float":
        return None if value != value else float(value)
    if field.kind == "bool":
        return bool(value)
    return None if field.nullable and value == "" else value


def to_column(field: Field, value: Any, where: str) -> Any:
    """The element a column holds for a plain value, checked against the field.

    Raises `UsageError` that names `where`, the field, the value and what would be right.
    """
    if value is None:
        if not field.nullable:
            raise UsageError(f"{where}: {field.name} must have a value", f"{field.name}: {describe(field)}")
        return field.null
    if field.kind in ("text", "ref"):
        if not isinstance(value, str) or len(value) > MAX_TEXT or "\x00" in value:
            raise _wrong(field, value, where)
        if not _encodable(value):
            raise _wrong(field, value, where)
        is_id = field.kind == "ref" or field.name == "id"
        if is_id and not ID.fullmatch(value) and not (value == "" and field.nullable):
            raise UsageError(
                f"{where}: {field.name}={value!r} is not a record id",
                f"an id is 1 to {MAX_ID} characters without spaces, '@' or '/'",
            )
        if (field.choices and value not in field.choices) or (field.required and not value):
            raise _wrong(field, value, where)
        return value
    if field.kind == "set":
        if not isinstance(value, list | tuple | set | frozenset) or not all(_is_id(item) for item in value):
            raise _wrong(field, value, where)
        return " ".join(sorted(set(value)))
    if field.kind == "bool":
        if not _is_flag(value):
            raise _wrong(field, value, where)
        return bool(value)
    if type(value) not in (int, float) and not _is_number(value):
        raise _wrong(field, value, where)
    if not -_LARGEST <= value <= _LARGEST or not field.low <= value <= field.high:
        raise _wrong(field, value, where)
    if field.kind == "float":
        return float(value)
    if int(value) != value or not -(2**63) < value < 2**63:
        raise _wrong(field, value, where)
    return int(value)


def _is_flag(value: Any) -> bool:
    import numpy as np

    return isinstance(value, bool | np.bool_)


def _is_number(value: Any) -> bool:
    import numpy as np

    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool | np.bool_)


def _wrong(field: Field, value: Any, where: str) -> UsageError:
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}… ({len(shown):,} characters)"
    return UsageError(f"{where}: {field.name}={shown} is not {describe(field)}")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None and _encodable(value)


def parse(field: Field, text: str, where: str) -> Any:
    """The plain value that a user's text stands for (``null`` or nothing is absence).

    Times are taken as ISO 8601 (UTC unless it says otherwise) or seconds; sets as ids parted by
    commas or spaces; booleans as true/false, yes/no, 1/0. Raises `UsageError`.
    """
    if field.kind in ("text", "ref"):
        value: Any = None if field.nullable and text in ("", "null") else text
    elif field.kind == "set":
        value = text.replace(",", " ").split()
    elif field.nullable and text in ("", "null"):
        value = None
    elif field.kind == "bool":
        if text.lower() not in _BOOLEANS:
            raise _wrong(field, text, where)
        value = _BOOLEANS[text.lower()]
    else:
        try:
            value = float(text) if field.kind == "float" else int(text)
        except ValueError:
            if field.kind != "time":
                raise _wrong(field, text, where) from None
            value = parse_time(text, where)
    return to_plain(field, to_column(field, value, where))


_BOOLEANS = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}


def parse_time(text: str, where: str = "time") -> int:
    """Seconds since 1970 UTC of an ISO 8601 instant; no zone means UTC. Raises `UsageError`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{where}: {text!r} is not a time", "write it as 2026-03-02T09:30:00Z") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def format_time(seconds: int) -> str:
    """An instant as ``YYYY-MM-DDThh:mm:ssZ``; seconds that no calendar holds stay a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def in_words(field: Field, value: Any) -> str:
    """A plain value as people read it; a dash where it is absent."""
    if value is None or value == []:
        return "-"
    if field.kind == "time":
        return format_time(value)
    if field.kind == "bool":
        return "yes" if value else "no"
    if field.kind == "float":
        return f"{value:.6g}"
    return " ".join(value) if field.kind == "set" else str(value)


def describe(field: Field) -> str:
    """What a value of `field` must be, in words: kind, bounds, unit, choices."""
    words = {
        "text": "text",
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "time": "a time",
        "ref": "the id of a record",
        "set": "a list of ids",
    }[field.kind]
    if field.choices:
        words = f"one of {', '.join(field.choices)}"
    elif field.kind == "ref" or field.kind == "set":
        words += f" in {field.target}"
    elif field.kind == "text" and field.required:
        words = "text that is not empty"
    if field.kind == "time":
        words += " of the years 1 to 9999"
    elif math.isfinite(field.low) and math.isfinite(field.high):
        words += f" from {field.low:g} to {field.high:g}"
    elif math.isfinite(field.low):
        words += f" of at least {field.low:g}"
    if field.unit:
        words += f" ({field.unit})"
    return words + (" or null" if field.nullable else "")
