"""Worlds plant what their scenarios say: how labels go with each pattern's term inside sessions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from memento import patterns
from memento.patterns.noise import candidate_keys, noisy
from memento.patterns.temporal import TemporalCycle

from .stories import story

Floats = npt.NDArray[np.float64]


def correlations(name: str, *overrides: str) -> dict[str, float]:
    """The within-session correlation of noisy labels with each pattern's term, and with a match of the hour."""
    s = story(name, 3, *overrides)
    world = s.world
    manifest, offsets = world.manifest, world.offsets
    sizes = np.diff(offsets)
    assert sizes.min() > 0

    def inside(values: Floats) -> Floats:
        return values - np.repeat(np.add.reduceat(values, offsets[:-1]) / sizes, sizes)

    labels = inside(noisy(s.relevance, offsets, candidate_keys(world), manifest.noise))
    terms = {name: term for name, term in patterns.relevance(s.facts, manifest.patterns).items() if term.any()}
    terms["hour"] = TemporalCycle.from_map(manifest.patterns["temporal"]).matches(s.facts).astype(np.float64)
    return {name: float(np.corrcoef(inside(term), labels)[0, 1]) for name, term in terms.items()}


def test_in_night_owl_the_hour_decides() -> None:
    found = correlations("night-owl")
    assert found.pop("hour") > 0.7
    assert found.pop("temporal") > 0.7
    assert max(found.values()) < 0.6


def test_at_the_support_desk_it_matters_who_is_asking() -> None:
    found = correlations("support-agent")
    assert found.pop("entity") > 0.7
    assert max(found.values()) < 0.5


def test_in_combined_hour_and_topic_both_count() -> None:
    found = correlations("combined")
    assert found["temporal"] > 0.5
    assert found["entity"] > 0.5


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_strength_is_how_much_the_hour_shows(strength: float) -> None:
    found = correlations("tiny", f"patterns.temporal.strength={strength}", "time.days=84", "noise.snr_db=10")
    low, high = {0.0: (-0.1, 0.1), 0.3: (0.05, 0.25), 1.0: (0.25, 0.6)}[strength]
    assert low < found["hour"] < high
