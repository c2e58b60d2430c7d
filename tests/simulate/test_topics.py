"""The topic chain has the transitions that its parameters say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from memento.scenario import load
from memento.simulate.clock import DAY, Arrivals, arrivals
from memento.simulate.entities import Graph, graph
from memento.simulate.ids import Stems
from memento.simulate.topics import affinity, topics


def made(**overrides: str) -> tuple[Graph, Arrivals, np.ndarray]:
    base = {"time.days": "1500", "entities.count": "12", "entities.aspects": "12"}
    settings = load("default", base | {key.replace("__", "."): value for key, value in overrides.items()}).settings(2)
    stems = Stems(2)
    known = graph(settings, 2, stems)
    sessions = arrivals(settings, 2, len(known.projects), stems)
    return known, sessions, topics(settings, 2, known, sessions)


def test_topics_belong_to_the_sessions_project() -> None:
    known, sessions, topic = made()
    assert np.array_equal(known.project[topic], sessions.project)


def test_stickiness_is_the_chance_to_stay() -> None:
    """Half the steps are sticky; a fresh pick that happens to fall on the same topic adds to that."""
    for share in (0.0, 0.5, 1.0):
        _, sessions, topic = made(topics__stickiness=str(share), topics__neighbor_share="0", topics__popularity="0")
        stayed = []
        for project in range(2):
            mine = topic[sessions.project == project]
            stayed.append(mine[1:] == mine[:-1])
        rate = np.concatenate(stayed).mean()
        assert rate >= share - 0.02
        assert rate <= share + (1 - share) * 0.6


def test_neighbors_are_taken() -> None:
    known, sessions, topic = made(topics__stickiness="0", topics__neighbor_share="1")
    mine = topic[sessions.project == 0]
    linked = [
        b in known.neighbors[a]
        for a, b in itertools.pairwise(mine)
        if any(known.project[n] == 0 for n in known.neighbors[a])
    ]
    assert all(linked)


def test_hours_prefer_their_topics() -> None:
    known, sessions, topic = made(topics__stickiness="0", topics__neighbor_share="0", topics__hour_preference="50")
    apart = np.abs(known.hour[topic] - (sessions.started_at % DAY // 3600 + 0.5))
    near = np.minimum(apart, 24 - apart) <= 2
    _, sessions, flat = made(topics__stickiness="0", topics__neighbor_share="0", topics__hour_preference="1")
    apart = np.abs(known.hour[flat] - (sessions.started_at % DAY // 3600 + 0.5))
    assert near.mean() > 2 * (np.minimum(apart, 24 - apart) <= 2).mean()


def test_frequencies_match_the_chain() -> None:
    """Without memory the share of each topic in a bin is its affinity, within 5 standard errors."""
    known, sessions, topic = made(topics__stickiness="0", topics__neighbor_share="0", entities__projects='["one"]')
    settings = load(
        "default", {"entities.count": "12", "entities.aspects": "12", "entities.projects": '["one"]'}
    ).settings(2)
    members = np.arange(len(known))
    expected = np.zeros(len(known))
    variance = np.zeros(len(known))
    for started in sessions.started_at.tolist():
        weights = affinity(settings, known, members, started % DAY // 3600, (started // DAY + 3) % 7)
        share = weights / weights.sum()
        expected += share
        variance += share * (1 - share)
    seen = np.bincount(topic, minlength=len(known))
    assert np.all(np.abs(seen - expected) < 5 * np.sqrt(variance) + 1)


def test_one_entity() -> None:
    _, _, topic = made(entities__count="1", time__days="20")
    assert set(topic.tolist()) == {0}


@pytest.mark.parametrize("left_out", [0, 7])
def test_draws_are_keyed_by_session(left_out: int) -> None:
    """With a chain that never stays nor looks back, leaving a session out leaves every other topic."""
    settings = load("default", {"topics.stickiness": "0", "topics.neighbor_share": "0"}).settings(2)
    stems = Stems(2)
    known = graph(settings, 2, stems)
    sessions = arrivals(settings, 2, len(known.projects), stems)
    kept = np.delete(np.arange(len(sessions)), left_out)
    whole, part = topics(settings, 2, known, sessions), topics(settings, 2, known, sessions.take(kept))
    assert np.array_equal(whole[kept], part)
