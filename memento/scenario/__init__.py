"""Scenarios: declarations of worlds to make, read from TOML and checked as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memento.scenario.loading import builtin, from_map, library, load, names, parse
from memento.scenario.reference import reference
from memento.scenario.scenario import Scenario
from memento.scenario.schema import FORMAT, OneOf, Parameter, Range, Settings, parameters

if TYPE_CHECKING:
    PARAMETERS: tuple[Parameter, ...]

__all__ = [
    "FORMAT", "PARAMETERS", "OneOf", "Parameter", "Range", "Scenario", "Settings", "builtin", "from_map", "library",
    "load", "names", "parameters", "parse", "reference",
]  # fmt: skip


def __getattr__(name: str) -> tuple[Parameter, ...]:
    if name != "PARAMETERS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tuple(parameters().values())
