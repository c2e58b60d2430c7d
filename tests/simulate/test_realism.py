"""Mechanisms of the simulator that are off unless a scenario asks for them."""

from __future__ import annotations

import numpy as np
import pytest

from memento import rng
from memento.patterns.conflict import depths
from memento.patterns.facts import Joined
from memento.scenario import load
from memento.simulate import markov
from memento.simulate.again import again
from memento.simulate.clock import mood
from memento.simulate.story import Story
from memento.simulate.topics import repetition
from memento.synthesis.fit.costs import costs
from memento.world.world import World

MECHANISMS = pytest.mark.parametrize(
    "settings",
    [
        ["topics.model=markov", "topics.costs=[0.5,-0.5,-0.5,0,0.5,0]"],
        ["topics.repetition=0.8"],
        ["topics.drift=0.5"],
        ["sessions.activity=ar"],
        ["sessions.activity=ising"],
        ["memories.chain_share=0.8", "memories.supersede_rate=0.5"],
        ["memories.hop_share=0.5"],
    ],
    ids=lambda settings: settings[0].partition("=")[0] + settings[0].rpartition("=")[2][:6],
)


@MECHANISMS
def test_a_longer_world_begins_as_the_shorter_one(settings: list[str]) -> None:
    short, long = (Story(load("tiny", [*settings, f"time.days={days}"]), 5).world for days in (28, 42))
    grown = Story(load("tiny", [*settings, "time.days=42"]), 5, past=short).world
    assert grown.sessions == long.sessions
    assert grown.memories == long.memories
    assert grown.turns == long.turns
    assert grown.candidates == long.candidates


@MECHANISMS
def test_a_mechanism_changes_the_world_and_is_recorded_only_when_it_is_on(settings: list[str]) -> None:
    plain, made = Story(load("tiny"), 5).world, Story(load("tiny", settings), 5).world
    assert made != plain
    section, name = settings[0].partition("=")[0].split(".")
    assert name in made.manifest.scenario[section]
    assert name not in plain.manifest.scenario.get(section, {})
    assert again(made, {}) == made


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_four_of_five_sessions_have_been_before(seed: int) -> None:
    world = Story(load("repetition"), seed).world
    ((share, count),) = repetition(world)
    assert count > 200
    assert share == pytest.approx(0.80, abs=0.09)  # three and a half standard errors of one history
    windows = repetition(world, 4)
    assert sum(n for _, n in windows) == count


def test_repetition_is_80_percent_on_average() -> None:
    shares = [repetition(Story(load("repetition"), seed).world)[0][0] for seed in range(10, 18)]
    assert float(np.mean(shares)) == pytest.approx(0.80, abs=0.02)


def test_chains_grow_to_four_facts() -> None:
    world = Story(load("drift"), 3).world
    found = depths(Joined(world))
    assert (found >= 2).sum() >= 3
    assert (found >= 1).sum() > 10
    names = set(world.entities["name"].tolist())
    hops = [v for v in world.memories["value"].tolist() if v in names]
    assert len(hops) > 5


def test_popularity_drifts_with_the_weeks() -> None:
    def share(days: list[str]) -> float:
        world = Story(load("tiny", ["time.days=140", "sessions.per_day_mean=6", *days]), 3).world
        sessions = world.sessions
        half = sessions["started_at"] < np.median(sessions["started_at"])
        topics = sorted(set(sessions["topic"].tolist()))
        early, late = (
            np.array([(sessions["topic"][part] == topic).mean() for topic in topics]) for part in (half, ~half)
        )
        return float(np.abs(early - late).sum() / 2)

    assert share(["topics.drift=0.8"]) > share([]) + 0.1


def test_moods_are_the_same_for_a_longer_span() -> None:
    for activity in ("ar", "ising"):
        short, long = (
            mood(load("tiny", [f"sessions.activity={activity}", f"time.days={days}"]).settings(3), 3)
            for days in (20, 90)
        )
        np.testing.assert_array_equal(short, long[:20])
        assert 0.2 - 1e-9 <= long.min() < long.max() <= 1.0


# ── the chain of six costs ───────────────────────────────────────────────────────────────────────

TRUE = np.array([0.5, -0.4, -0.8, -0.2, 0.6, 0.3])


def region(key: int, size: int = 15, bins: int = 8) -> tuple[np.ndarray, np.ndarray]:
    keys = rng.keys(rng.key(key, "entities"), [f"e-{n}" for n in range(size)])
    of = markov.classes(keys, np.arange(size, 0, -1.0), np.zeros(size, np.int64))
    # As people's days are: two of five stay, and places are visited by Zipf's law, more or less at each hour.
    u = rng.uniform(rng.pair_keys(rng.key(key, "rows"), np.arange(bins * size, dtype=np.uint64))).reshape(bins, 1, size)
    visits = (0.5 + u) / np.arange(1.0, size + 1.0)
    visits = np.broadcast_to(visits / visits.sum(axis=2, keepdims=True), (bins, size, size))
    return 0.4 * np.eye(size) + 0.6 * visits, markov.kinds(of)


@pytest.mark.parametrize("key", range(1, 9))
def test_six_costs_are_found_again_from_two_thousand_sessions(key: int) -> None:
    chain, kind = region(key)
    bins = np.arange(2_001) % 8
    states = markov.sample(chain, kind, TRUE, bins, 0, key)
    found = markov.fit(chain[bins[1:], states[:-1]], kind[states[:-1]], states[1:])
    off = np.abs(found.costs - (TRUE - TRUE.mean()))
    assert off.mean() < 0.1
    assert np.all(off < 4 * found.errors)
    assert found.transitions == 2_000


def test_the_costs_are_within_a_tenth_on_average() -> None:
    """Over sixteen histories of 2,000 sessions: the error is that of the information in them, .08 over all six costs.

    Of moves between kinds that are rare a history of that length tells a little less.
    """
    errors = []
    for key in range(20, 36):
        chain, kind = region(key)
        bins = np.arange(2_001) % 8
        states = markov.sample(chain, kind, TRUE, bins, 0, key)
        errors.append(
            markov.fit(chain[bins[1:], states[:-1]], kind[states[:-1]], states[1:]).costs - TRUE + TRUE.mean()
        )
    squares = (np.array(errors) ** 2).mean(axis=0)
    assert np.sqrt(squares.mean()) < 0.1
    assert np.sqrt(squares).max() < 0.13


def test_generated_sequences_visit_what_the_source_visits() -> None:
    chain, kind = region(3)
    bins = np.arange(40_001) % 8
    states = markov.sample(chain, kind, TRUE, bins, 0, 1)
    again_ = markov.reference(bins[1:], states[:-1], states[1:], 15, 8)
    new = markov.sample(again_, kind, np.zeros(6), bins, 0, 2)
    old_share, new_share = (np.bincount(s, minlength=15) / len(s) for s in (states, new))
    assert np.abs(old_share - new_share).sum() / 2 < 0.05


def test_kinds_of_transitions_are_six() -> None:
    kind = markov.kinds(np.array([markov.HOME, markov.WORK, markov.WORK, markov.OTHER, markov.OTHER]))
    assert kind.tolist() == [
        [0, 1, 1, 1, 1], [2, 0, 3, 4, 4], [2, 3, 0, 4, 4], [2, 4, 4, 0, 5], [2, 4, 4, 5, 0],
    ]  # fmt: skip


def test_costs_between_worlds_tell_their_direction() -> None:
    settings = ["time.days=300", "sessions.per_day_mean=7", "sessions.per_day_sd=1"]
    base: World = Story(load("commuter", [*settings, "topics.costs=[0,0,0,0,0,0]"]), 3).world
    world = Story(load("commuter", [*settings, "topics.costs=[-1,1,0,0,0,0]"]), 3).world
    found = costs(world, base)
    assert found.costs[0] < found.costs[1] - 1.0
    assert np.all(found.errors < 0.3)
