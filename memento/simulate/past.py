"""What a story goes on from: a world's records as the plan sees them.

Nothing but records is read, so that an edit counts whatever made it: an importance that was changed, a
memory that was deleted, an entity or an aspect that was added. What records do not tell (how popular an
entity is, at what hour) is drawn by its id, as it was the first time.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.language.choices import Choices, choices, numbers, product
from memento.language.lexicon import domain as domain_of
from memento.scenario import Settings
from memento.simulate.clock import DAY, Arrivals, Span, arrivals
from memento.simulate.entities import Graph, entity_keys, graph, habits
from memento.simulate.ids import Stems
from memento.simulate.memories import ALWAYS, NEVER, Memories
from memento.simulate.topics import UNKNOWN, topics
from memento.world.keys import natural
from memento.world.records import NULL_INT
from memento.world.table import Table
from memento.world.world import World

Ints = npt.NDArray[np.int64]


class Past:
    """A world that a story goes on from.

    `settings` are the scenario's; for a world that was not simulated its own projects take the place
    of the scenario's, and its first day that of the scenario's start.
    """

    def __init__(self, settings: Settings, seed: int, stems: Stems, world: World) -> None:
        self.seed, self.stems, self.world = seed, stems, world
        self.simulated = world.manifest.source == "simulated"
        self.settings = settings if self.simulated else adopted(settings, world)
        self.clock = world.manifest.clock
        self.graph = known_graph(self.settings, seed, stems, world)
        self.memories = known_memories(self.graph, world)

    def agenda(self, until: int | None = None) -> tuple[Arrivals, Ints]:
        """The sessions to come, and the topic of each: those that end after the past's clock, up to `until`."""
        span, sessions = Span.of(self.settings), self.world.sessions
        until = span.end if until is None else until
        came = arrivals(self.settings, self.seed, len(self.settings.entities.projects), self.stems)
        later = (came.ended_at > self.clock) & (came.ended_at <= until)
        if not self.simulated:
            later &= came.started_at >= self.clock
        fresh = came.take(later & (sessions.rows(came.id.tolist()) < 0))
        code = {name: number for number, name in enumerate(self.graph.projects)}
        size = len(sessions)
        before = Arrivals(
            id=sessions["id"], key=rng.hashes(sessions["id"].tolist()), started_at=sessions["started_at"],
            ended_at=sessions["ended_at"],
            project=np.array([code.get(name, -1) for name in sessions["project"].tolist()], np.int64),
            traversal=np.zeros(size, bool), week=np.full(size, -1), sequence=np.zeros(size, np.int64),
        )  # fmt: skip
        every = before.joined(fresh)
        mine = every.week >= 0
        told = np.full(len(every), UNKNOWN)
        entity = _rows(self.graph.entities)
        topic_of = dict(zip(sessions["id"].tolist(), sessions["topic"].tolist(), strict=True))
        for row in np.flatnonzero(~mine).tolist():
            topic = entity.get(topic_of[every.id[row]], -1)
            told[row] = topic if topic >= 0 and self.graph.project[topic] == every.project[row] else -1
        return every.take(mine), topics(self.settings, self.seed, self.graph, every, told)[mine]


def adopted(settings: Settings, world: World) -> Settings:
    """A scenario's settings as the law of a world that was not simulated."""
    counts: dict[str, int] = {}
    for table in (world.sessions, world.entities):
        for name in table["project"].tolist():
            counts[name] = counts.get(name, 0) + 1
    names = tuple(sorted(counts, key=lambda name: (-counts[name], name))) or ("",)
    first = int(world.sessions["started_at"].min(initial=world.manifest.clock)) // DAY
    day = np.datetime64(first, "D").astype(str)
    return replace(
        settings,
        entities=replace(settings.entities, projects=names),
        time=replace(settings.time, start=str(day)),
    )


def known_graph(settings: Settings, seed: int, stems: Stems, world: World) -> Graph:
    """The graph of a world's entities, aspects and dependencies; those of the scenario first, in their order."""
    simulated = world.manifest.source == "simulated"
    law = graph(settings, seed, stems) if simulated else None
    number = {} if law is None else _rows(law.entities)
    ids = world.entities["id"].tolist()
    order = sorted(range(len(ids)), key=lambda row: (number.get(ids[row], len(number)), natural(ids[row])))
    entities = world.entities.take(np.array(order, np.int64))
    ids, row_of = entities["id"].tolist(), _rows(entities)
    projects = law.projects if law is not None else settings.entities.projects
    code = {name: place for place, name in enumerate(projects)}
    for name in entities["project"].tolist():
        if name and name not in code:
            code[name] = len(code)
    domain = law.domain if law is not None else domain_of(settings.entities.domain)
    keys = entity_keys(seed, ids)
    others = rng.integers(keys, max(len(number), len(ids), 1), 9)
    rank = np.empty(len(ids), np.int64)
    drawn = rng.permutation(rng.key(seed, "popularity"), len(number)) if number else np.zeros(0, np.int64)
    for row, name in enumerate(ids):
        rank[row] = drawn[number[name]] if name in number else others[row]
    hour, weekday, popularity = habits(settings, keys, rank)
    retired = entities["retired_at"]

    place = {} if law is None else _rows(law.aspects)
    aspects = world.aspects
    names = aspects["id"].tolist()
    order = sorted(range(len(names)), key=lambda row: (place.get(names[row], len(place)), natural(names[row])))
    aspects = aspects.take(np.array([row for row in order if aspects["entity"][row] in row_of], np.int64))
    single: list[list[int]] = [[] for _ in ids]
    several: list[list[int]] = [[] for _ in ids]
    values: list[Choices] = []
    held = _values_by_name(world)
    for row, (entity, name, one) in enumerate(
        zip(*(aspects[field].tolist() for field in ("entity", "name", "single_valued")), strict=True)
    ):
        (single if one else several)[row_of[entity]].append(row)
        term = domain.aspects_by_name.get(name)
        values.append(term.values if term is not None else held.get(name) or product("level ", numbers(1, 99)))
    neighbors: list[list[int]] = [[] for _ in ids]
    links = world.dependencies
    link_ids = links["id"].tolist()
    for row in sorted(range(len(links)), key=lambda row: natural(link_ids[row])):
        a, b = row_of.get(links["source"][row], -1), row_of.get(links["target"][row], -1)
        if min(a, b) >= 0 and a != b:
            for here, there in ((a, b), (b, a)):
                if there not in neighbors[here]:
                    neighbors[here].append(there)
    given = set(world.memories["aspect"].tolist())
    first = set() if law is None else {law.aspects["id"][row] for row in law.founded}
    turns = max(map(len, single), default=0)
    slots = [mine[turn] for turn in range(turns) for mine in single if turn < len(mine)]
    names = aspects["id"].tolist()
    return Graph(
        projects=tuple(code), domain=domain, names=entities["name"].tolist(),
        project=np.array([code.get(name, -1) if name or "" in code else -1 for name in entities["project"].tolist()],
                         np.int64),
        hour=hour, weekday=weekday, popularity=popularity,
        acting=(retired == NULL_INT) | (retired > world.manifest.clock), single=single, several=several,
        founded=[row for row in slots if names[row] in (given if names[row] not in place else first)],
        values=values, neighbors=neighbors, entities=entities, aspects=aspects, dependencies=links,
    )  # fmt: skip


def known_memories(known: Graph, world: World) -> Memories:
    """The memories of a world as the plan holds them, in order of (creation, id)."""
    table = world.memories
    ids, created = table["id"].tolist(), table["created_at"].tolist()
    table = table.take(np.array(sorted(range(len(ids)), key=lambda row: (created[row], ids[row])), np.int64))
    size = len(table)
    entity, aspect = _looked_up(known.entities, table["entity"]), _looked_up(known.aspects, table["aspect"])
    code = {name: number for number, name in enumerate(known.projects)}
    successor = table.rows(table["superseded_by"].tolist())
    when = np.where(successor >= 0, table["created_at"][successor] if size else 0, ALWAYS)
    peaks = {name: np.where(table[name] == NULL_INT, -1, table[name]) for name in ("peak_hour", "peak_weekday")}
    single = np.append(known.single_valued, False)[aspect]
    gone = np.where(table["deleted"], when, NEVER)
    return Memories(
        id=table["id"], key=rng.hashes(table["id"].tolist()), created_at=table["created_at"],
        session=np.full(size, -1), entity=entity,
        project=np.array([code.get(name, -1) for name in table["project"].tolist()], np.int64),
        aspect=aspect, single=single, kind=table["kind"], value=table["value"], text=table["text"],
        length=np.fromiter(map(len, table["text"].tolist()), np.int64, size), importance=table["importance"],
        prior_accesses=table["prior_accesses"], embedded=table["embedded"], pinned=table["pinned"],
        **peaks, fresh=np.zeros(size, bool), gone=gone, retired_at=gone, successor=np.full(size, -1),
    )  # fmt: skip


def _rows(table: Table) -> dict[str, int]:
    return {name: row for row, name in enumerate(table["id"].tolist())}


def _looked_up(table: Table, ids: npt.NDArray[np.object_]) -> Ints:
    rows = _rows(table)
    return np.array([rows.get(name, -1) for name in ids.tolist()], np.int64)


def _values_by_name(world: World) -> dict[str, Choices]:
    """The values that memories hold under aspects of each name."""
    name_of = dict(zip(world.aspects["id"].tolist(), world.aspects["name"].tolist(), strict=True))
    held: dict[str, set[str]] = {}
    for aspect, value in zip(world.memories["aspect"].tolist(), world.memories["value"].tolist(), strict=True):
        if value and aspect in name_of:
            held.setdefault(name_of[aspect], set()).add(value)
    return {name: choices(*sorted(texts)) for name, texts in held.items()}
