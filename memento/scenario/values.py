"""Checks one parameter's value against the schema; what is wrong is noted, not raised."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from memento.errors import nearest
from memento.scenario.schema import OneOf, Parameter, Range, Value

MAX_LIST = 64
_SHOWN = 60


def checked(parameter: Parameter, given: Any, faults: list[str]) -> Value | None:
    """The checked value, or None after noting what is wrong."""
    key, kind = parameter.key, parameter.kind
    if kind == "date":
        return _date(parameter, given, faults)
    if kind == "text":
        if isinstance(given, list) and parameter.ranged:
            chosen = [checked(parameter, item, faults) for item in given if not isinstance(item, list)]
            if not given or len(chosen) != len(given):
                faults.append(f"{key} must be a text or a list of texts")
                return None
            return None if None in chosen else OneOf(tuple(str(item) for item in chosen))
        if not isinstance(given, str) or given not in parameter.choices:
            near = nearest(shown(given), parameter.choices, 1)
            faults.append(
                f"{key} = {shown(given)} is none of {', '.join(parameter.choices)}"
                + (f"; did you mean {near[0]}?" if near else "")
            )
            return None
        return given
    if kind == "texts":
        if not isinstance(given, list) or not 1 <= len(given) <= MAX_LIST or not all(_is_word(item) for item in given):
            faults.append(f"{key} must be a list of 1 to {MAX_LIST} names, each 1 to 100 characters")
            return None
        if len(set(given)) != len(given):
            faults.append(f"{key} names something twice")
            return None
        return tuple(given)
    if kind == "floats":
        if not isinstance(given, list) or (
            len(given) != parameter.size if parameter.size else not 1 <= len(given) <= MAX_LIST
        ):
            faults.append(f"{key} must be a list of {parameter.size or f'1 to {MAX_LIST}'} numbers")
            return None
        numbers = [_number(parameter, item, f"{key}[{place}]", faults) for place, item in enumerate(given)]
        return None if None in numbers else tuple(float(n) for n in numbers if n is not None)
    if isinstance(given, list):
        if not parameter.ranged or len(given) != 2:
            faults.append(f"{key} must be a number or a range [low, high]")
            return None
        low, high = (_number(parameter, item, key, faults) for item in given)
        if low is None or high is None:
            return None
        if low > high:
            faults.append(f"{key} = [{low}, {high}] has its low end above its high end")
            return None
        return low if low == high else Range(low, high)
    return _number(parameter, given, key, faults)


def shown(given: Any) -> str:
    """A value as an error quotes it: cut where it is long, in words where Python refuses to write its digits."""
    try:
        text = repr(given)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _number(parameter: Parameter, given: Any, key: str, faults: list[str]) -> int | float | None:
    unit = f" {parameter.unit}" if parameter.unit else ""
    wanted = f"{'whole ' if parameter.kind == 'int' else ''}number{' of' + unit if unit else ''}"
    finite = isinstance(given, int) or (isinstance(given, float) and math.isfinite(given))
    if not finite or isinstance(given, bool) or (parameter.kind == "int" and given != int(given)):
        faults.append(f"{key} = {shown(given)} must be a {wanted}")
        return None
    if parameter.limited and given > parameter.high:
        asked = f"{int(given):,}" if int(given).bit_length() < 4096 else shown(given)
        faults.append(f"{key} asks for {asked}{unit}; the limit is {int(parameter.high):,}")
        return None
    if not parameter.low <= given <= parameter.high:
        faults.append(f"{key} = {shown(given)} is not from {parameter.low:,g} to {parameter.high:,g}{unit}")
        return None
    return int(given) if parameter.kind == "int" else float(given)


def _date(parameter: Parameter, given: Any, faults: list[str]) -> str | None:
    try:
        day = given if type(given) is date else date.fromisoformat(given)
        if not isinstance(day, date) or not date(1970, 1, 1) <= day <= date(9000, 1, 1):
            raise ValueError
    except (ValueError, TypeError):
        faults.append(f"{parameter.key} = {shown(given)} must be a day as YYYY-MM-DD, from 1970 on")
        return None
    return day.isoformat()


def _is_word(item: Any) -> bool:
    return isinstance(item, str) and 1 <= len(item) <= 100 and item.isprintable() and item == item.strip()
