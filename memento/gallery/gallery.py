"""Every pattern and operator as a small picture or an example, made from small worlds with a fixed seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento.patterns import CATALOG as PATTERNS
from memento.patterns.facts import Facts, of
from memento.patterns.series import SERIES
from memento.scenario import load
from memento.simulate.story import Story
from memento.vary import CATALOG as OPERATORS
from memento.vary.consistency import Checker, applied
from memento.vary.operator import Operator
from memento.world.world import World

Floats = npt.NDArray[np.float64]
STEPS = 240
SEED = 5
EXAMPLES = 3
_LENGTH = 160
_WORLD = ("time.days=42", "sessions.per_day_mean=4", "memories.supersede_rate=0.3", "entities.count=10")


@dataclass(frozen=True)
class SeriesCard:
    """A series with the error of its best forecast over 96 steps."""

    name: str
    formula: str
    values: Floats
    optimum: float


@dataclass(frozen=True)
class PatternCard:
    """A rule of relevance: its words, its mean term week by week for four entities, and how its terms are spread."""

    name: str
    summary: str
    formula: str
    optimum: str
    weeks: tuple[tuple[float, ...], ...]
    nonzero: float
    spread: float


@dataclass(frozen=True)
class OperatorCard:
    """An operator: its words, what it changed of a small world, and turns or memories before and after."""

    name: str
    summary: str
    formula: str
    source: str
    promise: str
    changed: dict[str, int]
    examples: tuple[tuple[str, str], ...]
    hours: tuple[tuple[int, ...], tuple[int, ...]] | None
    consistent: str


@dataclass(frozen=True)
class Gallery:
    """All cards."""

    series: tuple[SeriesCard, ...]
    patterns: tuple[PatternCard, ...]
    operators: tuple[OperatorCard, ...]


def gallery() -> Gallery:
    """The cards of every series, pattern and operator; the same each time."""
    world = Story(load("tiny", _WORLD), SEED).world
    facts = of(world)
    checker = Checker(world)
    return Gallery(
        tuple(SeriesCard(s.name, s.formula, s.values(STEPS, SEED), s.error(96)) for s in SERIES.values()),
        tuple(_pattern(name, world, facts) for name in PATTERNS),
        tuple(_operator(name, world, checker) for name in OPERATORS),
    )


def _pattern(name: str, world: World, facts: Facts) -> PatternCard:
    made = PATTERNS[name]()
    terms = made.terms(facts)
    week = (world.sessions["ended_at"] - int(world.sessions["started_at"].min())) // (7 * 86_400)
    of_row = week[world.candidate_sessions]
    entity = np.where(world.candidate_memories >= 0, world.memories["entity"][world.candidate_memories], "")
    names, counts = np.unique(entity.astype(str), return_counts=True)
    most = names[np.argsort(-counts, kind="stable")[:4]]
    weeks = []
    for one in most.tolist():
        mine = entity == one
        sums = np.bincount(of_row[mine], terms[mine], int(week.max()) + 1)
        held = np.bincount(of_row[mine], minlength=int(week.max()) + 1)
        weeks.append(tuple((sums / np.maximum(held, 1)).tolist()))
    summary = PATTERNS.rows[name].summary
    return PatternCard(
        name, summary, made.formula, made.optimum, tuple(weeks), float((terms != 0).mean()), float(terms.std())
    )


def _operator(name: str, world: World, checker: Checker) -> OperatorCard:
    made: Operator = OPERATORS[name]()
    result = made.apply(world, SEED)
    after = applied(world, result)
    why = checker.inconsistency(result, made)
    changed = {}
    for table, rows in after.tables.items():
        before = world.tables[table]
        places = before.rows(rows.keys)
        kept = np.flatnonzero(places >= 0)
        differs = np.zeros(len(kept), bool)
        for field in before.schema.fields:
            a, b = rows[field.name][kept], before[field.name][places[kept]]
            same = a == b
            if a.dtype == np.float64:
                same |= np.isnan(a) & np.isnan(b)
            differs |= ~same
        count = int(differs.sum()) + int((places < 0).sum()) + len(before) - len(kept)
        if count:
            changed[table] = count
    examples: list[tuple[str, str]] = []
    for table in ("turns", "memories"):
        texts = dict(zip(after.tables[table].keys, after.tables[table]["text"].tolist(), strict=True))
        for key, text in zip(world.tables[table].keys, world.tables[table]["text"].tolist(), strict=True):
            if key in texts and texts[key] != text and len(examples) < EXAMPLES:
                examples.append((text[:_LENGTH], texts[key][:_LENGTH]))
    hours = tuple(
        tuple(np.bincount(w.sessions["started_at"] % 86_400 // 3600, minlength=24).tolist()) for w in (world, after)
    )
    moved = (hours[0], hours[1]) if hours[0] != hours[1] else None
    return OperatorCard(
        name,
        OPERATORS.rows[name].summary,
        made.formula,
        made.source,
        made.expects,
        changed,
        tuple(examples),
        moved,
        why,
    )
