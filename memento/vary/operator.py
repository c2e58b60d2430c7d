"""What an operator of variation is: a frozen value with checked parameters that changes a world by keyed draws."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

from memento.vary.parameters import Parameter, Parameterised, Value, parameter
from memento.world.tree import Delta
from memento.world.world import World

__all__ = ["Expectation", "Operator", "Parameter", "Value", "parameter"]

Expectation = Literal["labels", "lower", "free"]
"""What an operator promises about the clean labels of candidates that both worlds have.

``labels``: they stay equal (an invariance test, INV). ``lower``: none rises (a directional test, DIR).
``free``: no promise. The names are CheckList's (Ribeiro, Wu, Guestrin and Singh 2020).
"""


@dataclasses.dataclass(frozen=True)
class Operator(Parameterised, ABC):
    """A deterministic variation of a world; a subclass is one file of this folder.

    Raises `InvalidFile` with every parameter that is not what it must be.
    """

    what: ClassVar[str] = "operator"
    hint: ClassVar[str] = "`memento expand --list` lists operators and parameters"
    formula: ClassVar[str]
    source: ClassVar[str] = ""
    """Where the variation comes from: the paper, or the repository."""
    expects: ClassVar[Expectation] = "free"
    """What it must leave of the clean labels; an expansion holds every variant to it (`memento.vary.consistency`)."""
    neutral: ClassVar[Mapping[str, Value]] = {}
    """Parameters with which it changes nothing; empty where there are none."""
    drawn: ClassVar[bool] = True
    """Whether two keys may give two worlds."""

    @abstractmethod
    def apply(self, world: World, key: int) -> Delta | World:
        """The change that it makes of a world, or the whole world that comes of it.

        `key` is a 64-bit key of `memento.rng`, from which every draw is made: the same world and the same
        key give the same bytes. Raises `UsageError` for a world that it cannot change.
        """

    def inverse(self, world: World, key: int) -> Operator | None:
        """The operator that takes back what this one makes of a world, to the byte; None where there is none."""
        return None
