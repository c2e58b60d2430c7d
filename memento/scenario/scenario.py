"""A scenario: a declaration of a world to make, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memento import rng
from memento.patterns import saying
from memento.scenario.schema import (
    FOLLOWS,
    FORMAT,
    OFF,
    PLANTED,
    SECTIONS,
    OneOf,
    Parameter,
    Range,
    Settings,
    Value,
    parameters,
)


@dataclass(frozen=True)
class Scenario:
    """What a scenario file declares: its name, one line about it, and the parameters it sets.

    `values` maps dotted keys to values; what is not there has its default. Make one with
    `memento.scenario.loading.load` or `from_map`, which check it.
    """

    name: str
    summary: str
    values: Mapping[str, Value]

    def __getitem__(self, key: str) -> Value:
        """The value of a parameter by its dotted key, or its default."""
        return self.values[key] if key in self.values else parameters()[key].default

    def planted(self) -> tuple[str, ...]:
        """The names of the patterns that the scenario plants, in catalogue order."""
        named = {key.split(".")[1] for key in self.values if key.startswith("patterns.")}
        every = dict.fromkeys(key.split(".")[1] for key in parameters() if key.startswith("patterns."))
        return tuple(name for name in every if name in PLANTED or name in named)

    def keys(self) -> list[str]:
        """The dotted keys of every parameter that has a say in the world, in order."""
        planted = self.planted()
        return [key for key in parameters() if not key.startswith("patterns.") or key.split(".")[1] in planted]

    def resolved(self, seed: int) -> Scenario:
        """The scenario with every range drawn under `seed`; each draw hangs on its own key alone."""
        drawn = {key: _draw(parameters()[key], self[key], seed) for key in self.keys()}
        return Scenario(self.name, self.summary, drawn)

    def settings(self, seed: int) -> Settings:
        """The parameters of the world that `seed` makes, every one of them fixed."""
        values = self.resolved(seed).values
        sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
        patterns: dict[str, dict[str, float | str]] = {name: {} for name in self.planted()}
        for key, value in values.items():
            section, _, rest = key.partition(".")
            if section == "patterns":
                pattern, _, name = rest.partition(".")
                patterns[pattern][name] = value if isinstance(value, str) else float(value)  # type: ignore[arg-type]
            else:
                sections[section][rest] = value
        made = {name: cls(**sections[name]) for name, cls in SECTIONS.items()}
        return Settings(**made, patterns=patterns)

    def to_map(self) -> dict[str, Any]:
        """Nested plain values, every parameter that has a say written out; what a world's manifest records.

        Without noise its ratio has no say, nor have the other parameters of a pattern whose terms are
        all 0, nor what is a check alone. So two declarations that must give one world are recorded as one.
        """
        tree: dict[str, Any] = {"format": FORMAT, "name": self.name, "summary": self.summary}
        silent = {"sessions.gap_mean", "sessions.gap_sd"}
        if self["noise.distribution"] == "none":
            silent.add("noise.snr_db")
        silent |= {key for key, off in OFF.items() if self[key] == off}
        silent |= {key for key, on in FOLLOWS.items() if on in silent}
        keys = [key for key in self.keys() if key not in silent]
        patterns: dict[str, dict[str, Any]] = {}
        for key in keys:
            if key.startswith("patterns."):
                _, pattern, name = key.split(".")
                patterns.setdefault(pattern, {})[name] = self[key]
        said = saying(patterns)
        for key in keys:
            if key.startswith("patterns.") and key.split(".")[2] not in said[key.split(".")[1]]:
                continue
            *path, leaf = key.split(".")
            place = tree
            for part in path:
                place = place.setdefault(part, {})
            place[leaf] = plain(self[key])
        return tree


def plain(value: Value) -> Any:
    """A value as TOML and msgpack hold it: a list for ranges, choices and tuples."""
    if isinstance(value, OneOf):
        return list(value.choices)
    return list(value) if isinstance(value, tuple) else value


def _draw(parameter: Parameter, value: Value, seed: int) -> Value:
    if isinstance(value, OneOf):
        return value.choices[int(rng.integers(rng.key(seed, "scenario", parameter.key), len(value.choices)))]
    if not isinstance(value, Range):
        return value
    state = rng.key(seed, "scenario", parameter.key)
    if parameter.kind == "int":
        return int(value.low) + int(rng.integers(state, int(value.high) - int(value.low) + 1))
    return float(value.low + (value.high - value.low) * float(rng.uniform(state)))
