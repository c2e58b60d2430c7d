"""A scenario whose worlds are twins of a given one: every parameter that its history tells of, estimated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from memento.errors import UsageError
from memento.scenario import Scenario, from_map, parameters
from memento.scenario.schema import FORMAT
from memento.synthesis.fit import arrivals, memories, relevance, topics
from memento.synthesis.fit.estimate import Estimate, Number
from memento.world.world import World

_EPOCH = date(1970, 1, 1)
_FEWEST = 2
_NOTHING = 1e-12
_PRODUCTS = {
    "patterns.entity.weight": "patterns.entity.strength",
    "patterns.temporal.weight": "patterns.temporal.strength",
}
"""A weight, and the strength that history cannot tell from it."""


@dataclass(frozen=True)
class Fit:
    """What was estimated, by key in the order of the schema, and what a scenario takes over as it is."""

    name: str
    estimates: Mapping[str, Estimate]
    fixed: Mapping[str, Any]

    def values(self) -> dict[str, Any]:
        """The parameters of the scenario."""
        found: dict[str, Any] = dict(self.fixed)
        for key, estimate in self.estimates.items():
            found[key] = _within(key, estimate.value)
        for key, strength in _PRODUCTS.items():
            if key in found:
                found[strength] = 1.0
        return {key: found[key] for key in parameters() if key in found}

    def scenario(self) -> Scenario:
        """The scenario, checked as any other is."""
        tree: dict[str, Any] = {"format": FORMAT, "name": self.name, "summary": self.summary}
        for key, value in self.values().items():
            *path, leaf = key.split(".")
            place = tree
            for part in path:
                place = place.setdefault(part, {})
            place[leaf] = list(value) if isinstance(value, tuple) else value
        return from_map(tree, self.name, self.name)

    @property
    def summary(self) -> str:
        """One line about the scenario."""
        return f"fitted to {self.name}"

    def to_toml(self) -> str:
        """The scenario as a TOML file that tells each estimate's interval."""
        self.scenario()
        lines = [
            f"# A twin of {self.name}: what its history tells of is estimated, with 95% intervals.",
            f"format = {FORMAT}",
        ]
        lines.append(f"summary = {json.dumps(self.summary)}")
        section = ""
        for key, value in self.values().items():
            head, _, leaf = key.rpartition(".")
            if head != section:
                section = head
                lines += ["", f"[{section}]"]
            said = list(value) if isinstance(value, tuple) else value
            estimate = self.estimates.get(key)
            told = f"    # {interval(estimate)}, from {estimate.n:,} {estimate.of}" if estimate else ""
            lines.append(f"{leaf} = {json.dumps(said)}{told}")
        return "\n".join(lines) + "\n"


def fit(world: World, name: str = "twin") -> Fit:
    """The scenario that best explains a world's history, planned and observed records alike.

    Nothing is read from the manifest but the first day: a simulated world is fitted as an imported one
    is. Raises `UsageError` for a world with fewer than two sessions.
    """
    if (count := len(world.sessions)) < _FEWEST:
        raise UsageError(
            f"a fit needs a history, and this world has {count} session{'s' * (count != 1)}",
            "fit a branch with sessions: `memento log --all` lists the branches",
        )
    projects = memories.projects(world) or ("main",)
    first, days = arrivals.span(world)
    widest = int(max(1, (world.offsets[1:] - world.offsets[:-1]).max(initial=1)))
    fixed: dict[str, Any] = {
        "time.start": (_EPOCH + timedelta(days=first)).isoformat(), "time.days": days,
        "entities.domain": memories.domain(world), "entities.projects": projects,
        "candidates.per_session": min(widest, int(parameters()["candidates.per_session"].high)),
    }  # fmt: skip
    noise = world.manifest.noise
    if noise:
        fixed |= {"noise.distribution": noise["distribution"], "noise.snr_db": noise["snr_db"]}
    found: dict[str, Estimate] = {}
    for part in (
        memories.entities(world), arrivals.arrivals(world, projects), topics.topics(world),
        memories.memories(world), relevance.relevance(world),
    ):  # fmt: skip
        found |= {estimate.key: bounded(estimate) for estimate in part if telling(estimate)}
    # A rule of which history says nothing has no say in the twin either.
    fixed |= {key: 0.0 for key, _ in relevance.WEIGHTS if key not in found}
    if "noise.snr_db" in found:
        fixed["noise.distribution"] = "gaussian"
    elif not noise:
        fixed["noise.distribution"] = "none"
    return Fit(name, {key: found[key] for key in parameters() if key in found}, fixed)


def planted(world: World, fitted: Fit) -> dict[str, tuple[Number, bool]]:
    """For a simulated world, the true value of each estimate and whether its interval holds it.

    Left out is what was counted, and a mixture that was found to have another number of parts.
    """
    tree: Any = world.manifest.scenario
    if world.manifest.source != "simulated":
        return {}
    found: dict[str, tuple[Number, bool]] = {}
    for key, estimate in fitted.estimates.items():
        if estimate.low == estimate.high:
            continue
        value = _at(tree, key)
        strength = _at(tree, _PRODUCTS[key]) if key in _PRODUCTS else None
        if isinstance(value, int | float) and isinstance(strength, int | float):
            value = value * strength
        truth = tuple(map(float, value)) if isinstance(value, list | tuple) else value
        if isinstance(truth, int | float | tuple):
            if key == "sessions.hour_weights" and isinstance(truth, tuple):
                truth = tuple(part * len(truth) / sum(truth) for part in truth)
            if isinstance(truth, tuple) and len(truth) != len(estimate.value):  # type: ignore[arg-type]
                continue
            found[key] = (truth, estimate.covers(truth))
    return found


def interval(estimate: Estimate, digits: int = 3) -> str:
    """An interval in words."""
    if estimate.low == estimate.value == estimate.high:
        return "as it is"
    return f"{shown(estimate.low, digits)} to {shown(estimate.high, digits)}"


def shown(value: Number, digits: int = 3) -> str:
    """A number, or some, with so many digits that count."""
    if isinstance(value, tuple):
        return "[" + ", ".join(shown(part, digits) for part in value) + "]"
    if abs(value) < _NOTHING:
        return "0"
    return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"


def telling(estimate: Estimate) -> bool:
    """Whether an interval leaves out any of the values that its parameter may have."""
    spec = parameters()[estimate.key]
    if isinstance(estimate.low, tuple) or isinstance(estimate.high, tuple):
        return True
    return bool(estimate.low > spec.low or estimate.high < spec.high)


def bounded(estimate: Estimate) -> Estimate:
    """The estimate with its value and interval within the bounds of its parameter."""
    spec = parameters()[estimate.key]

    def inside(value: Number) -> Number:
        if isinstance(value, tuple):
            return tuple(min(max(part, spec.low), spec.high) for part in value)
        return min(max(value, spec.low), spec.high)

    return replace(estimate, value=inside(estimate.value), low=inside(estimate.low), high=inside(estimate.high))


def _at(tree: Any, key: str) -> Any:
    for part in key.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree


def _within(key: str, value: Number) -> Any:
    """A value as a scenario holds it, six digits of it."""
    if isinstance(value, tuple):
        return tuple(_rounded(part) for part in value)
    return round(value) if parameters()[key].kind == "int" else _rounded(value)


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
