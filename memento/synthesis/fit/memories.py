"""What the agent remembers, learns and replaces, and what there is to know about."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from memento.language.lexicon import DOMAINS
from memento.patterns.facts import DAY
from memento.scenario import parameters
from memento.synthesis.fit.arrivals import span
from memento.synthesis.fit.estimate import Estimate, Floats, maximise, rate, share, spanned
from memento.world.records import NULL_INT
from memento.world.world import World


def entities(world: World) -> Iterator[Estimate]:
    """Estimates of the section ``entities``: what is there is counted, so these are no guesses."""
    size, edges = len(world.entities), len(world.dependencies)
    aspects = len(set(world.aspects["name"].tolist()))
    for key, count in (("entities.count", size), ("entities.aspects", max(2, aspects))):
        if count:
            yield Estimate(key, float(count), float(count), float(count), size, "entities")
    kinds = dict(zip(world.entities["id"].tolist(), world.entities["kind"].tolist(), strict=True))
    sources = {kinds.get(source, "") for source in world.dependencies["source"].tolist()}
    able = size
    if world.manifest.source == "simulated":
        # Entities of other kinds have no edges, however many are asked for.
        able = sum(kind in sources for kind in kinds.values())
    yield from filter(None, [rate("entities.dependencies_mean", edges, able, "entities")])


def projects(world: World) -> tuple[str, ...]:
    """The projects of a world's sessions and entities, most sessions first."""
    of_sessions = Counter(filter(None, world.sessions["project"].tolist()))
    of_entities = Counter(filter(None, world.entities["project"].tolist()))
    names = sorted({*of_sessions, *of_entities}, key=lambda name: (-of_sessions[name], -of_entities[name], name))
    return tuple(names)


def domain(world: World) -> str:
    """The domain whose aspects the world's are most often among; the first one where none fits."""
    names = set(world.aspects["name"].tolist())
    fits = {name: len(names & set(DOMAINS[name].aspects_by_name)) for name in DOMAINS}
    return max(fits, key=lambda name: fits[name])


def memories(world: World) -> Iterator[Estimate]:
    """Estimates of the section ``memories``."""
    table, sessions = world.memories, world.sessions
    size = len(table)
    if not size:
        return
    start = span(world)[0] * DAY
    born = table["origin"] != ""
    if not born.any() and len(sessions):
        born = table["created_at"] > start
    first = ~born
    count = int(np.count_nonzero(first))
    yield Estimate("memories.count", float(count), float(count), float(count), size, "memories")
    if count > 1:
        ages = (start - table["created_at"][first]) / DAY
        oldest, next_ = sorted(np.maximum(ages, 0.0).tolist())[-1:-3:-1]
        # Where ages end at a, the gap to the oldest is like that to the next (Robson and Whitlock 1964).
        ends = (oldest + (oldest - next_), oldest, oldest + (oldest - next_) * (1 / 0.05 - 1))
        yield spanned("memories.history_days", ends, count, "memories")
    yield from filter(None, [rate("memories.births_per_session", size - count, len(sessions), "sessions")])
    yield from _importance(table["importance"])
    yield from _accesses(table["prior_accesses"][first])
    yield from _superseded(world, first)
    kinds = table["kind"]
    rows = world.aspects.rows(table["aspect"].tolist())
    single = np.append(world.aspects["single_valued"], False)[rows]
    for name, held, among in (
        ("embedded_share", table["embedded"], np.ones(size, bool)),
        ("constraint_share", kinds == "constraint", np.ones(size, bool)),
        ("episode_share", kinds == "episode", ~single),
        ("peak_hour_share", table["peak_hour"] != NULL_INT, np.ones(size, bool)),
        ("peak_weekday_share", table["peak_weekday"] != NULL_INT, np.ones(size, bool)),
    ):
        found = share(f"memories.{name}", int(np.count_nonzero(held & among)), int(among.sum()), "memories")
        yield from filter(None, [found])


def _importance(values: Floats) -> Iterator[Estimate]:
    """Beta's two parameters, by maximum likelihood; nothing where importance does not vary."""
    inside = values[np.isfinite(values)]
    n = len(inside)
    if n < 10 or np.ptp(inside) < 1e-6:
        return
    inside = np.clip(inside, 0.5e-4, 1 - 0.5e-4)
    up, down = float(np.log(inside).mean()), float(np.log1p(-inside).mean())

    def likelihood(theta: Floats) -> float:
        a, b = float(theta[0]), float(theta[1])
        return n * ((a - 1) * up + (b - 1) * down + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b))

    mean, variance = float(inside.mean()), float(inside.var())
    both = max(mean * (1 - mean) / max(variance, 1e-9) - 1, 0.1)
    peak = maximise(likelihood, [mean * both, (1 - mean) * both], ["positive", "positive"])
    yield peak.estimate("memories.importance_a", 0, n, "memories")
    yield peak.estimate("memories.importance_b", 1, n, "memories")


def _accesses(counts: npt.NDArray[np.int64]) -> Iterator[Estimate]:
    """Zipf's exponent over counts from 0 up to the limit, by maximum likelihood; counts beyond any limit are at it."""
    n = len(counts)
    if n < 10 or not counts.any():
        return
    counts = np.minimum(counts, int(parameters()["memories.access_limit"].high))
    limit = max(1_000, int(counts.max()))
    logs = np.log(np.arange(1, limit + 2))
    total = float(np.log(counts + 1.0).sum())

    def likelihood(theta: Floats) -> float:
        return -float(theta[0]) * total - n * float(np.log(np.exp(-theta[0] * logs).sum()))

    yield maximise(likelihood, [1.5], ["positive"]).estimate(
        "memories.access_alpha", 0, n, "memories of the first pool"
    )
    if limit > 1_000:
        yield spanned("memories.access_limit", [float(limit)] * 3, n, "memories of the first pool")


def _superseded(world: World, first: npt.NDArray[np.bool_]) -> Iterator[Estimate]:
    """The share of memories that replace an older one."""
    table = world.memories
    replacing = int(np.count_nonzero(np.isin(table["id"], table["superseded_by"][table["superseded_by"] != ""])))
    rows = world.aspects.rows(table["aspect"].tolist())
    single = np.append(world.aspects["single_valued"], False)[rows]
    found = share("memories.supersede_rate", replacing, len(table), "memories")
    if world.manifest.source == "simulated":
        # Replacements in the first pool are drawn among all that are no first value of their aspect.
        founding = int(np.unique(rows[first & single]).size)
        updates = int(np.count_nonzero(single)) - founding
        found = share("memories.supersede_rate", max(0, updates), len(table), "memories")
    yield from filter(None, [found])
