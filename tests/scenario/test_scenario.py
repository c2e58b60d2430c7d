"""Ranges are drawn once a world, each under its own key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memento import scenario
from memento.patterns import CATALOG
from memento.scenario import OneOf, Range, Scenario, load


@given(st.integers(-(2**63), 2**63 - 1))
def test_draws_stay_within_their_ranges(seed: int) -> None:
    default = load("default")
    for key, value in default.resolved(seed).values.items():
        declared = default[key]
        if isinstance(declared, Range):
            assert declared.low <= value <= declared.high  # type: ignore[operator]
        elif isinstance(declared, OneOf):
            assert value in declared.choices
        else:
            assert value == declared


def test_whole_range_is_reached() -> None:
    two = Scenario("", "", {"memories.count": Range(5, 6), "noise.distribution": OneOf(("none", "gaussian"))})
    settings = [two.settings(seed) for seed in range(60)]
    assert {s.memories.count for s in settings} == {5, 6}
    assert {s.noise.distribution for s in settings} == {"none", "gaussian"}


def test_fixing_one_parameter_leaves_the_other_draws() -> None:
    free, fixed = load("default").resolved(5), load("default", {"memories.count": "77"}).resolved(5)
    changed = {key for key in free.values if free.values[key] != fixed.values[key]}
    assert changed == {"memories.count"}


def test_settings_are_typed_and_hold_the_planted_patterns() -> None:
    settings = load("tiny").settings(1)
    assert isinstance(settings.memories.count, int)
    assert settings.patterns["recency"] == {"weight": 0.35, "decay_rate": 0.1}
    assert set(settings.patterns) == {"recency", "entity", "temporal", "frequency", "supersession", "traversal"}


def test_every_pattern_of_the_catalogue_can_be_declared() -> None:
    for name, pattern in CATALOG.items():
        for spec in pattern.parameters():
            parameter = scenario.parameters()[f"patterns.{name}.{spec.name}"]
            assert (parameter.unit, parameter.low, parameter.high) == (spec.unit, spec.low, spec.high)
            declared = Scenario("", "", {parameter.key: spec.default})
            assert name in declared.planted()


def test_to_map_is_plain_and_whole() -> None:
    plain = load("default").to_map()
    assert plain["format"] == 1
    assert plain["memories"]["count"] == [50, 500]
    assert plain["noise"]["distribution"] == ["gaussian", "uniform", "laplace"]
    assert set(plain["patterns"]["temporal"]) == {"weight", "strength", "half_width"}
