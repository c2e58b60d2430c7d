"""EntiGraph: pairs and triples of entities become sessions and memories that speak of both.

The original rewrites a corpus by asking for the relation of every pair and triple of its entities (Yang et al. 2024,
arXiv 2409.07431). Here the corpus is a world: a pair (E, F) gives sessions about E in which memories of F matter, about
F in which those of E do, and a memory that says how they stand to one another, at hours and weekdays spread evenly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from itertools import count as count_from
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.language.grammar import Grammar
from memento.vary.facts import Speech, domain_of
from memento.world.records import TABLES
from memento.world.table import Table, concat
from memento.world.world import World

DAY = 86_400
EMPHASES = ("first", "second", "both")
RELATIONS = (
    "{e} and {f} belong together: what changes in one shows in the other",
    "whoever works on {e} should know {f}",
    "{e} comes before {f} in almost every case",
    "questions about {e} are often questions about {f}",
    "{f} explains a good part of what happens to {e}",
    "for {e} the thing to watch is {f}",
)
_CANDIDATES = 20
_LISTED = 1_000_000
"""Groups that are put into order one by one; of more, some are drawn."""
_HOURS = (7, 10, 13, 16, 19, 22)
_STEP = 5 * 3600


@dataclass(frozen=True)
class Expansion:
    """What was made: the world, and how many templates there were and were used."""

    world: World
    pairs: int
    triples: int
    templates: int


def templates(entities: int) -> int:
    """How many pairs and triples some entities have: n (n - 1) / 2 + n (n - 1) (n - 2) / 6."""
    return comb(entities, 2) + comb(entities, 3)


def expand(world: World, pairs: int, triples: int, seed: int = 0) -> Expansion:
    """The world with sessions and memories for so many pairs and triples of its entities, in an order drawn by key.

    Each gives a session for each emphasis and one memory of how its entities stand to one another; those that the world
    has already under this seed are passed over. Raises `UsageError` for a world with fewer than two entities that have
    memories, and where nothing is left to make.
    """
    remembered = set(world.memories["entity"].tolist())
    have = [e for e in world.entities["id"].tolist() if e in remembered]
    if len(have) < 2:
        raise UsageError("an expansion needs two entities with memories", "generate or import a world that has some")
    key = rng.key(seed, "entigraph")
    writer = _Writer(world, key)
    chosen = [
        *some_groups(have, 2, pairs, key, writer.has_written), *some_groups(have, 3, triples, key, writer.has_written)
    ]  # fmt: skip
    if not chosen:
        raise UsageError(
            "there is nothing to make: no pair or triple is asked for, or left",
            "take more --pairs or --triples, or another --seed",
        )
    for number, group in enumerate(chosen):
        writer.write(group, number)
    size = sum(len(group) == 2 for group in chosen)
    return Expansion(writer.world(), size, len(chosen) - size, templates(len(have)))


def some_groups(
    ids: Sequence[str], size: int, count: int, key: int, known: Callable[[tuple[str, ...]], bool] = lambda group: False
) -> list[tuple[str, ...]]:
    """`count` groups of entities that are not `known`, in an order that the key decides; all where there are fewer."""
    if count <= 0 or len(ids) < size:
        return []
    found: list[tuple[str, ...]] = []
    for group in _listed(ids, size, key) if comb(len(ids), size) <= _LISTED else _drawn(ids, size, key):
        if not known(group):
            found.append(group)
            if len(found) == count:
                break
    return found


def _listed(ids: Sequence[str], size: int, key: int) -> Iterator[tuple[str, ...]]:
    """Every group, in the order of its draw."""
    every = list(combinations(range(len(ids)), size))
    draws = rng.uniform(rng.keys(rng.key(key, "groups", size), ["|".join(ids[i] for i in group) for group in every]))
    for place in np.argsort(draws, kind="stable").tolist():
        yield tuple(ids[i] for i in every[place])


def _drawn(ids: Sequence[str], size: int, key: int) -> Iterator[tuple[str, ...]]:
    """Groups drawn one after the other, each once: there are too many to list them."""
    seen: set[tuple[int, ...]] = set()
    for number in count_from(0):
        drawn = rng.integers(
            rng.pair_keys(rng.key(key, "drawn", size, number), np.arange(size, dtype=np.uint64)), len(ids)
        )
        group = tuple(sorted(set(drawn.tolist())))
        if len(group) == size and group not in seen:
            seen.add(group)
            yield tuple(ids[i] for i in group)


class _Writer:
    """Writes the records of one expansion."""

    def __init__(self, world: World, key: int) -> None:
        self.before, self.key = world, key
        self.speech, self.grammar = Speech(world), Grammar(domain_of(world))
        self.start = (world.manifest.clock // DAY + 1) * DAY
        self.sessions: list[dict[str, Any]] = []
        self.turns: list[dict[str, Any]] = []
        self.candidates: list[dict[str, Any]] = []
        self.memories: list[dict[str, Any]] = []
        memories = world.memories
        self.of_entity: dict[str, list[int]] = {}
        live = ~memories["deleted"]
        for row in np.flatnonzero(live).tolist():
            self.of_entity.setdefault(memories["entity"][row], []).append(row)
        self.project = dict(zip(world.entities["id"].tolist(), world.entities["project"].tolist(), strict=True))
        self.others = np.flatnonzero(live)
        self.observed = bool(np.any(~np.isnan(world.candidates["relevance"])))

    def has_written(self, group: tuple[str, ...]) -> bool:
        """Whether the world has the memory of this pair or triple already."""
        return self._mark(group) in self.before.memories.row_of

    def _mark(self, group: tuple[str, ...]) -> str:
        return f"eg-{rng.key(self.key, *group) & 0xFFFFFFFF:08x}"

    def write(self, group: tuple[str, ...], number: int) -> None:
        """The sessions and the memory of one pair or triple."""
        key = rng.key(self.key, *group)
        names = [self.speech.entity[entity] for entity in group]
        text = RELATIONS[key % len(RELATIONS)].replace("{e}", names[0]).replace("{f}", " and ".join(names[1:]))
        text = f"{text[0].upper()}{text[1:]}."
        made = self._mark(group)
        created = self._time(3 * number)
        self.memories.append({
            "id": made, "text": text, "kind": "episode", "entity": group[0], "project": self.project[group[0]],
            "importance": 0.6, "created_at": created, "origin": f"entigraph {' '.join(group)}",
        })  # fmt: skip
        for place, emphasis in enumerate(EMPHASES[:2] if len(group) == 2 else EMPHASES):
            topic = group[place % len(group)]
            self._session(
                f"{made}-{place}", topic, group, emphasis, made, text, 3 * number + place + 1, rng.key(key, place)
            )

    def _time(self, number: int) -> int:
        """When the n-th thing happens, s UTC: hours and weekdays come up evenly."""
        day, hour = divmod(number, len(_HOURS))
        return self.start + day * DAY + _HOURS[hour] * 3600

    def _session(
        self,
        session: str,
        topic: str,
        group: tuple[str, ...],
        emphasis: str,
        made: str,
        text: str,
        number: int,
        key: int,
    ) -> None:
        memories = self.before.memories
        started = self._time(number) + 60
        about = [entity for entity in group if entity == topic or emphasis == "both"]
        wanted = [row for entity in dict.fromkeys([*about, *group]) for row in self.of_entity.get(entity, ())][
            : _CANDIDATES // 2
        ]
        rest = self.others[np.argsort(rng.uniform(rng.keys(key, memories["id"][self.others].tolist())), kind="stable")]
        rows = list(dict.fromkeys([*wanted, *rest.tolist()]))[: _CANDIDATES - 1]
        used = set(wanted[:2])
        self.sessions.append({
            "id": session, "started_at": started, "ended_at": started + 1200, "project": self.project[topic],
            "topic": topic, "mode": "traversal", "score": 0.8, "confidence": 0.8,
        })  # fmt: skip
        offered = [(made, True), *((memories["id"][row], row in used) for row in rows)]
        for rank, (memory, uses) in enumerate(offered):
            self.candidates.append({
                "session": session, "memory": memory, "rank": rank, "source": "ka_traversal", "injected": rank < 6,
                "used": uses and rank < 6, "relevance": float(uses and rank < 6) if self.observed else None,
            })  # fmt: skip
        facts = [self.speech.fact(row) for row in wanted[:2]]
        said = self.grammar.turns(key, self.speech.entity[topic], facts, "solved")
        parent = ""
        for place, turn in enumerate(said):
            words, cites = turn.text, list(turn.cites)
            if place == 1:
                words, cites = f"{words} {text}", [*cites, made]
            name = f"{session}.{place}"
            shown = {cite for cite, uses in offered[:6] if uses}
            self.turns.append({
                "id": name, "session": session, "parent": parent or None, "role": turn.role, "text": words,
                "cites": tuple(sorted(cite for cite in cites if cite in shown)),
            })  # fmt: skip
            parent = name

    def world(self) -> World:
        """The world with all that was written; its clock is the last session's end."""
        tables = dict(self.before.tables)
        for name in ("memories", "sessions", "turns", "candidates"):
            fresh = Table.from_records(TABLES[name], [self._whole(name, record) for record in getattr(self, name)])
            tables[name] = concat(TABLES[name], [tables[name], fresh])
        clock = max([self.before.manifest.clock, *(session["ended_at"] for session in self.sessions)])
        return World.build(replace(self.before.manifest, clock=clock), tables)

    def _whole(self, name: str, record: dict[str, Any]) -> dict[str, Any]:
        return {field.name: record.get(field.name, field.default) for field in TABLES[name].fields}


# ── the scaling model ────────────────────────────────────────────────────────────────────────────


def density(nodes: int, degree: float, steps: Sequence[int], seed: int = 0) -> tuple[list[float], float]:
    """The toy model: the density of links after so many steps, and the density of what can be reached.

    `nodes` nodes have each directed source edge with probability degree / nodes. A step draws (x, y); where y can be
    reached from x, x gets links to every node on the path that breadth-first search finds.
    """
    draws = rng.uniform(rng.pair_keys(rng.key(seed, "edges"), np.arange(nodes * nodes, dtype=np.uint64)))
    edges = (draws < degree / nodes).reshape(nodes, nodes)
    np.fill_diagonal(edges, False)
    parents = _parents(edges)
    reachable = parents >= 0
    links = edges.copy()
    total = max(steps)
    xy = rng.integers(rng.pair_keys(rng.key(seed, "steps"), np.arange(2 * total, dtype=np.uint64)), nodes).tolist()
    wanted, found = set(steps), {0: float(links.mean())} if 0 in steps else {}
    for step in range(1, total + 1):
        x, y = xy[2 * step - 2], xy[2 * step - 1]
        while x != y and reachable[x, y]:
            links[x, y] = True
            y = int(parents[x, y])
        if step in wanted:
            found[step] = float(links.mean())
    return [found[step] for step in steps], float((reachable & ~np.eye(nodes, dtype=bool)).mean())


def _parents(edges: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The node before each on the breadth-first path from each, (V, V); -1 where there is none."""
    size = len(edges)
    out = [np.flatnonzero(row).tolist() for row in edges]
    found = np.full((size, size), -1)
    for start in range(size):
        queue, seen = [start], {start}
        for node in queue:
            for other in out[node]:
                if other not in seen:
                    seen.add(other)
                    found[start, other] = node
                    queue.append(other)
    return found


def limit(degree: float) -> float:
    """The theory's plateau ``(1 - rho)^2``, where rho is the least solution of ``rho = exp(degree (rho - 1))``."""
    rho = 0.0
    for _ in range(10_000):
        rho = float(np.exp(degree * (rho - 1.0)))
    return (1.0 - rho) ** 2
