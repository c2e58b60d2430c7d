"""What a planted pattern is: a frozen value with checked parameters and one term per candidate."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from memento.errors import InvalidFile, nearest
from memento.patterns.facts import Facts


def parameter(default: float, doc: str, unit: str = "", low: float = 0.0, high: float = 1.0) -> Any:
    """A number that a pattern takes: its default, meaning, unit and inclusive bounds."""
    return dataclasses.field(default=default, metadata={"doc": doc, "unit": unit, "low": low, "high": high})


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of a pattern, for documentation and for checks of a scenario."""

    name: str
    default: float
    doc: str
    unit: str
    low: float
    high: float


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

    def __post_init__(self) -> None:
        faults = []
        for spec in self.parameters():
            value = getattr(self, spec.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                faults.append(f"{spec.name}={value!r} is not a number")
            elif not spec.low <= value <= spec.high:
                faults.append(f"{spec.name}={value!r} is not from {spec.low:g} to {spec.high:g}")
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

    def to_map(self) -> dict[str, float]:
        """The parameters as a manifest holds them; `from_map` inverts it."""
        return {spec.name: float(getattr(self, spec.name)) for spec in self.parameters()}

    @abstractmethod
    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """What the pattern adds to the relevance of each candidate, shape (N,)."""
