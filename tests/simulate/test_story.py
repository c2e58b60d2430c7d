"""Worlds and weeks: one seed one world, weeks that add up to it, and nothing wrong in it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento import simulate
from memento.errors import NotFound, UsageError
from memento.scenario import load
from memento.simulate import Story
from memento.world import tree
from memento.world.check import check
from memento.world.objects import MemoryObjects
from memento.world.world import World

from .stories import story


def applied(told: Story) -> tuple[MemoryObjects, list[str], list[simulate.Week]]:
    store = MemoryObjects()
    current, trees, weeks = store.add_tree([]), [], []
    for week in told.weeks():
        current = tree.apply(store, current, week.delta)
        trees.append(current)
        weeks.append(week)
    return store, trees, weeks


@pytest.mark.parametrize("name", ["tiny", "cold-start", "developer-week"])
def test_weeks_add_up_to_the_world(name: str) -> None:
    told = story(name)
    store, trees, _ = applied(told)
    assert trees[-1] == tree.write(store, told.world)
    assert tree.read(store, trees[-1]) == told.world


@pytest.mark.parametrize("name", ["tiny", "developer-week"])
def test_each_week_is_the_world_as_it_was_then(name: str) -> None:
    told = story(name)
    store, trees, weeks = applied(told)
    final = told.world
    for week, tree_id in zip(weeks, trees, strict=True):
        then = tree.read(store, tree_id)
        assert check(then) == []
        clock = then.manifest.clock
        assert clock == week.time
        memories = final.memories.take(final.memories["created_at"] <= clock)
        later = memories.rows(memories["superseded_by"].tolist()) < 0
        memories = memories.replace(
            deleted=memories["deleted"] & ~later, superseded_by=np.where(later, "", memories["superseded_by"])
        )
        sessions = final.sessions.take(final.sessions["ended_at"] <= clock)
        kept = set(sessions["id"].tolist())
        history = {
            n: final.tables[n].take(np.array([key in kept for key in final.tables[n]["session"]], bool))
            for n in ("turns", "candidates")
        }
        assert then == World.build(
            then.manifest, {**final.tables, "memories": memories, "sessions": sessions, **history}
        )


def test_a_memory_is_not_deleted_before_it_is_superseded() -> None:
    told = story("cold-start")
    store, trees, _ = applied(told)
    states = [tree.read(store, tree_id).memories for tree_id in trees]
    changed = 0
    for row in np.flatnonzero(told.world.memories["deleted"]).tolist():
        key = told.world.memories["id"][row]
        flags = [bool(state["deleted"][state.row_of[key]]) for state in states if key in state.row_of]
        assert flags == sorted(flags)
        assert flags[-1]
        changed += not flags[0]
    assert changed > 5


def test_messages_and_times() -> None:
    told = story("tiny")
    weeks = list(told.weeks())
    assert len(weeks) == 4
    sessions, born = len(weeks[0].delta.upserts["sessions"]), weeks[0].delta.upserts["memories"]["origin"] != ""
    assert weeks[0].message == f"tiny: week 1 of 4 ({sessions} sessions, {born.sum()} new memories)"
    start = told.span.start
    assert [week.time - start for week in weeks[:3]] == [n * 7 * 86_400 for n in (1, 2, 3)]
    assert weeks[3].time >= start + 28 * 86_400
    assert weeks[3].time >= told.world.sessions["ended_at"].max()


def test_tiny_is_about_what_it_says() -> None:
    for seed in range(1, 6):
        world = story("tiny", seed).world
        assert 50 <= len(world.memories) <= 75
        assert 28 <= len(world.sessions) <= 55
        assert len(list(story("tiny", seed).weeks())) == 4


def test_the_world_is_in_canonical_order_and_nothing_is_wrong() -> None:
    for name in ("tiny", "cold-start", "combined", "night-owl"):
        world = story(name).world
        assert World.build(world.manifest, world.tables) == world
        assert check(world) == []


def test_the_manifest_simulates_the_same_world_again() -> None:
    from memento.scenario import from_map

    world = story("default").world
    manifest = world.manifest
    assert manifest.source == "simulated"
    assert simulate.world(from_map(manifest.scenario), manifest.seed) == world
    assert set(manifest.patterns) == {"recency", "entity", "temporal", "frequency", "supersession", "traversal"}


def test_seeds_differ_and_must_fit() -> None:
    assert story("tiny", 1).world != story("tiny", 2).world
    assert simulate.world(load("tiny"), -(2**63)).manifest.seed == -(2**63)
    with pytest.raises(UsageError, match="does not fit 64 bits"):
        simulate.world(load("tiny"), 2**63)


def test_no_noise() -> None:
    assert story("tiny", 1, "noise.distribution=none").world.manifest.noise == {}
    assert story("tiny", 1).world.manifest.noise == {"distribution": "gaussian", "snr_db": 20.0}


def test_one_tree_id_in_two_processes() -> None:
    code = (
        "from memento import simulate, scenario; from memento.world import tree;"
        "from memento.world.objects import MemoryObjects;"
        "store = MemoryObjects(); current = store.add_tree([])\n"
        "for week in simulate.weeks(scenario.load('tiny'), 7): current = tree.apply(store, current, week.delta)\n"
        "print(current)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        for seed in ("0", "12345")
    }  # fmt: skip
    assert told == {tree.write(MemoryObjects(), story("tiny").world)}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**40),
    days=st.integers(1, 17),
    per_day=st.floats(0, 6),
    count=st.integers(0, 60),
    births=st.floats(0, 4),
    rate=st.floats(0, 1),
    entities=st.integers(1, 12),
    aspects=st.integers(2, 20),
    places=st.integers(1, 40),
    pool=st.integers(1, 50),
    characters=st.integers(0, 3000),
    domain=st.sampled_from(["software", "support", "personal"]),
)
def test_any_small_scenario_makes_a_sound_world(
    seed: int, days: int, per_day: float, count: int, births: float, rate: float, entities: int, aspects: int,
    places: int, pool: int, characters: int, domain: str,
) -> None:  # fmt: skip
    declared = load("tiny", {
        "time.days": str(days), "sessions.per_day_mean": repr(per_day), "memories.count": str(count),
        "memories.births_per_session": repr(births), "memories.supersede_rate": repr(rate),
        "entities.count": str(entities), "entities.aspects": str(aspects), "candidates.per_session": str(places),
        "candidates.pool": str(pool), "candidates.injection_characters": str(characters), "entities.domain": domain,
        "entities.projects": '["one", "two", "three"]',
    })  # fmt: skip
    told = Story(declared, seed)
    assert check(told.world) == []
    assert World.build(told.world.manifest, told.world.tables) == told.world
    store, trees, _ = applied(told)
    assert trees[-1] == tree.write(store, told.world)
    assert len(trees) == -(-days // 7)


def test_leaving_out_what_is_not_there() -> None:
    with pytest.raises(NotFound, match="no record of the plan named 'memory:nothing'"):
        simulate.world(load("tiny"), 7, without={"memory:nothing"})
