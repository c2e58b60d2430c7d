"""What there is to know about: entities, their aspects, and the graph between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.language.choices import Choices
from memento.language.lexicon import Domain
from memento.language.lexicon import domain as domain_of
from memento.scenario import Settings
from memento.simulate.clock import DAY, Span
from memento.simulate.ids import Stems
from memento.world.records import NULL_INT, TABLES
from memento.world.table import Table

Ints = npt.NDArray[np.int64]
STRIDE = 64
"""Sequence numbers set apart for the aspects, and for the edges, of one entity."""
_KEPT = 0.8
FOUNDING_SHARE = 0.4
"""Largest share of the first pool that gives single-valued aspects their first value."""


@dataclass(frozen=True)
class Graph:
    """Entities as arrays of shape (E,) and their parts as lists by entity.

    `project` is -1 for none; `hour` and `weekday` are when an entity is most often the topic; `acting`
    whether it is a topic at all, not being retired; `single` and `several` are the rows of its
    single-valued and of its other aspects in `aspects`, and `founded` those rows that the first pool
    gives a value; `values` are the values of each aspect row; `neighbors` the entities one edge away,
    nearest first.
    """

    projects: tuple[str, ...]
    domain: Domain
    names: list[str]
    project: Ints
    hour: npt.NDArray[np.float64]
    weekday: Ints
    popularity: npt.NDArray[np.float64]
    acting: npt.NDArray[np.bool_]
    single: list[list[int]]
    several: list[list[int]]
    founded: list[int]
    values: list[Choices]
    neighbors: list[list[int]]
    entities: Table
    aspects: Table
    dependencies: Table

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def members(self) -> list[Ints]:
        """The entities of each project that act."""
        return [np.flatnonzero((self.project == number) & self.acting) for number in range(len(self.projects))]

    @cached_property
    def owner(self) -> Ints:
        """The entity of each aspect row."""
        owner = np.empty(len(self.values), np.int64)
        for entity, (single, several) in enumerate(zip(self.single, self.several, strict=True)):
            owner[single + several] = entity
        return owner

    @cached_property
    def single_valued(self) -> npt.NDArray[np.bool_]:
        """Whether each aspect row is single-valued."""
        return np.asarray(self.aspects["single_valued"], bool)


def graph(settings: Settings, seed: int, stems: Stems) -> Graph:
    """The entities, aspects and dependencies of a scenario."""
    law = settings.entities
    size = law.count
    domain = domain_of(law.domain)
    projects = law.projects[:size]
    ids = [f"{stems('entity')}-{number}" for number in range(size)]
    keys = entity_keys(seed, ids)
    offered = _aspect_names(domain, law.aspects, size)
    kinds = list(offered)
    kind = rng.choice(keys, 1.0 / np.arange(1, len(kinds) + 1), 0)
    project = np.where(
        np.arange(size) < len(projects), np.arange(size), rng.choice(keys, 1.0 / np.arange(1, len(projects) + 1), 1)
    )
    names, counts = [], dict.fromkeys(kinds, 0)
    for number in range(size):
        name = kinds[kind[number]]
        names.append(domain.names(name).draw(rng.key(seed, "names", name), counts[name]))
        counts[name] += 1
    rank = rng.permutation(rng.key(seed, "popularity"), size)
    start = Span.of(settings).start - int((settings.memories.history_days + 1.0) * DAY)
    entities = {
        "id": ids, "name": names, "kind": [kinds[k] for k in kind], "project": [projects[p] for p in project],
        "created_at": np.full(size, start), "retired_at": np.full(size, NULL_INT),
    }  # fmt: skip
    single, several, values, aspects = _aspects(domain, offered, [kinds[k] for k in kind], ids, seed, stems)
    neighbors, dependencies = _dependencies(settings, domain, kinds, kind, project, ids, keys, stems)
    hour, weekday, popularity = habits(settings, keys, rank)
    turns = max(map(len, single), default=0)
    founded = [mine[place] for place in range(turns) for mine in single if place < len(mine)]
    return Graph(
        projects=projects, domain=domain, names=names, project=project, hour=hour, weekday=weekday,
        popularity=popularity, acting=np.ones(size, bool), single=single, several=several,
        founded=founded[: int(FOUNDING_SHARE * settings.memories.count)], values=values, neighbors=neighbors,
        entities=Table.from_columns(TABLES["entities"], entities), aspects=aspects, dependencies=dependencies,
    )  # fmt: skip


def entity_keys(seed: int, ids: Sequence[str]) -> npt.NDArray[np.uint64]:
    """The keys under which entities draw, shape (E,)."""
    return rng.pair_keys(rng.key(seed, "entity"), rng.hashes(ids))


def habits(
    settings: Settings, keys: npt.NDArray[np.uint64], rank: Ints
) -> tuple[npt.NDArray[np.float64], Ints, npt.NDArray[np.float64]]:
    """When entities are most often topics, their hours and weekdays, and how popular each rank is; shapes (E,)."""
    law = settings.sessions
    return (
        rng.mixture(keys, law.hour_means, law.hour_sds, law.hour_weights, 2) % 24.0,
        rng.choice(keys, np.asarray(law.weekday_activity) + 1e-9, 3),
        rng.exp(-settings.topics.popularity * rng.log(rank + 1.0)),
    )


def _aspect_names(domain: Domain, count: int, entities: int) -> dict[str, list[str]]:
    """The aspects that entities of each kind may have: kind -> names, `count` distinct ones where there are so many.

    Every kind has a single-valued aspect and another, so that its facts can both change and add up.
    """
    both = [kind for kind in domain.kinds if {term.single_valued for term in domain.aspects(kind)} == {True, False}]
    queues = {}
    for kind in both[: max(1, min(count // 2, entities))]:
        terms = domain.aspects(kind)
        first = [next(t.name for t in terms if t.single_valued), next(t.name for t in terms if not t.single_valued)]
        queues[kind] = first + [t.name for t in terms if t.name not in first]
    chosen: dict[str, None] = {}
    for place in range(max(map(len, queues.values()))):
        for queue in queues.values():
            if place < len(queue) and (place < 2 or len(chosen) < count):
                chosen[queue[place]] = None
    return {kind: [name for name in queue if name in chosen] for kind, queue in queues.items()}


def _aspects(
    domain: Domain, offered: dict[str, list[str]], kinds: Sequence[str], ids: list[str], seed: int, stems: Stems
) -> tuple[list[list[int]], list[list[int]], list[Choices], Table]:
    single: list[list[int]] = []
    several: list[list[int]] = []
    values: list[Choices] = []
    columns: dict[str, list[object]] = {name: [] for name in ("id", "entity", "name", "single_valued", "weight")}
    for number, (kind, entity) in enumerate(zip(kinds, ids, strict=True)):
        names = offered[kind]
        keys = rng.keys(rng.key(seed, "aspect", entity), names)
        kept = rng.bernoulli(keys, _KEPT)
        weight = np.rint((0.5 + rng.uniform(keys, 1)) * 100.0) / 100.0
        mine: tuple[list[int], list[int]] = ([], [])
        for place, name in enumerate(names):
            if place >= 2 and not kept[place]:
                continue
            term = domain.aspects_by_name[name]
            mine[not term.single_valued].append(len(values))
            values.append(term.values)
            row = (
                f"{stems('aspect')}-{number * STRIDE + place}",
                entity,
                name,
                term.single_valued,
                float(weight[place]),
            )
            for column, item in zip(columns.values(), row, strict=True):
                column.append(item)
        single.append(mine[0])
        several.append(mine[1])
    return single, several, values, Table.from_columns(TABLES["aspects"], columns)


def _dependencies(
    settings: Settings,
    domain: Domain,
    kinds: list[str],
    kind: Ints,
    project: Ints,
    ids: list[str],
    keys: npt.NDArray[np.uint64],
    stems: Stems,
) -> tuple[list[list[int]], Table]:
    """Edges along the domain's kinds, within a project where it has a fitting entity."""
    size = len(ids)
    counts = rng.poisson(keys, settings.entities.dependencies_mean, 4)
    members: dict[tuple[int, int], list[int]] = {}
    for row, place in enumerate(zip(kind.tolist(), project.tolist(), strict=True)):
        members.setdefault(place, []).append(row)
        members.setdefault((place[0], -1), []).append(row)
    edges = [(kinds.index(a), name, kinds.index(b)) for a, name, b in domain.dependencies if a in kinds and b in kinds]
    neighbors: list[list[int]] = [[] for _ in ids]
    columns: dict[str, list[object]] = {name: [] for name in ("id", "source", "target", "kind", "weight")}
    for row in range(size):
        fitting = [(name, target) for source, name, target in edges if source == kind[row]]
        seen: set[tuple[str, int]] = set()
        for number in range(min(int(counts[row]), STRIDE) if fitting else 0):
            state = rng.pair_keys(keys[row : row + 1], np.array([number], np.uint64))
            name, target_kind = fitting[int(rng.integers(state, len(fitting), 0)[0])]
            pool = members.get(
                (target_kind, int(project[row])) if rng.uniform(state, 1)[0] < _KEPT else (target_kind, -1)
            )
            pool = pool or members.get((target_kind, -1), [])
            target = pool[int(rng.integers(state, len(pool), 2)[0])] if pool else row
            if target == row or (name, target) in seen:
                continue
            seen.add((name, target))
            weight = float(np.rint((0.25 + 0.75 * rng.uniform(state, 3)[0]) * 100.0) / 100.0)
            edge = (f"{stems('dependency')}-{row * STRIDE + number}", ids[row], ids[target], name, weight)
            for column, item in zip(columns.values(), edge, strict=True):
                column.append(item)
            for here, there in ((row, target), (target, row)):
                if there not in neighbors[here]:
                    neighbors[here].append(there)
    return neighbors, Table.from_columns(TABLES["dependencies"], columns)
