"""Named variables that follow from one another, step by step: a dynamic Bayesian network.

A `Variable` says how its first value and every next one follow from other variables, of the same step or of the step
before; a `Story` is a set of them. Every variable draws under its own name, so one that comes in shifts no draw of the
others (Mladenov et al. 2021, "RecSim NG", arXiv 2103.08057, section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from memento import rng
from memento.errors import UsageError, nearest

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Draw:
    """The draws of one variable at one step: each call takes a purpose, and gives the same numbers for it."""

    key: int

    def keys(self, purpose: str, *shape: int) -> rng.Keys:
        """One key for each element of a shape."""
        flat = rng.pair_keys(rng.key(self.key, purpose), np.arange(prod(shape), dtype=np.uint64))
        return flat.reshape(shape)

    def uniform(self, purpose: str, *shape: int) -> rng.Floats:
        """Uniform on [0, 1)."""
        return rng.uniform(self.keys(purpose, *shape))

    def normal(self, purpose: str, *shape: int, sd: float = 1.0) -> rng.Floats:
        """Normal with mean 0."""
        return rng.normal(self.keys(purpose, *shape).reshape(-1), 0.0, sd).reshape(shape)


@dataclass(frozen=True)
class Variable:
    """One variable: its name, its first value, and how the next one comes about (None: it stays).

    ``first(draw, now)`` and ``next(draw, now, before)`` give the value. `now` holds the variables that `first_needs`,
    later `needs`, name, at their value of this step; `before` those that `previous` names, at that of the last.
    """

    name: str
    first: Callable[[Draw, Values], Any]
    next: Callable[[Draw, Values, Values], Any] | None = None
    first_needs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    previous: tuple[str, ...] = ()


class Story:
    """Variables in an order in which each follows from those before it.

    Raises `UsageError` for a name that two have, one that nothing has, and variables that wait for one another.
    """

    def __init__(self, variables: Sequence[Variable]) -> None:
        self.variables = {variable.name: variable for variable in variables}
        if len(self.variables) != len(variables):
            names = [variable.name for variable in variables]
            twice = next(name for name in names if names.count(name) > 1)
            raise UsageError(f"two variables are called {twice!r}", "give each its own name")
        for variable in variables:
            for name in (*variable.first_needs, *variable.needs, *variable.previous):
                if name not in self.variables:
                    near = nearest(name, self.variables, 1)
                    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self.variables)}"
                    raise UsageError(f"variable {variable.name!r} needs {name!r}, which is none", hint)
        self.first_order = self._order({variable.name: variable.first_needs for variable in variables})
        self.order = self._order({variable.name: variable.needs for variable in variables})

    def run(self, seed: int, steps: int) -> Iterator[dict[str, Any]]:
        """The values of all variables at steps 0 to `steps`."""
        now: dict[str, Any] = {}
        for name in self.first_order:
            variable = self.variables[name]
            now[name] = variable.first(self._draw(seed, name, 0), {need: now[need] for need in variable.first_needs})
        yield dict(now)
        for step in range(1, steps + 1):
            before, now = now, {}
            for name in self.order:
                variable = self.variables[name]
                if variable.next is None:
                    now[name] = before[name]
                    continue
                needs = {need: now[need] for need in variable.needs}
                last = {need: before[need] for need in variable.previous}
                now[name] = variable.next(self._draw(seed, name, step), needs, last)
            yield dict(now)

    def _draw(self, seed: int, name: str, step: int) -> Draw:
        return Draw(rng.key(seed, "story", name, step))

    def _order(self, needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """The names so that each comes after what it needs, else as they were given (Kahn 1962)."""
        found: dict[str, None] = {}
        while len(found) < len(needs):
            ready = [name for name in needs if name not in found and all(need in found for need in needs[name])]
            if not ready:
                waiting = " and ".join(repr(name) for name in needs if name not in found)
                raise UsageError(f"{waiting} wait for one another", "let one of them need the step before (`previous`)")
            found[ready[0]] = None
        return tuple(found)
