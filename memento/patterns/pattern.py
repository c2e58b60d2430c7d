"""What a planted pattern is: a frozen value with checked parameters and one term per candidate."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from memento.errors import InvalidFile, nearest
from memento.patterns.facts import Facts


def parameter(
    default: float,
    doc: str,
    unit: str = "",
    low: float = 0.0,
    high: float = 1.0,
    kind: Literal["float", "int"] = "float",
) -> Any:
    """A number that a pattern takes: its default, meaning, unit and inclusive bounds."""
    metadata = {"doc": doc, "unit": unit, "low": low, "high": high, "kind": kind}
    return dataclasses.field(default=default, metadata=metadata)


def choice(default: str, doc: str, choices: tuple[str, ...]) -> Any:
    """A name that a pattern takes, one of `choices`."""
    metadata = {"doc": doc, "unit": "", "low": 0.0, "high": 0.0, "kind": "text", "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of a pattern, for documentation and for checks of a scenario."""

    name: str
    default: float | str
    doc: str
    unit: str
    low: float
    high: float
    kind: Literal["float", "int", "text"] = "float"
    choices: tuple[str, ...] = ()

    def fault(self, value: Any) -> str:
        """What is wrong with a value, in words; empty where nothing is."""
        if self.kind == "text":
            if value in self.choices:
                return ""
            near = nearest(str(value), self.choices, 1)
            said = f"did you mean {near[0]}?" if near else f"known: {', '.join(self.choices)}"
            return f"{self.name}={value!r} is not one of its choices; {said}"
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return f"{self.name}={value!r} is not a number"
        if not self.low <= value <= self.high:
            return f"{self.name}={value!r} is not from {self.low:g} to {self.high:g}"
        if self.kind == "int" and value != int(value):
            return f"{self.name}={value!r} is not a whole number"
        return ""


@dataclasses.dataclass(frozen=True)
class Pattern(ABC):
    """A rule that makes relevance learnable; a subclass is one file of this folder.

    Raises `InvalidFile` with every parameter that is not a number within its bounds.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    reads: ClassVar[tuple[str, ...]] = ()
    """The fields that a term follows from, as ``memory.created_at``: of the memory, the session or the candidate."""
    factors: ClassVar[tuple[str, ...]] = ("weight",)
    """Parameters that every term is in proportion to."""
    optimum: ClassVar[str] = "a scorer that sees what the rule reads reaches the ceiling of the noise"
    """The best that can be reached, and what a scorer must know or remember to reach it."""

    def __post_init__(self) -> None:
        faults = [fault for spec in self.parameters() if (fault := spec.fault(getattr(self, spec.name)))]
        if faults:
            raise InvalidFile(f"pattern {self.name}", faults)

    @classmethod
    def parameters(cls) -> list[Parameter]:
        """The parameters in order, with their bounds."""
        return [Parameter(field.name, field.default, **field.metadata) for field in dataclasses.fields(cls)]  # type: ignore[arg-type]

    @classmethod
    def from_map(cls, values: Mapping[str, Any]) -> Self:
        """The pattern with the given parameters, the rest at their defaults.

        Raises `InvalidFile` with every unknown parameter and every value out of bounds.
        """
        known = {spec.name: spec for spec in cls.parameters()}
        faults = []
        for name in sorted(set(values) - set(known)):
            near = nearest(name, known, 1)
            ending = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            faults.append(f"no parameter {name!r}; {ending}")
        try:
            made = cls(**{name: value for name, value in values.items() if name in known})
        except InvalidFile as error:
            faults += error.faults
        if faults:
            raise InvalidFile(f"pattern {cls.name}", faults)
        return made

    def to_map(self) -> dict[str, float | str]:
        """The parameters as a manifest holds them; `from_map` inverts it."""
        values = {spec.name: getattr(self, spec.name) for spec in self.parameters()}
        return {name: value if isinstance(value, str) else float(value) for name, value in values.items()}

    def forecast(self, facts: Facts) -> npt.NDArray[np.float64] | None:
        """The best guess of the terms from the steps before the session's, shape (N,).

        None where the terms follow from what a session shows, so that nothing has to be remembered.
        """
        return None

    @abstractmethod
    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """What the pattern adds to the relevance of each candidate, shape (N,)."""
