from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from memento.errors import UsageError
from memento.population import Population, Setting, populate
from memento.render import Spec, render
from memento.scenario import load
from memento.simulate import world as simulated
from memento.world.check import check
from memento.world.world import World, empty_world

SETTING = Setting(agents=3, steps=9, pool=10, injected=4, explored=3)


@pytest.fixture(scope="module")
def base() -> World:
    return simulated(load("tiny"), 7)


@pytest.fixture(scope="module")
def made(base: World) -> Population:
    return populate(base, SETTING)


def test_it_is_a_world_of_agents_who_share_its_memories(base: World, made: Population) -> None:
    world = made.world
    assert not list(check(world))
    assert world.entities == base.entities
    assert world.memories.keys == base.memories.keys
    assert len(world.sessions) == 27
    assert sorted(set(world.sessions["project"].tolist())) == ["agent-0000", "agent-0001", "agent-0002"]
    assert len(world.candidates) == 270
    assert world.candidates["injected"].sum() == 27 * 4
    assert not np.any(world.candidates["used"] & ~world.candidates["injected"])
    assert not set(world.candidates["memory"].tolist()) & set(base.memories["id"][base.memories["deleted"]].tolist())


def test_it_renders_with_its_own_relevance(made: Population) -> None:
    rendering = render(made.world, Spec(labels="observed"))
    assert rendering.features.shape == (270, 17)
    assert np.isfinite(rendering.features).all()
    assert rendering.labels.min() > 0
    assert rendering.labels.max() <= 1


def test_used_memories_are_those_that_are_relevant(base: World) -> None:
    candidates = populate(base, replace(SETTING, agents=12, steps=40)).world.candidates
    shown = candidates["injected"]
    used = candidates["used"][shown]
    relevance = candidates["relevance"][shown]
    assert relevance[used].mean() > relevance[~used].mean() + 0.05


def test_agents_search_for_what_they_like(base: World) -> None:
    candidates = populate(base, replace(SETTING, agents=12, steps=40)).world.candidates
    hit, used, relevance = candidates["fts_hits"] > 0, candidates["used"], candidates["relevance"]
    assert hit[used].all()
    others = ~used
    expected = 0.3 * relevance[others].mean()
    assert abs(hit[others].mean() - expected) < 4 * np.sqrt(expected / others.sum())
    assert relevance[others & hit].mean() > relevance[others & ~hit].mean()


def test_the_same_again_and_what_comes_later_changes_nothing_before(base: World, made: Population) -> None:
    assert populate(base, SETTING).world.tables == made.world.tables
    other = populate(base, replace(SETTING, seed=1)).world
    assert other.candidates != made.world.candidates
    assert not set(other.sessions.keys) & set(made.world.sessions.keys)
    for changes in ({"steps": 12}, {"agents": 5}):
        larger = populate(base, replace(SETTING, **changes)).world
        for table in ("sessions", "candidates"):
            rows = larger.tables[table].rows(made.world.tables[table].keys)
            assert larger.tables[table].take(rows) == made.world.tables[table]


def test_satisfaction_follows_quality(made: Population) -> None:
    assert made.satisfaction.shape == made.used.shape == made.ndcg.shape == (9,)
    assert made.satisfaction[0] == 0.5
    assert len(set(made.satisfaction.tolist())) == 9
    assert np.all((made.ndcg > 0) & (made.ndcg <= 1))


@pytest.mark.parametrize(
    "changes", [{"agents": 0}, {"steps": 0}, {"injected": 11}, {"explored": 10}, {"agents": 10**5, "steps": 10**5}]
)
def test_settings_that_cannot_be(changes: dict[str, int]) -> None:
    with pytest.raises(UsageError) as caught:
        replace(SETTING, **changes)
    assert caught.value.hint


def test_a_world_with_too_few_memories(base: World) -> None:
    with pytest.raises(UsageError, match="do not fill a pool of 10"):
        populate(empty_world(), SETTING)
    with pytest.raises(UsageError, match="do not fill"):
        populate(base, replace(SETTING, pool=10_000))
