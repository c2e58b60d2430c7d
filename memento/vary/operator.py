"""What an operator of variation is: a frozen value with checked parameters that changes a world by keyed draws."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Literal, Self

from memento.errors import InvalidFile, nearest
from memento.world.tree import Delta
from memento.world.world import World

Value = int | float | str
Expectation = Literal["labels", "lower", "free"]
"""What an operator promises about the clean labels of candidates that both worlds have.

``labels``: they stay equal (an invariance test, INV). ``lower``: none rises (a directional test, DIR).
``free``: no promise. The names are CheckList's (Ribeiro, Wu, Guestrin and Singh 2020).
"""
_LONGEST = 200
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
    """A value that an operator takes: its default, meaning, unit and inclusive bounds (of numbers), or `choices`."""
    metadata = {"doc": doc, "unit": unit, "low": low, "high": high, "kind": kind, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of an operator, for documentation and for checks."""

    name: str
    default: Value
    doc: str
    unit: str
    low: float
    high: float
    kind: str
    choices: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Operator(ABC):
    """A deterministic variation of a world; a subclass is one file of this folder.

    Raises `InvalidFile` with every parameter that is not what it must be.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str] = ""
    """Where the variation comes from: the paper, or the repository."""
    expects: ClassVar[Expectation] = "free"
    """What it must leave of the clean labels; an expansion holds every variant to it (`memento.vary.consistency`)."""
    neutral: ClassVar[Mapping[str, Value]] = {}
    """Parameters with which it changes nothing; empty where there are none."""
    drawn: ClassVar[bool] = True
    """Whether two keys may give two worlds."""

    def __post_init__(self) -> None:
        faults = [fault for spec in self.parameters() for fault in _faults(spec, getattr(self, spec.name))]
        if faults:
            raise InvalidFile(f"operator {self.name}", faults)

    @classmethod
    @cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """The parameters in order, with their bounds."""
        return tuple(Parameter(f.name, f.default, **f.metadata) for f in dataclasses.fields(cls))  # type: ignore[arg-type]

    @classmethod
    def from_map(cls, values: Mapping[str, Value]) -> Self:
        """The operator with the given parameters, the rest at their defaults; a text is read as its number.

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
            raise InvalidFile(f"operator {cls.name}", faults, "`memento expand --list` lists operators and parameters")
        return made

    def to_map(self) -> dict[str, Value]:
        """The parameters as a commit records them; `from_map` inverts it."""
        return {spec.name: getattr(self, spec.name) for spec in self.parameters()}

    @abstractmethod
    def apply(self, world: World, key: int) -> Delta | World:
        """The change that it makes of a world, or the whole world that comes of it.

        `key` is a 64-bit key of `memento.rng`, from which every draw is made: the same world and the same
        key give the same bytes. Raises `UsageError` for a world that it cannot change.
        """

    def inverse(self, world: World, key: int) -> Operator | None:
        """The operator that takes back what this one makes of a world, to the byte; None where there is none."""
        return None

    def __str__(self) -> str:
        values = ":".join(f"{name}={value}" for name, value in self.to_map().items() if value != "")
        return f"{self.name}:{values}" if values else self.name


def _faults(spec: Parameter, value: Value) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, _TYPES[spec.kind]):
        what = {"float": "a number", "int": "a whole number", "text": "a text"}[spec.kind]
        return [f"{spec.name}={value!r} is not {what}"]
    if isinstance(value, str):
        if spec.choices and value not in spec.choices:
            near = nearest(value, spec.choices, 1)
            ending = f"did you mean {near[0]}?" if near else f"known: {', '.join(spec.choices)}"
            return [f"{spec.name}={value!r} is not one of its choices; {ending}"]
        good = len(value) <= _LONGEST and value.isprintable()
        return [] if good else [f"{spec.name} is not a line of at most {_LONGEST} characters"]
    number = float(value)
    if not math.isfinite(number):
        return [f"{spec.name}={value!r} is not a number"]
    if not spec.low <= number <= spec.high:
        return [f"{spec.name}={value!r} is not from {spec.low:g} to {spec.high:g}"]
    return []


def _read(kind: str, value: Value) -> Value:
    if not isinstance(value, str) or kind == "text":
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
