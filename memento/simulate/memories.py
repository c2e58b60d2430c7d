"""What the agent remembers: the pool it starts with, what sessions add, and what replaces what.

Memories are planned for the whole span at once, from draws keyed by their ids. Who replaces whom
follows from the plan: under a single-valued aspect each memory retires the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.language.grammar import Grammar
from memento.scenario import Settings
from memento.simulate.clock import DAY, Arrivals, Span
from memento.simulate.entities import Graph
from memento.simulate.ids import BLOCK, Stems

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]
Texts = npt.NDArray[np.object_]

MOST_BIRTHS = 8
FOUNDING_TIME = 0.25
"""Share of the time before the first day in which they do."""
TOPIC_SHARE, NEIGHBOR_SHARE = 0.7, 0.2
PEAK_SPREAD = 1.0
_LONGEST_CHAIN = 4
"""Facts that a chain of replacements has at most by `chain_share`."""
NEVER = 2**62
ALWAYS = -(2**62)


@dataclass(frozen=True)
class Memories:
    """Planned memories in order of (creation, id); arrays of shape (M,).

    `fresh` are those that this story tells; the others are there when it begins. `session` is the row
    of the session that left a fresh one, else -1; `entity`, `project` and `aspect` are rows of the
    graph's, -1 for none. `gone` tells when a memory was retired before the story begins (`NEVER`: not
    at all; `ALWAYS`: nobody knows when); `retired_at` and `successor` when, and by which fresh row, it
    is replaced (`NEVER` and -1: not at all).
    """

    id: Texts
    key: Keys
    created_at: Ints
    session: Ints
    entity: Ints
    project: Ints
    aspect: Ints
    single: Flags
    kind: Texts
    value: Texts
    text: Texts
    length: Ints
    importance: Floats
    prior_accesses: Ints
    embedded: Flags
    pinned: Flags
    peak_hour: Ints
    peak_weekday: Ints
    fresh: Flags
    gone: Ints
    retired_at: Ints
    successor: Ints

    def __len__(self) -> int:
        return len(self.id)

    def take(self, rows: Ints | Flags) -> Memories:
        """The given memories; call `linked` afterwards."""
        return Memories(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def linked(self) -> Memories:
        """The same memories with `retired_at` and `successor` found again.

        Under a single-valued aspect each fresh memory retires the newest that lives.
        """
        retired, successor = self.gone.copy(), np.full(len(self), -1)
        rows = np.flatnonzero(self.single & (self.gone == NEVER))
        rows = rows[np.argsort(self.aspect[rows], kind="stable")]
        follows = (self.aspect[rows[1:]] == self.aspect[rows[:-1]]) & self.fresh[rows[1:]]
        older, newer = rows[:-1][follows], rows[1:][follows]
        retired[older], successor[older] = self.created_at[newer], newer
        return replace(self, retired_at=retired, successor=successor)

    def joined(self, others: Memories) -> Memories:
        """These memories and others, in order; call `linked` afterwards."""
        columns = {f.name: np.concatenate([getattr(self, f.name), getattr(others, f.name)]) for f in fields(self)}
        created, ids = columns["created_at"].tolist(), columns["id"].tolist()
        order = sorted(range(len(ids)), key=lambda row: (created[row], ids[row]))
        return Memories(**columns).take(np.array(order, np.int64))


class _Causes(NamedTuple):
    """Memories before their content is drawn: what they come from, shape (M,)."""

    id: list[str]
    created_at: Ints
    session: Ints
    entity: Ints
    founding: Ints
    """The aspect row that the memory gives its first value, -1 for none."""
    update_chance: Floats

    def take(self, rows: Ints) -> _Causes:
        """The given causes, in the given order."""
        columns = (column[rows] for column in self[1:])
        return _Causes([self.id[row] for row in rows.tolist()], *columns)  # type: ignore[arg-type]

    def in_order(self) -> tuple[_Causes, Ints]:
        """The causes in order of (creation, id), and the places where they stood."""
        created = self.created_at.tolist()
        order = np.array(sorted(range(len(self.id)), key=lambda row: (created[row], self.id[row])), np.int64)
        return self.take(order), order


def memories(
    settings: Settings,
    seed: int,
    graph: Graph,
    sessions: Arrivals,
    topic: Ints,
    stems: Stems,
    past: Memories | None = None,
    since: int = ALWAYS,
) -> Memories:
    """All memories of a world: the first pool and what sessions leave; of a `past` those after `since` are told."""
    if past is not None and since >= Span.of(settings).start:
        settings = replace(settings, memories=replace(settings.memories, count=0))
    pool, born = _pool(settings, seed, graph, stems), _births(settings, seed, graph, sessions, topic, stems)
    causes = _Causes(
        pool.id + born.id,
        *(np.concatenate([a, b]) for a, b in zip(pool[1:], born[1:], strict=True)),
    )
    causes, order = causes.in_order()
    if past is None:
        return _content(settings, seed, graph, causes, order, {}).linked()
    later = np.flatnonzero(causes.created_at > since)
    held = {place: past.value[row] for row, place in enumerate(past.aspect.tolist()) if past.single[row]}
    return past.joined(_content(settings, seed, graph, causes.take(later), order[later], held)).linked()


def _pool(settings: Settings, seed: int, graph: Graph, stems: Stems) -> _Causes:
    law, span = settings.memories, Span.of(settings)
    size = law.count
    slots = graph.founded[:size]
    ids = [f"{stems('pool')}-{number}" for number in range(size)]
    keys = rng.pair_keys(rng.key(seed, "pool"), rng.hashes(ids))
    founding = np.full(size, -1)
    founding[: len(slots)] = slots
    about = founding
    if size:
        about = np.where(founding >= 0, graph.owner[founding], rng.choice(keys, graph.popularity, 0))
    share = rng.uniform(keys, 1)
    share = np.where(founding >= 0, share * FOUNDING_TIME, FOUNDING_TIME + share * (1.0 - FOUNDING_TIME))
    created = span.start - np.floor((1.0 - share) * law.history_days * DAY).astype(np.int64) - 1
    others = size - len(slots)
    chance = min(1.0, law.supersede_rate * size / others) if others else 0.0
    return _Causes(ids, created, np.full(size, -1), about, founding, np.full(size, chance))


def _births(settings: Settings, seed: int, graph: Graph, sessions: Arrivals, topic: Ints, stems: Stems) -> _Causes:
    keys = rng.pair_keys(rng.key(seed, "births"), sessions.key)
    counts = np.minimum(rng.poisson(keys, settings.memories.births_per_session), MOST_BIRTHS)
    session = np.repeat(np.arange(len(sessions)), counts)
    number = np.arange(len(session)) - np.repeat(np.cumsum(counts) - counts, counts)
    names, ids = settings.entities.projects, []
    columns = (sessions.project[session], sessions.week[session], sessions.sequence[session], number)
    for project, week, sequence, n in zip(*(column.tolist() for column in columns), strict=True):
        block, place = divmod(sequence, 7 * BLOCK)
        ids.append(f"{stems('memory', names[project], week, block)}-{place * MOST_BIRTHS + n}")
    states = rng.pair_keys(rng.key(seed, "birth"), rng.hashes(ids))
    where, pick = rng.uniform(states, 0), rng.uniform(states, 1)
    entity = topic[session].copy()
    shared = settings.candidates.scope == "all"
    members = [rows.tolist() for rows in graph.members]
    for row in np.flatnonzero((where >= TOPIC_SHARE) & (entity >= 0)).tolist():
        project = sessions.project[session[row]]
        linked = graph.neighbors[entity[row]] if where[row] < TOPIC_SHARE + NEIGHBOR_SHARE else []
        linked = [near for near in linked if graph.acting[near] and (shared or graph.project[near] == project)]
        among = linked or members[project]
        entity[row] = among[int(pick[row] * len(among))]
    size = len(ids)
    chance = np.full(size, settings.memories.supersede_rate)
    causes = _Causes(ids, sessions.ended_at[session], session, entity, np.full(size, -1), chance)
    known = np.array([bool(s or m) for s, m in zip(graph.single, graph.several, strict=True)] + [False])[entity]
    return causes if known.all() else causes.take(np.flatnonzero(known))


def _content(
    settings: Settings, seed: int, graph: Graph, causes: _Causes, number: Ints, held: dict[int, str]
) -> Memories:
    """Draws what each memory says and how it counts.

    `number` is its place in the first pool; `held` the value that each single-valued aspect has before.
    """
    law, size = settings.memories, len(causes.id)
    hashes = rng.hashes(causes.id)

    def stream(name: str) -> Keys:
        return rng.pair_keys(rng.key(seed, name), hashes)

    content = stream("content")
    update = rng.bernoulli(content, causes.update_chance, 0) & (causes.founding < 0)
    shared = settings.candidates.scope == "all"
    chained = rng.bernoulli(content, law.chain_share, 5) if law.chain_share else np.zeros(size, bool)
    entity, aspect = _aspects(graph, causes, update, rng.uniform(content, 1), shared, chained)
    single = graph.single_valued[aspect]
    sort = rng.uniform(content, 2)
    constraint = sort < law.constraint_share
    episode = ~constraint & ~single & (sort < law.constraint_share + law.episode_share)
    kind = np.array(["attribute", "constraint", "episode"], object)[np.where(constraint, 1, np.where(episode, 2, 0))]
    value, old = _values(graph, aspect, single, content, held)
    if law.hop_share:
        _hops(graph, entity, value, rng.bernoulli(content, law.hop_share, 6) & ~single, rng.uniform(content, 7))
    text = _texts(graph, stream("text"), entity, aspect, value, old, kind)

    peak = stream("peak")
    spread = rng.normal(peak, 0.0, PEAK_SPREAD, 1)
    hour = np.floor(graph.hour[entity] + spread).astype(np.int64) % 24
    weekday = np.where(
        rng.bernoulli(peak, 0.5, 3),
        graph.weekday[entity],
        rng.choice(peak, np.asarray(settings.sessions.weekday_activity) + 1e-9, 4),
    )
    access = rng.zipf(stream("accesses"), law.access_alpha, law.access_limit + 1) - 1
    importance = rng.beta(stream("importance"), law.importance_a, law.importance_b)
    return Memories(
        id=_objects(causes.id), key=hashes, created_at=causes.created_at, session=causes.session,
        entity=entity, project=graph.project[entity], aspect=aspect, single=single,
        kind=kind, value=_objects(value), text=_objects(text),
        length=np.fromiter(map(len, text), np.int64, size),
        importance=np.rint(importance * 10_000.0) / 10_000.0,
        prior_accesses=np.where(causes.session < 0, access, 0),
        embedded=rng.bernoulli(stream("embedded"), law.embedded_share),
        pinned=(causes.session < 0) & (number < law.pinned),
        peak_hour=np.where(rng.bernoulli(peak, law.peak_hour_share, 0), hour, -1),
        peak_weekday=np.where(rng.bernoulli(peak, law.peak_weekday_share, 2), weekday, -1),
        fresh=np.ones(size, bool), gone=np.full(size, NEVER),
        retired_at=np.full(size, NEVER), successor=np.full(size, -1),
    )  # fmt: skip


def _hops(graph: Graph, entity: Ints, value: list[str], hop: Flags, pick: Floats) -> None:
    """Lets some facts name an entity one edge away, so that an answer may take two steps."""
    for row in np.flatnonzero(hop).tolist():
        near = graph.neighbors[entity[row]] if entity[row] >= 0 else []
        if near:
            value[row] = graph.names[near[int(pick[row] * len(near))]]


def _aspects(
    graph: Graph, causes: _Causes, update: Flags, pick: Floats, shared: bool, chained: Flags
) -> tuple[Ints, Ints]:
    """The entity and the aspect of each memory.

    A memory that replaces another is about a single-valued aspect with a first value, of its entity
    if that has one, else of its project (of any, where projects are `shared`); all others are about
    aspects that may hold several values.
    """
    known, owner = set(graph.founded), graph.owner
    founded = [[row for row in mine if row in known] if known else mine for mine in graph.single]
    every: dict[int, list[int]] = {}
    for row in graph.founded or [row for mine in graph.single for row in mine]:
        every.setdefault(0 if shared else int(graph.project[owner[row]]), []).append(row)
    entities, aspects = causes.entity.copy(), causes.founding.copy()
    recent: dict[int, tuple[int, int]] = {}
    for row, (entity, updates, share) in enumerate(zip(entities.tolist(), update.tolist(), pick.tolist(), strict=True)):
        if aspects[row] >= 0:
            continue
        among = graph.several[entity]
        if updates:
            project = 0 if shared else int(graph.project[entity])
            among = founded[entity] or every.get(project, []) or graph.single[entity]
            if chained[row] and 0 < recent.get(project, (0, 0))[1] < _LONGEST_CHAIN - 1:
                among = [recent[project][0]]
        among = among or graph.several[entity] or graph.single[entity]
        aspects[row] = among[int(share * len(among))]
        entities[row] = owner[aspects[row]]
        if updates:
            length = recent[project][1] + 1 if recent.get(project, (-1, 0))[0] == aspects[row] else 1
            recent[project] = (int(aspects[row]), length)
    return entities, aspects


def _values(graph: Graph, aspect: Ints, single: Flags, keys: Keys, held: dict[int, str]) -> tuple[list[str], list[str]]:
    """The value of each memory and, where it replaces one, the older value; a new value differs from the older.

    `held` are the values that aspects have, and is brought up to date.
    """
    counts = np.fromiter((min(len(values), 1 << 32) for values in graph.values), np.int64, len(graph.values))[aspect]
    first = rng.integers(keys, counts, 3).tolist()
    second = rng.integers(keys, np.maximum(counts - 1, 1), 4).tolist()
    values, olds = [], []
    for row, (place, one) in enumerate(zip(aspect.tolist(), single.tolist(), strict=True)):
        index, old = first[row], ""
        text = graph.values[place][index]
        if one:
            old = held.get(place, "")
            if text == old and counts[row] > 1:
                text = graph.values[place][second[row] + (second[row] >= index)]
            held[place] = text
        values.append(text)
        olds.append(old)
    return values, olds


def _texts(
    graph: Graph, keys: Keys, entity: Ints, aspect: Ints, value: list[str], old: list[str], kind: Texts
) -> list[str]:
    grammar = Grammar(graph.domain)
    names = graph.aspects["name"][aspect].tolist()
    rows = zip(keys.tolist(), entity.tolist(), names, value, old, kind.tolist(), strict=True)
    return [
        grammar.superseding(key, graph.names[e], name, new, before)
        if before and sort == "attribute" and key & 1
        else grammar.memory(key >> 1, graph.names[e], name, new, sort)
        for key, e, name, new, before, sort in rows
    ]


def _objects(items: Iterable[str]) -> Texts:
    listed = list(items)
    column = np.empty(len(listed), object)
    column[:] = listed
    return column
