"""What sessions are about: the chain of topics that varies with hour and weekday.

In an hour and weekday b a project's chain goes from i to j with probability
``s [i = j] + (1 - s) (n N_b(j | i) + (1 - n) A_b(j))``, as `memento.simulate.topics` draws it. s, n and
the two preferences maximise the likelihood of all sessions. An entity's own hour and weekday, which
nobody observes, are averaged over what its memories' peaks and its own sessions say of them, in turns
with the parameters (EM: Dempster, Laird and Rubin 1977).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import DAY
from memento.synthesis.fit.estimate import Estimate, Floats, Peak, Z, maximise, spanned
from memento.world.records import NULL_INT
from memento.world.world import World

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_GRID = np.arange(0.25, 24.0, 0.5)
_APART = np.abs(_GRID[:, None] - (np.arange(24) + 0.5))
NEAR = (np.minimum(_APART, 24 - _APART) <= 2.0).astype(np.float64)
"""Whether each hour lies within two of each place of `_GRID`, (K, 24)."""
OWN = np.eye(7)
"""Whether each weekday is each, (7, 7)."""
_ROUNDS = 10
_FEWEST = 30


class Chain:
    """The sessions of a world as moves from topic to topic, arrays of shape (S,), and its entities, (E,).

    `before` is the project's last topic (-1: none), `now` this one; `members` (S, E) the entities among
    which a session's topic is chosen, `linked` (S, E) those of them that neighbour its last one; `project`
    and `of_entity` number projects.
    """

    def __init__(self, world: World) -> None:
        sessions, entities = world.sessions, world.entities
        rows = entities.rows(sessions["topic"].tolist())
        names = {name: place for place, name in enumerate(dict.fromkeys(sessions["project"].tolist()))}
        project = np.array([names[name] for name in sessions["project"].tolist()], np.int64)
        of_entity = np.array([names.get(name, -1) for name in entities["project"].tolist()], np.int64)
        before, last = np.full(len(sessions), -1), np.full(len(names), -1)
        for row, (of, topic) in enumerate(zip(project.tolist(), rows.tolist(), strict=True)):
            before[row] = last[of]
            if topic >= 0:
                last[of] = topic
        size = len(entities)
        member = (of_entity[None, :] == np.arange(len(names))[:, None]) & (entities["retired_at"] == NULL_INT)
        member |= ~member.any(axis=1, keepdims=True)
        edges = np.zeros((size + 1, size), bool)
        source, target = (entities.rows(world.dependencies[side].tolist()) for side in ("source", "target"))
        whole = (source >= 0) & (target >= 0)
        edges[source[whole], target[whole]] = edges[target[whole], source[whole]] = True
        kept = np.flatnonzero((rows >= 0) & member[project, rows])
        self.before, self.now = before[kept], rows[kept]
        self.project, self.of_entity = project[kept], np.where(of_entity < 0, 0, of_entity)
        self.members = member[project[kept]]
        self.linked = edges[self.before] & self.members
        started = sessions["started_at"][kept]
        self.hour, self.weekday = started % DAY // 3600, (started // DAY + 3) % 7
        self.size = size

    def __len__(self) -> int:
        return len(self.now)


def topics(world: World) -> Iterator[Estimate]:
    """Estimates of the section ``topics``; none for fewer sessions than say anything, or without entities."""
    if not len(world.entities):
        return
    chain = Chain(world)
    pool = _pool(world)
    visits = np.bincount(chain.now, minlength=chain.size).astype(np.float64)
    yield from _popularity(pool if pool.sum() >= _FEWEST else visits, chain.size)
    if len(chain) < _FEWEST:
        return
    hours, weekdays = _peaks(world, chain.size)
    theta, places = np.array([0.3, 0.3]), np.arange(len(chain))
    freely = np.where(chain.before == chain.now, 0.0, 1.0)
    near, here = np.zeros((chain.size, 24)), np.zeros((chain.size, 7))
    by_hour, by_weekday = 2.0, 1.5
    for _ in range(_ROUNDS):
        popularity = pool + np.bincount(chain.now, freely, chain.size) + 0.5
        near, hour = _own(chain, chain.hour, freely, popularity, _prior_hour(hours), NEAR, near, by_hour)
        here, weekday = _own(chain, chain.weekday, freely, popularity, _prior_weekday(weekdays), OWN, here, by_weekday)
        by_hour, by_weekday = float(hour.value[0]), float(weekday.value[0])
        weights = popularity * (1 + (by_hour - 1) * near[:, chain.hour].T)
        weights *= 1 + (by_weekday - 1) * here[:, chain.weekday].T
        among, beside = weights * chain.members, weights * chain.linked
        anywhere = among[places, chain.now] / among.sum(axis=1)
        total = beside.sum(axis=1)
        linked = np.where(total > 0, beside[places, chain.now] / np.where(total > 0, total, 1.0), anywhere)
        known = chain.before >= 0
        move = partial(_moves, linked, anywhere, known, known & (chain.before == chain.now))
        peak = maximise(partial(_told, move), theta.tolist(), ["share", "share"], 20)
        theta = peak.value
        # The share of each move that was chosen among all: what tells of popularity and preferences.
        free = np.where(known, (1 - theta[0]) * (1 - theta[1]) * anywhere, anywhere)
        freely = free / move(theta)
    for place, name in enumerate(("stickiness", "neighbor_share")):
        yield peak.estimate(f"topics.{name}", place, len(chain), "sessions")
    yield hour.estimate("topics.hour_preference", 0, len(chain), "sessions")
    yield weekday.estimate("topics.weekday_preference", 0, len(chain), "sessions")


def _moves(linked: Floats, anywhere: Floats, known: Flags, same: Flags, theta: Floats) -> Floats:
    """The chance of each move, shape (S,), under a stickiness and a share of neighbours."""
    stay, neighbor = theta
    chosen = neighbor * linked + (1 - neighbor) * anywhere
    return np.asarray(np.where(known, stay * same + (1 - stay) * chosen, anywhere))


def _told(move: Callable[[Floats], Floats], theta: Floats) -> float:
    return float(np.log(move(theta) + 1e-300).sum())


def _pool(world: World) -> Floats:
    """How many memories of the first pool each entity has, but for first values of single-valued aspects, (E,)."""
    memories = world.memories
    aspects = world.aspects.rows(memories["aspect"].tolist())
    single = np.append(world.aspects["single_valued"], False)[aspects]
    first = memories["origin"] == ""
    if world.manifest.source == "simulated":
        first = first & ~single
    rows = world.entities.rows(memories["entity"].tolist())
    return np.bincount(rows[first & (rows >= 0)], minlength=len(world.entities)).astype(np.float64)


def _popularity(counts: Floats, size: int) -> Iterator[Estimate]:
    """The exponent of Zipf's law over `size` ranks, whose ranks need not be known.

    ``sum c (c - 1) / (n (n - 1))`` has the expectation ``sum p^2`` (Simpson 1949), which grows with the
    exponent; the interval comes from its variance.
    """
    n = float(counts.sum())
    if n < _FEWEST or size < 2:
        return
    shares = counts / n
    found = float((counts * (counts - 1)).sum() / (n * (n - 1)))
    variance = 4 / n * max(float((shares**3).sum() - (shares**2).sum() ** 2), 0.0) + 2 / n**2 * found
    off = Z * math.sqrt(variance)
    ends = [_exponent(value, size) for value in (found, found - off, found + off)]
    yield spanned("topics.popularity", ends, int(n), "memories and sessions")


def _exponent(concentration: float, size: int) -> float:
    logs = np.log(np.arange(1, size + 1))
    low, high = 0.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        weights = np.exp(-middle * logs)
        weights /= weights.sum()
        low, high = (middle, high) if float((weights**2).sum()) < concentration else (low, middle)
    return (low + high) / 2


def _peaks(world: World, size: int) -> tuple[Floats, Floats]:
    """How many memories of each entity matter most at each hour, (E, 24), and on each weekday, (E, 7)."""
    rows = world.entities.rows(world.memories["entity"].tolist())
    tables = []
    for name, width in (("peak_hour", 24), ("peak_weekday", 7)):
        values = world.memories[name]
        known = (values != NULL_INT) & (rows >= 0)
        table = np.zeros((size, width))
        np.add.at(table, (rows[known], values[known]), 1.0)
        tables.append(table)
    return tables[0], tables[1]


def _prior_hour(peaks: Floats) -> Floats:
    """How well each place of `_GRID` explains the peak hours of an entity's memories, (E, K)."""
    away = (np.arange(24) + 0.5 - _GRID[:, None] + 12.0) % 24.0 - 12.0
    spread = np.exp(-0.5 * away**2 / (1.0 + 1 / 12))
    return np.asarray(peaks @ np.log(spread / spread.sum(axis=1, keepdims=True) + 1e-6).T)


def _prior_weekday(peaks: Floats) -> Floats:
    """How well each weekday explains the peak weekdays of an entity's memories, of which half tell of it, (E, 7)."""
    return np.asarray(peaks @ np.log(0.5 * OWN + 0.5 / 7).T)


def _own(
    chain: Chain,
    when: Ints,
    moved: Floats,
    popularity: Floats,
    prior: Floats,
    match: Floats,
    before: Floats,
    preference: float,
) -> tuple[Floats, Peak]:
    """The chance that each time matches an entity's own, (E, T), and the preference for such times.

    An entity's visits at times t are in proportion to ``e_t / Z_t (1 + (p - 1) match)``, where e_t are all
    of its project's moves at t and Z_t is the weight of the project's entities then (by `before` and the last
    preference). p maximises the likelihood averaged over the K places, rows of `match` (K, T), where an
    entity's own time may be.
    """
    size, width = prior.shape[0], match.shape[1]
    visits = np.zeros((size, width))
    np.add.at(visits, (chain.now, when), moved)
    of = chain.of_entity
    moves, weight = np.zeros((int(of.max()) + 1, width)), np.zeros((int(of.max()) + 1, width))
    np.add.at(moves, of, visits)
    np.add.at(weight, of, popularity[:, None] * (1 + (preference - 1) * before))
    exposure = (moves / np.maximum(weight, 1e-12) + 1e-12)[of][:, None, :]

    def told(strength: float) -> Floats:
        law = exposure * (1 + (strength - 1) * match)
        return np.asarray(prior + np.einsum("et,ekt->ek", visits, np.log(law / law.sum(axis=2, keepdims=True))))

    def likelihood(theta: Floats) -> float:
        log = told(float(theta[0]))
        top = log.max(axis=1)
        return float((top + np.log(np.exp(log - top[:, None]).sum(axis=1))).sum())

    peak = maximise(likelihood, [preference], ["above 1"], 30)
    log = told(float(peak.value[0]))
    chance = np.exp(log - log.max(axis=1, keepdims=True))
    return np.asarray(chance @ match / chance.sum(axis=1, keepdims=True)), peak
