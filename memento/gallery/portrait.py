"""What one world is like, in numbers: when it is active, what it is about, what is planted and how strongly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento.patterns import clean, from_manifest, relevance
from memento.patterns.facts import DAY, Joined
from memento.patterns.noise import Noise, candidate_keys, energy, measured_snr, quartile_ratio, unclipped
from memento.simulate.topics import met_before
from memento.world.world import World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BINS = 20
OTHERS = "others"
_TOPICS = 7
_NODES = 40


@dataclass(frozen=True)
class Planted:
    """A planted rule: its parameters, what it says, and its share of the differences that labels tell.

    `share` is the part of the pooled within-session variance of the sum of all terms that goes when this
    rule is left out (1 for the only rule, 0 for one without a say).
    """

    name: str
    parameters: dict[str, float | str]
    formula: str
    optimum: str
    share: float

    @property
    def said(self) -> str:
        """The parameters in words."""
        return " ".join(
            f"{key}={value if isinstance(value, str) else f'{value:g}'}" for key, value in self.parameters.items()
        )


@dataclass(frozen=True)
class Labels:
    """Shares of labels in `BINS` even bins of [0, 1], clean and with noise (or as observed, then `clean` is None)."""

    labels: tuple[float, ...]
    clean: tuple[float, ...] | None
    asked_db: float | None
    measured_db: float | None
    after_clip_db: float | None


@dataclass(frozen=True)
class Node:
    """An entity of the graph: its name, kind, how many sessions are about it and how many memories."""

    id: str
    name: str
    kind: str
    sessions: int
    memories: int


@dataclass(frozen=True)
class Portrait:
    """One world in numbers.

    `activity` is sessions by weekday and hour, shape (7, 24); `topics` gives for each of the most frequent
    topics, and `OTHERS`, its sessions in each week; `accesses` the share of memories with at least k
    accesses, for each k that occurs; `repetition` by week the share of sessions whose project, topic and
    six hours of day were met before; `graph` the entities most met and the edges between them.
    """

    sizes: dict[str, int]
    first: int
    last: int
    source: str
    activity: npt.NDArray[np.int64]
    topics: dict[str, tuple[int, ...]]
    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int, str], ...]
    accesses: tuple[tuple[int, float], ...]
    repetition: tuple[float, ...]
    repeated: float
    planted: tuple[Planted, ...]
    labels: Labels | None


def portrait(world: World) -> Portrait:
    """The portrait of a world; parts that it has no records for are empty."""
    sessions = world.sessions
    started = sessions["started_at"]
    hour, weekday = started % DAY // 3600, (started // DAY + 3) % 7
    activity = np.bincount(weekday * 24 + hour, minlength=168).reshape(7, 24)
    first = int(started.min(initial=world.manifest.clock)) if len(started) else world.manifest.clock
    week = (started - first // DAY * DAY) // (7 * DAY)
    again, repeated = _repetition(world, week)
    nodes, edges = _graph(world)
    joined = Joined(world)
    return Portrait(
        sizes={name: len(table) for name, table in world.tables.items()},
        first=first, last=int(sessions["ended_at"].max(initial=first)), source=world.manifest.source,
        activity=activity.astype(np.int64), topics=_topics(world, week), nodes=nodes, edges=edges,
        accesses=_accesses(world), repetition=again, repeated=repeated,
        planted=_planted(joined), labels=_labels(joined),
    )  # fmt: skip


def _topics(world: World, week: Ints) -> dict[str, tuple[int, ...]]:
    names = _names(world)
    weeks = int(week.max(initial=-1)) + 1
    topics = [names.get(topic, topic) or "none" for topic in world.sessions["topic"].tolist()]
    most = [name for name, _ in sorted(Counter(topics).items(), key=lambda pair: (-pair[1], pair[0]))]
    shown = most if len(most) <= _TOPICS + 1 else most[:_TOPICS]
    found = {name: [0] * weeks for name in shown}
    if len(shown) < len(most):
        found[OTHERS] = [0] * weeks
    for topic, at in zip(topics, week.tolist(), strict=True):
        found[topic if topic in found else OTHERS][at] += 1
    return {name: tuple(counts) for name, counts in found.items()}


def _names(world: World) -> dict[str, str]:
    return dict(zip(world.entities["id"].tolist(), world.entities["name"].tolist(), strict=True))


def _graph(world: World) -> tuple[tuple[Node, ...], tuple[tuple[int, int, str], ...]]:
    met, about = Counter(world.sessions["topic"].tolist()), Counter(world.memories["entity"].tolist())
    rows = zip(*(world.entities[name].tolist() for name in ("id", "name", "kind")), strict=True)
    every = [Node(key, name, kind, met[key], about[key]) for key, name, kind in rows]
    every.sort(key=lambda node: (-node.sessions, -node.memories, node.id))
    nodes = tuple(every[:_NODES])
    place = {node.id: number for number, node in enumerate(nodes)}
    columns = zip(*(world.dependencies[name].tolist() for name in ("source", "target", "kind")), strict=True)
    edges = [(place[a], place[b], kind) for a, b, kind in columns if a in place and b in place]
    return nodes, tuple(sorted(edges))


def _accesses(world: World) -> tuple[tuple[int, float], ...]:
    memories = world.memories
    counts = memories["prior_accesses"].copy()
    rows = world.candidate_memories[world.candidates["injected"]]
    np.add.at(counts, rows[rows >= 0], 1)
    if not len(counts):
        return ()
    values, first = np.unique(np.sort(counts), return_index=True)
    shares = 1.0 - first / len(counts)
    return tuple(zip(values.tolist(), shares.tolist(), strict=True))


def _repetition(world: World, week: Ints) -> tuple[tuple[float, ...], float]:
    met = met_before(world)
    weeks = int(week.max(initial=-1)) + 1
    held = np.bincount(week, minlength=weeks)
    shares = np.bincount(week, met, minlength=weeks) / np.maximum(held, 1)
    return tuple(shares.tolist()), float(met.mean()) if len(met) else 0.0


def _planted(joined: Joined) -> tuple[Planted, ...]:
    manifest = joined.world.manifest
    patterns = from_manifest(manifest.patterns)
    if not patterns:
        return ()
    terms = relevance(joined.facts(), patterns)
    total = np.sum(list(terms.values()), axis=0)
    whole = energy(total, joined.offsets)
    found = []
    for pattern in patterns:
        without = energy(total - terms[pattern.name], joined.offsets)
        share = 1.0 - without / whole if whole > 0 else 0.0
        found.append(Planted(pattern.name, pattern.to_map(), pattern.formula, pattern.optimum, share))
    return tuple(found)


def _labels(joined: Joined) -> Labels | None:
    world = joined.world
    if world.manifest.patterns and len(world.candidates):
        truth = clean(joined.facts(), world.manifest.patterns)
        noise = Noise.from_map(world.manifest.noise)
        if noise.snr_db is None:
            return Labels(_shares(truth), _shares(truth), None, None, None)
        raw = unclipped(truth, joined.offsets, candidate_keys(world), noise)
        noisy = np.clip(raw, 0.0, 1.0)
        ratio = quartile_ratio if noise.distribution == "levy" else measured_snr
        measured = (ratio(truth, labels, joined.offsets) for labels in (raw, noisy))
        return Labels(_shares(noisy), _shares(truth), noise.snr_db, *measured)
    seen = world.candidates["relevance"]
    seen = seen[~np.isnan(seen)]
    return Labels(_shares(seen), None, None, None, None) if len(seen) else None


def _shares(values: Floats) -> tuple[float, ...]:
    counts, _ = np.histogram(np.clip(values, 0.0, 1.0), bins=BINS, range=(0.0, 1.0))
    return tuple((counts / max(1, counts.sum())).tolist())
