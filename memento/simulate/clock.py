"""When the agent works: arrivals of sessions on a calendar. All draws are keyed by day and number."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.predictive import spins
from memento.patterns.series.dependencies import arma
from memento.scenario import Settings
from memento.simulate.ids import BLOCK, Stems
from memento.world.keys import session_keys
from memento.world.world import key_order

DAY = 86_400
WEEK = 7 * DAY
_COPIES = 1 << 20
"""Blocks of ids set apart for each copy of a day's sessions."""
Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Arrivals:
    """Sessions before anything happens in them, in a world's order; arrays of shape (S,).

    `project` numbers the scenario's projects; `week` and `sequence` are the cause of a session's id
    and of the ids of what it leaves behind; `key` is the hash that keys its draws.
    """

    id: npt.NDArray[np.object_]
    key: Keys
    started_at: Ints
    ended_at: Ints
    project: Ints
    traversal: npt.NDArray[np.bool_]
    week: Ints
    sequence: Ints

    def __len__(self) -> int:
        return len(self.id)

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Arrivals:
        """The given sessions, in the given order."""
        return Arrivals(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def in_order(self) -> Arrivals:
        """The same sessions in a world's order: by start, then key."""
        order = key_order(session_keys(self.id.tolist(), self.started_at), self.id)
        return self.take(order[np.argsort(self.started_at[order], kind="stable")])

    def joined(self, others: Arrivals) -> Arrivals:
        """These sessions and others, in a world's order."""
        columns = {f.name: np.concatenate([getattr(self, f.name), getattr(others, f.name)]) for f in fields(self)}
        return Arrivals(**columns).in_order()


@dataclass(frozen=True)
class Span:
    """The simulated time: its first instant, s UTC, and its length in days."""

    start: int
    days: int

    @classmethod
    def of(cls, settings: Settings) -> Span:
        """The span of a scenario's settings."""
        return cls((date.fromisoformat(settings.time.start) - date(1970, 1, 1)).days * DAY, settings.time.days)

    @property
    def end(self) -> int:
        """The instant at which it ends, s UTC."""
        return self.start + self.days * DAY

    @property
    def weeks(self) -> int:
        """The number of calendar weeks from the start, the last perhaps cut short."""
        return -(-self.days // 7)

    def week_of(self, instants: Ints) -> Ints:
        """The week that holds each instant; what lies outside counts to the first or last."""
        return np.clip((instants - self.start) // WEEK, 0, self.weeks - 1)

    def end_of(self, week: int) -> int:
        """The instant at which a week ends."""
        return self.start + min(7 * (week + 1), self.days) * DAY


def arrivals(settings: Settings, seed: int, projects: int, stems: Stems) -> Arrivals:
    """The sessions of a scenario that end within its span.

    A day has ``round(max(0, N(mean, sd)))`` sessions, each of which takes place with its weekday's
    activity as probability; it starts at an hour drawn from the normal mixture, wrapped at 24. A
    project with an activity a has the n-th copy of each of its sessions with probability a - n in
    [0, 1], n = 0, 1 …; other projects' sessions stay as they are whatever a is.
    """
    span, law = Span.of(settings), settings.sessions
    days = np.arange(span.days, dtype=np.int64)
    of_day = rng.pair_keys(rng.key(seed, "day"), days.astype(np.uint64))
    counts = np.rint(np.maximum(rng.normal(of_day, law.per_day_mean, law.per_day_sd), 0.0)).astype(np.int64)
    day = np.repeat(days, counts)
    number = np.arange(len(day)) - np.repeat(np.cumsum(counts) - counts, counts)
    key = rng.pair_keys(np.repeat(of_day, counts), number.astype(np.uint64))
    weekday = ((span.start // DAY) + day + 3) % 7
    kept = rng.bernoulli(key, np.asarray(law.weekday_activity)[weekday] * mood(settings, seed)[day], 0)
    day, number, key = day[kept], number[kept], key[kept]
    project = rng.choice(key, 1.0 / np.arange(1, projects + 1), 3)
    row, copy = _copies(law.project_activity, projects, key, project)
    day, number, project, key = day[row], number[row], project[row], key[row]
    key = np.where(copy > 0, rng.pair_keys(key, copy.astype(np.uint64)), key)

    hour = rng.mixture(key, law.hour_means, law.hour_sds, law.hour_weights, 1)
    hour -= 24.0 * np.floor(hour / 24.0)
    second = np.minimum(np.floor(hour * 3600.0), DAY - 1).astype(np.int64)
    started = span.start + day * DAY + second
    ended = started + _seconds(key, law.minutes_mean, law.minutes_sd)
    week, sequence = day // 7, (day % 7) * BLOCK + number % BLOCK
    block = number // BLOCK + copy * _COPIES
    ids = np.empty(len(day), object)
    names = settings.entities.projects
    for place, (p, w, b, s) in enumerate(
        zip(project.tolist(), week.tolist(), block.tolist(), sequence.tolist(), strict=True)
    ):
        ids[place] = f"{stems('session', names[p], w, b)}-{s}"
    session_key = rng.hashes(ids.tolist())
    traversal = rng.bernoulli(rng.pair_keys(rng.key(seed, "mode"), session_key), law.traversal_share)
    sequence += block * 7 * BLOCK
    made = Arrivals(ids, session_key, started, ended, project, traversal, week, sequence)
    return made.take(ended <= span.end).in_order()


def mood(settings: Settings, seed: int) -> npt.NDArray[np.float64]:
    """The share of sessions that each day's mood lets take place, shape (days,), in [1 - strength, 1].

    ``ar``: an AR(1) of weight 0.85, squashed; ``ising``: busy and idle days as spins whose coupling is drawn anew every
    six weeks. A day's mood hangs on the days before it alone, so a longer span has the same.
    """
    law, days = settings.sessions, settings.time.days
    if law.activity == "calendar":
        return np.ones(days)
    key = rng.key(seed, "mood")
    if law.activity == "ising":
        busy = (spins(days, key, "blocks", 1.5, 42) + 1) / 2.0
    else:
        busy = np.clip(0.5 + arma((0.85,), (), days, key) * np.sqrt(1 - 0.85**2) / 4.0, 0.0, 1.0)
    return np.asarray(1.0 - law.activity_strength * (1.0 - busy))


def _copies(activity: tuple[float, ...], projects: int, key: Keys, project: Ints) -> tuple[Ints, Ints]:
    """The rows of sessions that take place under each project's activity, and which copy of each it is."""
    wanted = np.ones(projects)
    wanted[: len(activity)] = activity[:projects]
    rows, copies = [], []
    for copy in range(math.ceil(wanted.max(initial=1.0))):
        drawn = rng.uniform(rng.pair_keys(rng.key(0, "activity", copy), key))
        kept = np.flatnonzero(drawn < np.clip(wanted - copy, 0.0, 1.0)[project])
        rows.append(kept)
        copies.append(np.full(len(kept), copy))
    return np.concatenate(rows), np.concatenate(copies)


def _seconds(key: Keys, mean: float, sd: float) -> Ints:
    """Lengths of sessions, s: log-normal, at least a minute and at most ten hours."""
    if sd > 0:
        minutes = rng.lognormal(key, *rng.lognormal_of_moments(mean, sd), 2)
    else:
        minutes = np.full(len(key), mean)
    return np.floor(np.clip(minutes, 1.0, 600.0) * 60.0).astype(np.int64)


def gap_days(sessions: Arrivals) -> npt.NDArray[np.float64]:
    """Days between the starts of one session and the next, shape (S - 1,); to hold beside `gap_mean`."""
    return np.diff(sessions.started_at) / DAY
