"""What a session is offered and what fits its context: candidates and injection, many sessions at a time.

The baseline is Signet's: the newest live memories, scored ``importance * decay ** age`` (1 where
pinned), above a threshold, the session's project first; joined by memories that a walk of the entity
graph finds, the newest about the topic, full-text finds, superseded ones among them, and a few
explored at random. In baseline order they are injected until the first that overflows the context.
Nothing here hangs on what earlier sessions injected, so sessions are taken many at a time. Unless
projects are shared (`candidates.scope`) a session meets memories of its own project, and of none, alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.scenario import Settings
from memento.simulate.clock import DAY, Arrivals
from memento.simulate.entities import Graph
from memento.simulate.memories import Memories
from memento.simulate.pool import Pool

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]

SOURCES = ("ka_traversal_pinned", "effective", "ka_traversal", "topical", "exploration", "fts_only")
PINNED, EFFECTIVE, TRAVERSAL, TOPICAL, EXPLORATION, FTS = range(6)
_BATCH, _SCRATCH = 256, 1 << 26
_WINDOW = {"topic": 64, "near": 16, "fts": 64, "stale": 48}
_NEIGHBORS = 4
_EXPLORED = 128
"""Fewest rows looked at for exploration; twice the candidates of a session where that is more, to fill it."""


@dataclass(frozen=True)
class Offers:
    """Candidates of all sessions, shape (N,), by session and rank: the rows of both, and what is known of the pair."""

    session: Ints
    memory: Ints
    source: npt.NDArray[np.int8]
    rank: Ints
    injected: Flags
    stale: Flags


def offers(settings: Settings, seed: int, graph: Graph, memories: Memories, sessions: Arrivals, topic: Ints) -> Offers:
    """The candidates of every session, by project where projects are not shared."""
    if settings.candidates.scope == "all":
        return Baseline(settings, seed, graph, Pool(memories, len(graph), seed)).offers(sessions, topic)
    parts = []
    for project in np.unique(sessions.project).tolist():
        at = np.flatnonzero(sessions.project == project)
        rows = np.flatnonzero((memories.project == project) | (memories.project < 0))
        pool = Pool(memories.take(rows), len(graph), seed)
        some = Baseline(settings, seed, graph, pool).offers(sessions.take(at), topic[at])
        parts.append(replace(some, session=at[some.session], memory=rows[some.memory]))
    if not parts:
        return Offers(*_nothing())  # type: ignore[arg-type]
    whole = Offers(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Offers)})
    order = np.argsort(whole.session, kind="stable")
    return Offers(**{f.name: getattr(whole, f.name)[order] for f in fields(Offers)})


class Baseline:
    """Picks the candidates of sessions from a pool; draws are keyed by session and stream."""

    def __init__(self, settings: Settings, seed: int, graph: Graph, pool: Pool) -> None:
        self.law = settings.candidates
        self.pool = pool
        self.memories = pool.memories
        self.seed = seed
        self.near = np.full((max(1, len(graph)), _NEIGHBORS), -1)
        for entity, linked in enumerate(graph.neighbors):
            if self.law.scope != "all":
                linked = [other for other in linked if graph.project[other] == graph.project[entity]]
            self.near[entity, : len(linked[:_NEIGHBORS])] = linked[:_NEIGHBORS]

    def offers(self, sessions: Arrivals, topic: Ints) -> Offers:
        """The candidates of every session."""
        step = max(1, min(_BATCH, _SCRATCH // max(1, len(self.memories))))
        taken = np.zeros((step, len(self.memories) + 1), bool)
        parts = []
        for low in range(0, len(sessions), step):
            rows = np.arange(low, min(low + step, len(sessions)))
            parts.append(self._some(sessions.take(rows), topic[rows], low, taken))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else _nothing()
        return Offers(*columns)

    def _some(
        self, sessions: Arrivals, topic: Ints, offset: int, scratch: Flags
    ) -> tuple[npt.NDArray[np.generic], ...]:
        """The columns of some sessions' offers; `scratch` notes what is taken, and is left blank."""
        memories, law, size = self.memories, self.law, len(sessions)
        bound = self.pool.bound(sessions.started_at)
        at = sessions.started_at[:, None]
        taken = scratch[:size]
        taken[:, -1] = True
        chosen: list[tuple[Ints, int]] = []

        def lives(rows: Ints) -> Flags:
            return np.asarray((rows >= 0) & (rows < bound[:, None]) & (memories.retired_at[rows] > at))

        def live(rows: Ints) -> Ints:
            """`rows` with -1 for those that do not exist yet or any more."""
            return np.where(lives(rows), rows, -1)

        def choose(rows: Ints, source: int, places: Ints) -> None:
            """Takes up to `places` rows of each session, from the left, that are not taken yet."""
            free = ~np.take_along_axis(taken, rows, 1)
            rows = np.where(free & (np.cumsum(free, axis=1) <= places[:, None]), rows, -1)
            rows = np.take_along_axis(rows, _filled_first(rows), 1)
            np.put_along_axis(taken, rows, True, 1)
            chosen.append((rows, source))
            room[:] -= np.count_nonzero(rows >= 0, axis=1)

        if not len(memories):
            return tuple(_nothing())
        room = np.full(size, law.per_session)
        share = {name: self._places(sessions.key, name) for name in ("topical", "fts", "stale", "exploration")}
        walk = np.where(sessions.traversal, self._places(sessions.key, "traversal"), 0)
        topical = live(self.pool.newest_of(topic, bound, _WINDOW["topic"]))
        near = np.where(topic[:, None] >= 0, self.near[topic], -1)
        walked = np.concatenate(
            [topical[:, : _WINDOW["near"]]]
            + [live(self.pool.newest_of(near[:, n], bound, _WINDOW["near"])) for n in range(_NEIGHBORS)],
            axis=1,
        )
        walked = np.take_along_axis(walked, _interleaved(walked.shape[1], _WINDOW["near"])[None, :], 1)
        everyone = np.zeros_like(topic)
        found = self.pool.topical.next(np.maximum(topic, 0), self._keys("fts", sessions), _WINDOW["fts"], lives)
        found = np.where(topic[:, None] >= 0, found, -1)
        explored = self.pool.everyone.next(
            everyone, self._keys("exploration", sessions), max(_EXPLORED, 2 * law.per_session), lives
        )
        stale = self.pool.stale.next(
            everyone, self._keys("stale", sessions), _WINDOW["stale"], lambda rows: memories.retired_at[rows] <= at
        )
        effective = self._effective(sessions, bound)

        if len(self.pool.pinned):
            choose(live(np.broadcast_to(self.pool.pinned, (size, len(self.pool.pinned)))), PINNED, room)
        choose(walked, TRAVERSAL, np.minimum(walk, room))
        choose(stale, FTS, np.minimum(share["stale"], room))
        rest = share["topical"] + share["fts"] + share["exploration"]
        choose(effective, EFFECTIVE, np.maximum(room - rest, 0))
        choose(topical, TOPICAL, np.minimum(share["topical"], room))
        choose(found, FTS, np.minimum(share["fts"], room))
        choose(explored, EXPLORATION, np.minimum(share["exploration"], room))
        choose(effective, EFFECTIVE, room)
        choose(topical, TOPICAL, room)
        choose(found, FTS, room)
        choose(walked, TOPICAL, room)
        choose(explored, EXPLORATION, room)
        rows = np.concatenate([part for part, _ in chosen], axis=1)
        np.put_along_axis(taken, rows, False, 1)
        source = np.concatenate([np.full(part.shape[1], code, np.int8) for part, code in chosen])
        order = _filled_first(rows)
        return self._ranked(sessions, np.take_along_axis(rows, order, 1), source[order], offset)

    def _keys(self, stream: str, sessions: Arrivals) -> Keys:
        return rng.pair_keys(rng.key(self.seed, "offer", stream), sessions.key)

    def _places(self, key: Keys, name: str) -> Ints:
        """How many candidates a share comes to in each session; its fraction is drawn."""
        wanted = getattr(self.law, f"{name}_share") * self.law.per_session
        drawn = rng.uniform(rng.pair_keys(rng.key(self.seed, "places", name), key))
        return np.asarray(np.floor(wanted + drawn), np.int64)

    def _score(self, sessions: Arrivals, rows: Ints) -> Floats:
        """Baseline effective scores, shape of `rows`."""
        age = np.abs(sessions.started_at[:, None] - self.memories.created_at[rows]) / DAY
        score = self.memories.importance[rows] * rng.power(self.law.decay, age)
        return np.where(self.memories.pinned[rows], 1.0, score)

    def _effective(self, sessions: Arrivals, bound: Ints) -> Ints:
        """The scored rows above the threshold, best first, -1 after the last; shape (B, K)."""
        width = self.law.pool + self.law.pool // 4 + 16
        while True:
            rows = self.pool.newest(bound, width)
            alive = (rows >= 0) & (self.memories.retired_at[rows] > sessions.started_at[:, None])
            ordinal = np.cumsum(alive, axis=1)
            if np.all((ordinal[:, -1] >= self.law.pool) | (bound <= width)):
                break
            width *= 2
        score = self._score(sessions, rows)
        passed = alive & (ordinal <= self.law.pool) & (score > self.law.threshold)
        own = self.memories.project[rows] == sessions.project[:, None]
        order = np.argsort(np.where(passed, -(score + 2.0 * own), 9.0), axis=1, kind="stable")[
            :, : self.law.per_session
        ]
        return np.take_along_axis(np.where(passed, rows, -1), order, 1)

    def _ranked(
        self, sessions: Arrivals, rows: Ints, source: npt.NDArray[np.int8], offset: int
    ) -> tuple[npt.NDArray[np.generic], ...]:
        """Candidates in baseline order, and which of them are injected."""
        own = self.memories.project[rows] == sessions.project[:, None]
        level = np.select([source == PINNED, source == EXPLORATION, source == FTS], [0, 3, 4], np.where(own, 1, 2))
        place = np.where(rows >= 0, 2.0 * level - self._score(sessions, rows), 99.0)
        order = np.argsort(place, axis=1, kind="stable")
        rows, source = np.take_along_axis(rows, order, 1), np.take_along_axis(source, order, 1)
        there = rows >= 0
        length = np.where(there, self.memories.length[rows], 0)
        total = np.cumsum(length, axis=1)
        injected = there & (source != FTS) & (total <= self.law.injection_characters)
        self._explore(sessions, source, length, total, injected, there)
        session, rank = np.nonzero(there)
        memory = rows[there]
        stale = self.memories.retired_at[memory] <= sessions.started_at[session]
        return session + offset, memory, source[there], rank, injected[there], stale

    def _explore(
        self, sessions: Arrivals, source: npt.NDArray[np.int8], length: Ints, total: Ints, injected: Flags, there: Flags
    ) -> None:
        """In some sessions the first explored candidate that fits takes the place of the last injected one."""
        drawn = rng.bernoulli(self._keys("swap", sessions), self.law.exploration_rate)
        waiting = there & (source == EXPLORATION) & ~injected
        counts = np.count_nonzero(injected, axis=1)
        for row in np.flatnonzero(drawn & waiting.any(axis=1) & (counts > 0)).tolist():
            last, first = int(counts[row]) - 1, int(np.argmax(waiting[row]))
            if total[row, last] - length[row, last] + length[row, first] <= self.law.injection_characters:
                injected[row, last], injected[row, first] = False, True


def _interleaved(width: int, group: int) -> Ints:
    """Columns of groups side by side, taken in turn from each group; the first group twice as often."""
    groups = width // group
    return (
        np.array(sorted(range(width), key=lambda c: ((c % group) * (1 if c < group else 2), c // group)), np.int64)
        if groups
        else np.arange(0)
    )


def _filled_first(rows: Ints) -> Ints:
    """The columns that hold a row, in order, for each session; as many as the fullest session has."""
    width = int(np.count_nonzero(rows >= 0, axis=1).max(initial=0))
    return np.argsort(rows < 0, axis=1, kind="stable")[:, :width]


def _nothing() -> list[npt.NDArray[np.generic]]:
    dtypes = (np.int64, np.int64, np.int8, np.int64, np.bool_, np.bool_)
    return [np.empty(0, dtype) for dtype in dtypes]
