"""What every pattern keeps to, over a simulated world and over worlds of any shape."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings

from memento.patterns import CATALOG, Pattern
from memento.patterns.facts import Joined, of
from memento.scenario import load
from memento.simulate.story import Story
from memento.world.world import World
from patterns.worlds import worlds

NAMES = pytest.mark.parametrize("name", list(CATALOG))


@pytest.fixture(scope="module")
def simulated() -> World:
    return Story(load("tiny", {}), 5).world


@NAMES
def test_terms_are_the_same_each_time_and_block_by_block(simulated: World, name: str) -> None:
    pattern: Pattern = CATALOG[name]()
    whole = pattern.terms(of(simulated))
    assert whole.shape == (len(simulated.candidates),)
    assert whole.dtype == np.float64
    assert np.isfinite(whole).all()
    joined = Joined(simulated)
    parts = [pattern.terms(joined.facts(low, high)) for low, high in joined.blocks(rows=40)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    rows = np.arange(len(whole))[::3]
    np.testing.assert_array_equal(pattern.terms(of(simulated).take(rows)), whole[rows])


@NAMES
def test_every_factor_at_0_plants_nothing(simulated: World, name: str) -> None:
    made = CATALOG[name]
    assert made.factors
    for factor in made.factors:
        assert not np.any(made.from_map({factor: 0.0}).terms(of(simulated)))


@NAMES
def test_the_rule_says_something(simulated: World, name: str) -> None:
    assert np.ptp(CATALOG[name]().terms(of(simulated))) > 0


@NAMES
def test_what_comes_later_has_no_say(simulated: World, name: str) -> None:
    """A label that was computed when a session ended is the label for good."""
    edge = int(np.sort(simulated.sessions["ended_at"])[len(simulated.sessions) // 2])
    sessions = simulated.sessions.take(simulated.sessions["ended_at"] <= edge)
    kept = set(sessions["id"].tolist())

    def of_kept(table: str) -> np.ndarray:
        return np.array([session in kept for session in simulated.tables[table]["session"].tolist()], bool)

    memories = simulated.memories.take(simulated.memories["created_at"] <= edge)
    there = set(memories["id"].tolist())
    replaced = np.array([key in there for key in memories["superseded_by"].tolist()], bool)
    memories = memories.replace(
        deleted=memories["deleted"] & replaced, superseded_by=np.where(replaced, memories["superseded_by"], "")
    )
    earlier = World.build(
        dataclasses.replace(simulated.manifest, clock=edge),
        {
            **simulated.tables, "memories": memories, "sessions": sessions,
            "turns": simulated.turns.take(of_kept("turns")),
            "candidates": simulated.candidates.take(of_kept("candidates")),
        },
    )  # fmt: skip
    pattern: Pattern = CATALOG[name]()
    np.testing.assert_array_equal(pattern.terms(of(earlier)), pattern.terms(of(simulated))[of_kept("candidates")])


@NAMES
def test_what_the_agent_said_and_used_has_no_say(simulated: World, name: str) -> None:
    """Relevance comes first: a simulation knows it before the responses that follow from it."""
    candidates = simulated.candidates
    silent = simulated.replace(
        turns=simulated.turns.take(np.zeros(len(simulated.turns), bool)),
        candidates=candidates.replace(
            used=np.zeros(len(candidates), bool), fts_hits=np.zeros(len(candidates), np.int64)
        ),
    )
    pattern: Pattern = CATALOG[name]()
    np.testing.assert_array_equal(pattern.terms(of(silent)), pattern.terms(of(simulated)))


@NAMES
@given(world=worlds())
@settings(max_examples=15, deadline=None)
def test_any_world_has_terms(name: str, world: World) -> None:
    terms = CATALOG[name]().terms(of(world))
    assert terms.shape == (len(world.candidates),)
    assert np.isfinite(terms).all()
