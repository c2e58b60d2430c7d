"""Worlds that are not as a simulation makes them: each is fitted, widened and grown, or refused in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from memento.errors import MementoError, UsageError
from memento.population import Setting, populate
from memento.render.rendering import Spec, render
from memento.scenario import load
from memento.simulate import world as simulated
from memento.synthesis import entigraph
from memento.synthesis.dr4sr import sequences
from memento.synthesis.dr4sr.rebuild import rebuild
from memento.synthesis.fit import fit
from memento.synthesis.growth import grow
from memento.world.check import check
from memento.world.world import World


@pytest.fixture(scope="module")
def main() -> World:
    return simulated(load("tiny"), 7)


@pytest.fixture(scope="module")
def real(main: World) -> World:
    """The same as if it had been observed."""
    seen = (render(main).labels > 0.5).astype(np.float64)
    manifest = replace(main.manifest, source="imported", scenario={}, patterns={}, noise={})
    return main.replace(manifest, candidates=main.candidates.replace(relevance=seen))


def filled(world: World, table: str, **columns: Any) -> World:
    """The world with whole columns of one value each."""
    held = world.tables[table]
    full = {}
    for name, value in columns.items():
        full[name] = held[name].copy()
        full[name][:] = value
    return world.replace(**{table: held.replace(**full)})


def without(world: World, *names: str) -> World:
    return World.build(world.manifest, {name: table for name, table in world.tables.items() if name not in names})


def first(world: World, count: int) -> World:
    """The world with its first sessions alone."""
    kept = set(world.sessions["id"][:count].tolist())
    parts = {
        name: world.tables[name].take(np.flatnonzero([s in kept for s in world.tables[name]["session"].tolist()]))
        for name in ("turns", "candidates")
    }
    return world.replace(sessions=world.sessions.take(np.arange(count)), **parts)


ODD: dict[str, Callable[[World], World]] = {
    "empty": lambda w: World.build(w.manifest, {}),
    "one session": lambda w: first(w, 1),
    "two sessions": lambda w: first(w, 2),
    "no sessions": lambda w: without(w, "sessions", "turns", "candidates"),
    "no candidates": lambda w: without(w, "candidates"),
    "no turns": lambda w: without(w, "turns"),
    "no entities": lambda w: without(w, "entities", "aspects", "dependencies"),
    "no memories": lambda w: without(w, "memories", "candidates"),
    "nothing relevant": lambda w: filled(w, "candidates", relevance=0.0),
    "all relevant": lambda w: filled(w, "candidates", relevance=1.0),
    "nothing observed": lambda w: filled(w, "candidates", relevance=np.nan),
    "nothing used": lambda w: filled(w, "candidates", used=False, injected=False, fts_hits=0),
    "one topic": lambda w: filled(w, "sessions", topic=w.sessions["topic"][0]),
    "no topic": lambda w: filled(w, "sessions", topic=""),
    "one instant": lambda w: filled(
        w, "sessions", started_at=w.sessions["started_at"][0], ended_at=w.sessions["started_at"][0]
    ),
    "constant": lambda w: filled(w, "memories", importance=0.5, prior_accesses=0, peak_hour=3, peak_weekday=2),
    "huge counts": lambda w: filled(w, "memories", prior_accesses=2**62),
    "huge hits": lambda w: filled(filled(w, "candidates", fts_hits=2**62), "candidates", relevance=np.nan),
    "huge weights": lambda w: filled(filled(w, "dependencies", weight=1e308), "aspects", weight=1e308),
    "ancient": lambda w: filled(w, "memories", created_at=0),
    "one name": lambda w: filled(w, "entities", name="x"),
    "no facts": lambda w: filled(w, "memories", value="", aspect=""),
    "blank texts": lambda w: filled(filled(w, "memories", text=" "), "turns", text=" "),
}
WORLDS = pytest.mark.parametrize("odd", list(ODD.values()), ids=list(ODD))


@pytest.mark.filterwarnings("error::RuntimeWarning")
@WORLDS
def test_a_fit_is_a_scenario_or_refused(real: World, odd: Callable[[World], World]) -> None:
    try:
        found = fit(odd(real), "odd")
    except UsageError:
        return
    assert found.to_toml()
    for estimate in found.estimates.values():
        for end in (estimate.low, estimate.value, estimate.high):
            assert all(map(math.isfinite, end if isinstance(end, tuple) else (end,))), estimate


@pytest.mark.filterwarnings("error::RuntimeWarning")
@WORLDS
def test_what_is_widened_and_grown_is_no_worse_a_world(real: World, odd: Callable[[World], World]) -> None:
    before = odd(real)
    makers: list[Callable[[], World]] = [
        lambda: entigraph.expand(before, 3, 1, 5).world,
        lambda: grow(before, 3, seed=5).world,
        lambda: populate(before, Setting(agents=2, steps=2, pool=5, injected=2, explored=1)).world,
    ]
    for make in makers:
        try:
            after = make()
        except UsageError:
            continue
        assert after != before
        assert len(check(after)) <= len(check(before))


def test_one_session_is_told_as_one(real: World) -> None:
    with pytest.raises(UsageError, match=r"has 1 session\n"):
        fit(first(real, 1))


# ── again ────────────────────────────────────────────────────────────────────────────────────────


def test_what_grew_grows_on_under_the_same_seed(main: World) -> None:
    once = grow(main, 5, seed=3)
    twice = grow(once.world, 5, seed=3)
    assert twice.kept == 5
    assert set(once.world.memories["id"]) < set(twice.world.memories["id"])


def test_what_was_widened_is_widened_by_other_pairs(main: World) -> None:
    once = entigraph.expand(main, 3, 1, 3)
    twice = entigraph.expand(once.world, 3, 1, 3)
    assert (twice.pairs, twice.triples) == (3, 1)
    assert set(once.world.sessions["id"]) < set(twice.world.sessions["id"])
    every = entigraph.expand(main, 1000, 1000, 3).world
    with pytest.raises(UsageError, match="nothing"):
        entigraph.expand(every, 3, 1, 3)


def test_what_was_told_again_is_told_once_more(main: World) -> None:
    world = main
    for _ in range(3):
        found = sequences.read(world)
        built = rebuild(world, found, [(0, found.rows[0]), (1, found.rows[1])], 3)
        assert built.sessions == 2
        assert len(built.world.sessions) == len(world.sessions) + 2
        world = built.world


# ── nothing ──────────────────────────────────────────────────────────────────────────────────────


def test_what_makes_nothing_is_refused(main: World) -> None:
    with pytest.raises(UsageError, match="nothing") as found:
        grow(main, 3, threshold=0.0)
    assert "threshold" in found.value.hint
    with pytest.raises(UsageError, match="nothing"):
        entigraph.expand(main, 0, 0)
    with pytest.raises(MementoError):
        grow(main, 3, distance=1.0)


def test_an_observed_world_is_widened_by_sessions_that_have_labels(real: World) -> None:
    found = entigraph.expand(real, 4, 1, 3).world
    fresh = ~np.isin(found.candidates["session"], real.sessions["id"])
    assert np.array_equal(found.candidates["relevance"][fresh], found.candidates["used"][fresh].astype(float))
    assert not render(found, Spec(labels="observed")).left_out


def test_groups_of_very_many_entities_are_drawn_and_not_listed() -> None:
    ids = [f"e{n}" for n in range(3000)]
    groups = entigraph.some_groups(ids, 3, 40, 5)
    assert len(set(groups)) == 40
    assert all(len(set(group)) == 3 for group in groups)
    assert groups == entigraph.some_groups(ids, 3, 40, 5)
    assert groups[:20] == entigraph.some_groups(ids, 3, 20, 5)
    assert {x for group in groups for x in group} <= set(ids)
