"""What each session is about: a Markov chain over entities whose transitions vary with hour and weekday.

In an hour and weekday b, a project's chain goes from topic i to topic j with probability
``P_b(i -> j) = s [i = j] + (1 - s) (n N_b(j | i) + (1 - n) A_b(j))``: it stays with chance s
(stickiness), else takes a neighbour of i with chance n, else any entity. A_b is in proportion to an
entity's popularity times its preference for the hour and the weekday, N_b is A_b among neighbours.
Inhomogeneous chains of this kind generate people's daily activities (time-varying Markov chain
models, TRID 01901097).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.scenario import Settings
from memento.simulate.clock import DAY, Arrivals
from memento.simulate.entities import Graph

Ints = npt.NDArray[np.int64]
UNKNOWN = -2
NEAR = 2.0
"""Hours around its own hour within which a topic is preferred."""


def topics(settings: Settings, seed: int, graph: Graph, sessions: Arrivals, known: Ints | None = None) -> Ints:
    """The entity that each session is about, shape (S,); -1 where its project has none that acts.

    `known` are topics of sessions that have been, as they were, and `UNKNOWN` for all others.
    """
    told = [UNKNOWN] * len(sessions) if known is None else known.tolist()
    law = settings.topics
    keys = rng.pair_keys(rng.key(seed, "topic"), sessions.key)
    stays = rng.bernoulli(keys, law.stickiness, 0).tolist()
    near = rng.bernoulli(keys, law.neighbor_share, 1).tolist()
    picks = rng.uniform(keys, 2).tolist()
    hours = (sessions.started_at % DAY // 3600).tolist()
    weekdays = ((sessions.started_at // DAY + 3) % 7).tolist()
    members = graph.members
    tables: dict[tuple[int, int, int], npt.NDArray[np.float64]] = {}
    last: dict[int, int] = {}
    result = np.empty(len(sessions), np.int64)
    for row, project in enumerate(sessions.project.tolist()):
        if told[row] != UNKNOWN:
            result[row] = told[row]
            if told[row] >= 0 and graph.acting[told[row]]:
                last[project] = told[row]
            continue
        current = last.get(project)
        if current is None or not stays[row]:
            bin_ = (project, hours[row], weekdays[row])
            weights = tables.get(bin_)
            if weights is None:
                weights = tables[bin_] = affinity(settings, graph, members[project], hours[row], weekdays[row])
            among = members[project]
            if not len(among):
                result[row] = -1
                continue
            if current is not None and near[row]:
                linked = [n for n in graph.neighbors[current] if graph.project[n] == project and graph.acting[n]]
                if linked:
                    places = np.searchsorted(among, np.array(linked))
                    among, weights = among[places], weights[places]
            cumulative = np.cumsum(weights)
            place = int(np.searchsorted(cumulative, picks[row] * cumulative[-1], side="right"))
            current = int(among[min(place, len(among) - 1)])
        result[row] = last[project] = current
    return result


def affinity(settings: Settings, graph: Graph, members: Ints, hour: int, weekday: int) -> npt.NDArray[np.float64]:
    """A_b up to a factor: how likely each of some entities is a new topic at an hour and weekday."""
    apart = np.abs(graph.hour[members] - (hour + 0.5))
    apart = np.minimum(apart, 24.0 - apart)
    weights = graph.popularity[members] * np.where(apart <= NEAR, settings.topics.hour_preference, 1.0)
    return np.asarray(weights * np.where(graph.weekday[members] == weekday, settings.topics.weekday_preference, 1.0))
