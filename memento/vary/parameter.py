"""Simulate the world again under changed scenario parameters, given or drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar, Self

from memento import rng
from memento.errors import InvalidFile, UsageError
from memento.scenario import parameters
from memento.scenario.loading import faults_of
from memento.simulate.again import again
from memento.vary.operator import Operator, Value, parameter
from memento.world.values import parse_time
from memento.world.world import World

_LONGEST = 2000
_PART = ";"


@dataclass(frozen=True)
class Resimulate(Operator):
    """The world as it would have been under other parameters of its scenario, by common random numbers.

    Written ``parameter:topics.stickiness=0.3``; several keys may be given, and a value ``LOW..HIGH`` is
    drawn evenly for each variant. A recipe holds the keys in the same way.
    """

    name: ClassVar[str] = "parameter"
    formula: ClassVar[str] = "every draw u(seed, stream, id) as before, under law(KEY = VALUE)"

    set: str = parameter(
        "topics.stickiness=0..1", "KEY=VALUE parted by ;, written parameter:KEY=VALUE; LOW..HIGH is drawn", kind="text"
    )
    since: str = parameter("", "from when on, such as 2026-03-16T09:00:00Z; from the start if left out", kind="text")

    def __post_init__(self) -> None:
        faults = []
        for spec in self.parameters():
            value = getattr(self, spec.name)
            if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
                faults.append(f"{spec.name} is not a line of at most {_LONGEST} characters")
        if not faults:
            values = self.values
            texts = self.set.split(_PART)
            faults = [f"{text!r} is not KEY=VALUE" for text in texts if not text.partition("=")[1]]
            keys = [text.partition("=")[0].strip() for text in texts]
            faults += [f"{key} is set twice" for key in dict.fromkeys(keys) if keys.count(key) > 1]
            if not faults:
                ends = [{key: _ends(value)[side] for key, value in values.items()} for side in (0, 1)]
                faults = list(dict.fromkeys([*faults_of(ends[0]), *faults_of(ends[1])]))
                faults += [f"{key} = {v}: {_RANGE}" for key, v in values.items() if ".." in v and not _drawable(key, v)]
            try:
                self.instant()
            except UsageError as error:
                faults.append(error.message)
        if faults:
            raise InvalidFile(f"operator {self.name}", faults, "`memento scenarios --parameters` lists every parameter")

    @classmethod
    def of(cls, values: Mapping[str, str], since: str = "") -> Self:
        """The operator for some values by dotted key."""
        return cls(_joined(values), since)

    @classmethod
    def from_map(cls, values: Mapping[str, Value]) -> Self:
        """As `Operator.from_map`; a key with a dot is one of the scenario's."""
        dotted = {key: str(value) for key, value in values.items() if "." in key}
        plain: dict[str, Value] = {key: str(value) for key, value in values.items() if "." not in key}
        if dotted:
            plain["set"] = _joined(dotted)
        return super().from_map(plain)

    def to_map(self) -> dict[str, Value]:
        """The parameters of the scenario by dotted key, and `since` where it is given."""
        return {**self.values, **({"since": self.since} if self.since else {})}

    @property
    def values(self) -> dict[str, str]:
        """The values, or ranges of values, by dotted key."""
        parts = (text.partition("=") for text in self.set.split(_PART))
        return {key.strip(): value.strip() for key, _, value in parts}

    def instant(self) -> int | None:
        """The instant that `since` names, s UTC."""
        return parse_time(self.since, "since") if self.since else None

    def apply(self, world: World, key: int) -> World:
        """One draw for each range, by its key. Raises `UsageError` for a world that was not simulated."""
        values = {name: _drawn(rng.key(key, name), name, value) for name, value in self.values.items()}
        return again(world, values, self.instant())


_RANGE = "a value is drawn from LOW..HIGH for numbers alone, LOW being the lesser"


def _ends(value: str) -> tuple[str, str]:
    low, dots, high = value.partition("..")
    return (low, high) if dots else (value, value)


def _drawable(name: str, value: str) -> bool:
    kind = parameters()[name].kind if name in parameters() else "float"
    try:
        low, high = map(int if kind == "int" else float, _ends(value))
    except ValueError:
        return False
    return kind in ("int", "float") and low <= high and isfinite(high - low)


def _drawn(key: int, name: str, value: str) -> str:
    low, high = _ends(value)
    if ".." not in value:
        return value
    if parameters()[name].kind == "int":
        return str(int(low) + int(rng.integers(key, int(high) - int(low) + 1)))
    return repr(float(low) + float(rng.uniform(key)) * (float(high) - float(low)))


def _joined(values: Mapping[str, str]) -> str:
    return _PART.join(f"{key}={value}" for key, value in sorted(values.items()))
