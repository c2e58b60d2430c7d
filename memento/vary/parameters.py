"""Named values with checked bounds: what an operator of variation, or a part of a training recipe, takes."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Literal, Self

from memento.catalog import Catalog
from memento.errors import InvalidFile, UsageError, nearest

Value = int | float | str
_LONGEST = 200
_SHOWN = 60
_HUGE = 10**15
_TYPES: dict[str, type | tuple[type, ...]] = {"float": (int, float), "int": int, "text": str}


def parameter(
    default: Value,
    doc: str,
    unit: str = "",
    low: float = 0.0,
    high: float = 1.0,
    kind: Literal["float", "int", "text"] = "float",
    choices: tuple[str, ...] = (),
) -> Any:
    """A value that a thing takes: its default, meaning, unit and inclusive bounds (of numbers), or `choices`."""
    metadata = {"doc": doc, "unit": unit, "low": low, "high": high, "kind": kind, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter, for documentation and for checks."""

    name: str
    default: Value
    doc: str
    unit: str
    low: float
    high: float
    kind: str
    choices: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Parameterised:
    """A value of named parameters; a subclass names them as fields made by `parameter`.

    Raises `InvalidFile` with every parameter that is not what it must be.
    """

    name: ClassVar[str]
    what: ClassVar[str]
    """The word for such a thing in errors."""
    hint: ClassVar[str]
    """Where all of them are listed."""

    def __post_init__(self) -> None:
        faults = [fault for spec in self.parameters() for fault in _faults(spec, getattr(self, spec.name))]
        if faults:
            raise InvalidFile(f"{self.what} {self.name}", faults)
        for spec in self.parameters():
            if spec.kind == "float":
                # One number is written in one way, since draws hang on the text: 1 as 1.0, -0.0 as 0.0.
                object.__setattr__(self, spec.name, float(getattr(self, spec.name)) + 0.0)

    @classmethod
    @cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """The parameters in order, with their bounds."""
        return tuple(Parameter(f.name, f.default, **f.metadata) for f in dataclasses.fields(cls))  # type: ignore[arg-type]

    @classmethod
    def from_map(cls, values: Mapping[str, Value]) -> Self:
        """The thing with the given parameters, the rest at their defaults; a text is read as its number.

        Raises `InvalidFile` with every unknown parameter and every faulty value.
        """
        known = {spec.name: spec for spec in cls.parameters()}
        faults = []
        given: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                near = nearest(name, known, 1)
                faults.append(f"no parameter {name!r}; " + (f"did you mean {near[0]}?" if near else _listed(known)))
            else:
                given[name] = _read(known[name].kind, value)
        try:
            made = cls(**given)
        except InvalidFile as error:
            faults += error.faults
        if faults:
            raise InvalidFile(f"{cls.what} {cls.name}", faults, cls.hint)
        return made

    def to_map(self) -> dict[str, Value]:
        """The parameters as they are recorded; `from_map` inverts it."""
        return {spec.name: getattr(self, spec.name) for spec in self.parameters()}

    def __str__(self) -> str:
        values = ":".join(f"{name}={value}" for name, value in self.to_map().items() if value != "")
        return f"{self.name}:{values}" if values else self.name


_TIME = re.compile(r":[0-9]{2}")
"""A colon in a time of day, which parts nothing."""
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}


def parse(words: Sequence[str], catalog: Catalog, example: str) -> list[Any]:
    """The things of a catalogue that some words name, such as ``drop:share=0.2,jitter``.

    A word is one thing or several parted by commas; ``:key=value`` gives a parameter. What stands in
    brackets or braces parts nothing, nor does the colon of a time of day. Raises `UsageError` with
    `example`, `NotFound` for a name that is not in the catalogue, `InvalidFile` for faulty parameters.
    """
    found = []
    for text in [part for word in words for part in _parts(word, ",")]:
        name, *settings = _parts(text, ":")
        values: dict[str, str] = {}
        for setting in settings:
            key, equals, value = setting.partition("=")
            if not equals or not key:
                raise UsageError(f"{text!r}: {setting!r} is not key=value", f"write it as {example}")
            if key in values:
                raise UsageError(f"{text!r}: {key} is given twice", "give a parameter once")
            values[key] = value
        found.append(catalog[name].from_map(values))
    return found


def _parts(text: str, at: str) -> list[str]:
    """A text parted at a character, but within brackets, braces and quoted words of JSON."""
    parts, depth, start, quoted = [], 0, 0, False
    for place, letter in enumerate(text):
        if letter == '"' and depth and text[place - 1] != "\\":
            quoted = not quoted
        elif letter in _BRACKETS and not quoted:
            depth = max(0, depth + _BRACKETS[letter])
        elif letter == at and not depth and not (at == ":" and _TIME.match(text, place)):
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _faults(spec: Parameter, value: Value) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, _TYPES[spec.kind]):
        what = {"float": "a number", "int": "a whole number", "text": "a text"}[spec.kind]
        return [f"{spec.name}={_shown(value)} is not {what}"]
    if isinstance(value, str):
        if spec.choices and value not in spec.choices:
            near = nearest(value, spec.choices, 1)
            ending = f"did you mean {near[0]}?" if near else f"known: {', '.join(spec.choices)}"
            return [f"{spec.name}={_shown(value)} is not one of its choices; {ending}"]
        good = len(value) <= _LONGEST and value.isprintable()
        return [] if good else [f"{spec.name} is not a line of at most {_LONGEST} characters"]
    if isinstance(value, float) and not math.isfinite(value):
        return [f"{spec.name}={value!r} is not a number"]
    if not spec.low <= value <= spec.high:
        return [f"{spec.name}={_shown(value)} is not from {spec.low:g} to {spec.high:g}"]
    return []


def _shown(value: object) -> str:
    """A value in a message, without the middle of a huge one."""
    text = repr(value) if not isinstance(value, int) or abs(value) < _HUGE else "a number of more than 15 digits"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 :]}"


def _read(kind: str, value: Value) -> Value:
    if not isinstance(value, str) or kind == "text" or "_" in value:
        return value
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return value


def _listed(known: Mapping[str, Parameter]) -> str:
    return f"known: {', '.join(known)}" if known else "it takes none"
