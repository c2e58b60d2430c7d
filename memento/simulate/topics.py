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
from memento.simulate import markov
from memento.simulate.clock import DAY, Arrivals, Span
from memento.simulate.entities import Graph, entity_keys
from memento.world.world import World

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
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
    comes_back = rng.bernoulli(keys, law.repetition, 3).tolist()
    hours = (sessions.started_at % DAY // 3600).tolist()
    weekdays = ((sessions.started_at // DAY + 3) % 7).tolist()
    weeks = _weeks(settings, sessions).tolist() if law.drift else [0] * len(sessions)
    moods = Moods(settings, seed, graph)
    chain = Tilt(settings, seed, graph) if law.model == "markov" else None
    habit = Habit(law.repetition_decay) if law.repetition else None
    started = sessions.started_at.tolist()
    last: dict[int, int] = {}
    result = np.empty(len(sessions), np.int64)
    for row, project in enumerate(sessions.project.tolist()):
        if told[row] != UNKNOWN:
            current: int | None = told[row]
        else:
            current = last.get(project)
            members = graph.members[project]
            at = (project, hours[row], weekdays[row], weeks[row])
            if chain is not None and current is not None and len(members):
                current = _picked(members, chain.weights(current, project, moods.weights(at), members), picks[row])
            elif habit is not None and len(members):
                current = habit.pick(
                    project, hours[row], started[row], members, moods.weights(at), comes_back[row], picks[row]
                )
            elif current is None or not stays[row]:
                if not len(members):
                    result[row] = -1
                    continue
                among, weights = members, moods.weights(at)
                if current is not None and near[row]:
                    linked = _linked(graph, current, project)
                    if linked:
                        places = np.searchsorted(among, np.array(linked))
                        among, weights = among[places], weights[places]
                current = _picked(among, weights, picks[row])
        result[row] = -1 if current is None else current
        if current is not None and current >= 0 and graph.acting[current]:
            last[project] = current
            if habit is not None:
                habit.met(project, hours[row], started[row], current)
    return result


def _picked(among: Ints, weights: Floats, share: float) -> int:
    cumulative = np.cumsum(weights)
    place = int(np.searchsorted(cumulative, share * cumulative[-1], side="right"))
    return int(among[min(place, len(among) - 1)])


def _linked(graph: Graph, entity: int, project: int) -> list[int]:
    """The neighbours of an entity that act in a project, nearest first."""
    return [n for n in graph.neighbors[entity] if graph.project[n] == project and graph.acting[n]]


def _weeks(settings: Settings, sessions: Arrivals) -> Ints:
    return np.maximum((sessions.started_at - Span.of(settings).start) // (7 * DAY), 0)


class Moods:
    """How likely each entity of a project is as a new topic, by hour, weekday and week; made once for each."""

    def __init__(self, settings: Settings, seed: int, graph: Graph) -> None:
        self._settings, self._graph = settings, graph
        self._keys = entity_keys(seed, graph.entities["id"].tolist())
        self._tables: dict[tuple[int, int, int, int], Floats] = {}
        self._walks = [np.zeros(len(self._keys))]

    def weights(self, at: tuple[int, int, int, int]) -> Floats:
        """The weights of a project's members at (project, hour, weekday, week)."""
        found = self._tables.get(at)
        if found is None:
            project, hour, weekday, week = at
            members = self._graph.members[project]
            found = affinity(self._settings, self._graph, members, hour, weekday)
            if self._settings.topics.drift:
                found = found * self.moved(week)[members]
            self._tables[at] = found
        return found

    def moved(self, week: int) -> Floats:
        """By how much the popularity of each entity has moved until a week, (E,): a random walk of its logarithm."""
        while len(self._walks) <= week:
            step = rng.normal(rng.pair_keys(self._keys, rng.key(0, "drift", len(self._walks))))
            self._walks.append(self._walks[-1] + step)
        return rng.exp(np.clip(self._settings.topics.drift * self._walks[week], -20.0, 20.0))


class Tilt:
    """The chain tilted by six costs (`memento.simulate.markov`): its reference is the chain without them."""

    def __init__(self, settings: Settings, seed: int, graph: Graph) -> None:
        self._law, self._graph = settings.topics, graph
        keys = entity_keys(seed, graph.entities["id"].tolist())
        self._kinds = markov.kinds(markov.classes(keys, graph.popularity, graph.project))
        self._factors = rng.exp(-np.asarray(settings.topics.costs))

    def weights(self, current: int, project: int, weights: Floats, members: Ints) -> Floats:
        """How likely each member follows the current topic."""
        law = self._law
        anywhere = weights / weights.sum()
        linked = _linked(self._graph, current, project)
        beside = anywhere
        if linked:
            places = np.searchsorted(members, np.array(linked))
            beside = np.zeros(len(members))
            beside[places] = weights[places] / weights[places].sum()
        row = (1 - law.stickiness) * (law.neighbor_share * beside + (1 - law.neighbor_share) * anywhere)
        row = row + law.stickiness * (members == current)
        return np.asarray(row * self._factors[self._kinds[current, members]])


class Habit:
    """What was met before at a time of day: topics come back in proportion to ``count exp(-decay age)``.

    In temporal knowledge graphs four of five events have happened before (CyGNet: Zhu et al. 2021); what does not come
    back is new: a topic that its project has not met at that time of day, as long as there is one.
    """

    BAND = 6

    def __init__(self, decay: float) -> None:
        self._decay = decay
        self._seen: dict[tuple[int, int], dict[int, tuple[int, int]]] = {}

    def met(self, project: int, hour: int, instant: int, topic: int) -> None:
        """Notes a session."""
        seen = self._seen.setdefault((project, hour // self.BAND), {})
        seen[topic] = (seen.get(topic, (0, 0))[0] + 1, instant)

    def pick(
        self, project: int, hour: int, instant: int, members: Ints, weights: Floats, comes_back: bool, share: float
    ) -> int:
        """A topic that was met, or else one that was not, at this time of day."""
        seen = self._seen.get((project, hour // self.BAND), {})
        if comes_back and seen:
            topics = np.array(sorted(seen), np.int64)
            count = np.array([seen[topic][0] for topic in topics.tolist()], np.float64)
            age = np.array([max(0, instant - seen[topic][1]) / DAY for topic in topics.tolist()])
            return _picked(topics, count * rng.exp(-np.minimum(self._decay * age, 600.0)), share)
        fresh = ~np.isin(members, list(seen)) if seen else np.ones(len(members), bool)
        return _picked(members[fresh], weights[fresh], share) if fresh.any() else _picked(members, weights, share)


def repetition(world: World, windows: int = 1) -> list[tuple[float, int]]:
    """How often a session's (project, topic, quarter of the day) had been met before, in so many equal stretches of
    sessions: share and number of sessions of each. The share hangs on how long the history is; so tell both."""
    met = met_before(world)
    parts = np.array_split(met, max(1, windows))
    return [(float(part.mean()) if len(part) else 0.0, len(part)) for part in parts]


def met_before(world: World) -> npt.NDArray[np.bool_]:
    """Whether each session's (project, topic, quarter of the day) had been met before, shape (S,)."""
    sessions = world.sessions
    hour = sessions["started_at"] % DAY // 3600 // Habit.BAND
    seen: set[tuple[str, str, int]] = set()
    met = np.zeros(len(sessions), bool)
    facts = zip(sessions["project"].tolist(), sessions["topic"].tolist(), hour.tolist(), strict=True)
    for row, fact in enumerate(facts):
        met[row] = fact in seen
        seen.add(fact)
    return met


def affinity(settings: Settings, graph: Graph, members: Ints, hour: int, weekday: int) -> Floats:
    """A_b up to a factor: how likely each of some entities is a new topic at an hour and weekday."""
    apart = np.abs(graph.hour[members] - (hour + 0.5))
    apart = np.minimum(apart, 24.0 - apart)
    weights = graph.popularity[members] * np.where(apart <= NEAR, settings.topics.hour_preference, 1.0)
    return np.asarray(weights * np.where(graph.weekday[members] == weekday, settings.topics.weekday_preference, 1.0))
