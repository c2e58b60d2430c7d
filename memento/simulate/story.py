"""The story of a world, told in numbered steps over a virtual clock.

What is planned comes first: entities, arrivals, the agenda of topics, what is learned when. It hangs
on keyed draws alone; only a topic looks back at the agenda's last one, and a value that replaces
another at the one it replaces. What follows from the plan comes after: who replaces whom,
candidates, accesses, relevance, hits, use, scores and turns. A draw is a function of the seed, the
step and the ids of the records it is for. So when a session or a memory is left out of the plan,
every draw of all other records is what it was; only what follows from the missing one changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from memento.errors import NotFound, UsageError
from memento.patterns import clean, saying
from memento.patterns.facts import Facts
from memento.patterns.facts import of as facts_of
from memento.scenario import Scenario, Settings
from memento.simulate.clock import Arrivals, Span, arrivals
from memento.simulate.entities import Graph, graph
from memento.simulate.ids import Stems
from memento.simulate.memories import Memories, memories
from memento.simulate.past import Past
from memento.simulate.responses import Responses, responses
from memento.simulate.sessions import SOURCES, Offers, offers
from memento.simulate.talk import turns
from memento.simulate.topics import topics
from memento.world.records import NULL_INT, TABLES
from memento.world.table import Table, concat
from memento.world.tree import Delta
from memento.world.world import Manifest, World

SIMULATOR = "memento story 2"
"""Recorded in the manifest; a change of what a seed gives raises the number."""
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """Steps 1 to 4: what is there and what happens, before anything follows from it.

    `sessions` and `topic` are those that this story tells, `memories` all of them; `past` is the world
    that it goes on from, None where it begins.
    """

    scenario: Scenario
    settings: Settings
    seed: int
    graph: Graph
    sessions: Arrivals
    topic: Ints
    memories: Memories
    past: World | None = None

    def without(self, left_out: Collection[str]) -> Plan:
        """The plan without some records, named ``session:ID`` or ``memory:ID``; a session goes with its memories.

        Raises `NotFound` for a record that the plan does not have.
        """
        if not left_out:
            return self
        rows = {f"session:{key}": row for row, key in enumerate(self.sessions.id.tolist())}
        known = rows | {f"memory:{key}": row for row, key in enumerate(self.memories.id.tolist())}
        for name in sorted(left_out):
            if name not in known:
                raise NotFound("record of the plan", name, known)
        keeps = np.ones(len(self.sessions), bool)
        keeps[[rows[name] for name in left_out if name in rows]] = False
        stays = np.array([f"memory:{key}" not in left_out for key in self.memories.id.tolist()], bool)
        stays &= (self.memories.session < 0) | np.append(keeps, True)[self.memories.session]
        place = np.append(np.cumsum(keeps) - 1, -1)
        kept = self.memories.take(stays)
        kept = replace(kept, session=place[kept.session]).linked()
        return replace(self, sessions=self.sessions.take(keeps), topic=self.topic[keeps], memories=kept)


@dataclass(frozen=True)
class Week:
    """One simulated week: a line about it, the instant at which it ends, s UTC, and the records it changed.

    Applied to the tree of the week before (the first to an empty tree) `delta` gives the world as
    it was at that instant.
    """

    message: str
    time: int
    delta: Delta


class Story:
    """One world being told; `plan` and `world` are its two halves.

    With a `past` the story goes on from its clock: what stands in it stays, edits included, and what
    comes later is drawn as it would be in a story told from the start. It ends at `until`, s UTC, or
    with the scenario's last day. A past that was not simulated stays what it is: its sessions keep
    their own projects, and relevance is written down as it is observed.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        without: Collection[str] = (),
        past: World | None = None,
        until: int | None = None,
    ) -> None:
        if not -(2**63) <= seed < 2**63:
            raise UsageError(f"seed {seed} does not fit 64 bits", "give a seed from -2**63 to 2**63 - 1")
        self.plan = plan(scenario, seed, past, until).without(without)
        self.span = Span.of(self.plan.settings)
        self.end = self.span.end if until is None else min(until, self.span.end)
        self.offers = self._candidates()
        self.world = self._world()

    # ── 5: candidates and injection ──────────────────────────────────────────────────────────────

    def _candidates(self) -> Offers:
        p = self.plan
        return offers(p.settings, p.seed, p.graph, p.memories, p.sessions, p.topic)

    # ── 6: accesses and relevance, 7: responses, 8: turns ────────────────────────────────────────

    def _world(self) -> World:
        """All tables. Sessions stand in the world's order from the start, and so do their candidates and turns."""
        p, size = self.plan, len(self.offers.session)
        manifest = self.manifest(self.end)
        graph = {"entities": p.graph.entities, "aspects": p.graph.aspects, "dependencies": p.graph.dependencies}
        known = World.build(manifest, {**(p.past.tables if p.past else graph), "memories": _memory_table(p)})
        silent = Responses.silent(len(p.sessions), size)
        before = self._told(known, silent, Table.empty(TABLES["turns"]))
        self.facts: Facts = facts_of(before)
        if p.past is not None:
            self.facts = self.facts.take(self._fresh(before)[before.candidate_sessions])
        self.relevance = clean(self.facts, p.settings.patterns) if size else np.zeros(0)
        said = responses(p.settings, p.seed, p.sessions, p.memories, self.offers, self.relevance)
        talk = turns(p.settings, p.seed, p.graph, p.sessions, p.topic, p.memories, self.offers, said)
        return self._told(known, said, talk, self.relevance)

    def _told(self, known: World, said: Responses, talk: Table, seen: Floats | None = None) -> World:
        """`known` with its history, whose rows of sessions and memories need not be looked up again.

        `seen` is the relevance to write down where none is planted.
        """
        p, offers = self.plan, self.offers
        sessions, candidates = _session_table(p, said), _candidate_table(p, offers, said)
        if p.past is not None:
            if seen is not None and p.past.manifest.source != "simulated":
                candidates = candidates.replace(relevance=np.rint(seen * 1e6) / 1e6)
            fresh = {"sessions": sessions, "candidates": candidates, "turns": talk}
            grown = {name: concat(TABLES[name], [known.tables[name], made]) for name, made in fresh.items()}
            return World.build(known.manifest, {**known.tables, **grown})
        world = World(known.manifest, {**known.tables, "sessions": sessions, "candidates": candidates, "turns": talk})
        world.candidate_sessions = offers.session
        world.candidate_memories = known.memories.rows(p.memories.id.tolist())[offers.memory]
        return world

    def _fresh(self, world: World) -> npt.NDArray[np.bool_]:
        """Which of a world's sessions this story tells, shape (S,)."""
        fresh = np.zeros(len(world.sessions), bool)
        fresh[world.sessions.rows(self.plan.sessions.id.tolist())] = True
        return fresh

    def manifest(self, clock: int) -> Manifest:
        """The manifest as of an instant, s UTC."""
        p, noise = self.plan, self.plan.settings.noise
        if p.past is not None and p.past.manifest.source != "simulated":
            return replace(p.past.manifest, clock=clock)
        return Manifest(
            source="simulated", scenario=p.scenario.resolved(p.seed).to_map(), seed=p.seed, simulator=SIMULATOR,
            clock=clock, patterns=saying(p.settings.patterns),
            noise={} if noise.distribution == "none" else {"distribution": noise.distribution, "snr_db": noise.snr_db},
        )  # fmt: skip

    def time(self, week: int) -> int:
        """The end of a week, or of the story."""
        return min(self.span.end_of(week), self.end)

    # ── 9: weeks ─────────────────────────────────────────────────────────────────────────────────

    def weeks(self) -> Iterator[Week]:
        """The weeks in order, from the one that holds the past's clock."""
        world, p, last = self.world, self.plan, int(self.span.week_of(np.array(self.end - 1)))
        since = self.span.start if p.past is None else p.past.manifest.clock
        if since >= self.end:
            return
        first = int(self.span.week_of(np.array(since)))
        by_id = {key: row for row, key in enumerate(p.memories.id.tolist())}
        row = np.array([by_id[key] for key in world.memories["id"].tolist()], np.int64)
        of_week = np.where(p.memories.session < 0, 0, self.span.week_of(p.memories.created_at - 1))
        of_week = np.where(p.memories.fresh, of_week, -1)
        born = of_week[row]
        successor = p.memories.successor[row]
        gone = np.where(successor >= 0, of_week[successor], last + 1)
        session_week = self.span.week_of(world.sessions["ended_at"] - 1)
        if p.past is not None:
            session_week[~self._fresh(world)] = -1
        turn_week = session_week[world.sessions.rows(world.turns["session"].tolist())]
        candidate_week = session_week[world.candidate_sessions]
        for week in range(first, last + 1):
            touched = world.memories.take((born == week) | ((gone == week) & (born < week)))
            later = gone[(born == week) | ((gone == week) & (born < week))] > week
            upserts = {
                "memories": touched.replace(
                    deleted=touched["deleted"] & ~later, superseded_by=np.where(later, "", touched["superseded_by"])
                ),
                "sessions": world.sessions.take(session_week == week),
                "turns": world.turns.take(turn_week == week),
                "candidates": world.candidates.take(candidate_week == week),
            }
            if p.past is None and week == 0:
                upserts |= {name: world.tables[name] for name in ("entities", "aspects", "dependencies")}
            new = int(np.count_nonzero((p.memories.session >= 0) & (of_week == week)))
            sessions = _counted(len(upserts["sessions"]), "session", "sessions")
            memories_ = _counted(new, "new memory", "new memories")
            of = f"week {week + 1} of {self.span.weeks}"
            message = f"{p.scenario.name or 'world'}: {of} ({sessions}, {memories_})"
            filled = {name: table for name, table in upserts.items() if len(table)}
            yield Week(message, self.time(week), Delta(filled, manifest=self.manifest(self.time(week))))


def plan(scenario: Scenario, seed: int, past: World | None = None, until: int | None = None) -> Plan:
    """1: the parameters of this world. 2: entities. 3: arrivals and topics. 4: memories."""
    settings, stems = scenario.settings(seed), Stems(seed)
    if past is not None:
        before = Past(settings, seed, stems, past)
        sessions, topic = before.agenda(until)
        learned = memories(before.settings, seed, before.graph, sessions, topic, stems, before.memories, before.clock)
        return Plan(scenario, before.settings, seed, before.graph, sessions, topic, learned, past)
    known = graph(settings, seed, stems)
    sessions = arrivals(settings, seed, len(known.projects), stems)
    topic = topics(settings, seed, known, sessions)
    return Plan(
        scenario, settings, seed, known, sessions, topic, memories(settings, seed, known, sessions, topic, stems)
    )


def _memory_table(p: Plan) -> Table:
    successor = np.append(p.memories.id, "")[p.memories.successor]
    m, before = p.memories, Table.empty(TABLES["memories"])
    retired = m.successor >= 0
    if p.past is not None:
        before = p.past.memories
        known = dict(zip(m.id.tolist(), successor.tolist(), strict=True))
        newer = np.array([known[key] for key in before["id"].tolist()], object)
        gone = newer != ""
        before = before.replace(
            deleted=before["deleted"] | gone, superseded_by=np.where(gone, newer, before["superseded_by"])
        )
        m, retired, successor = m.take(m.fresh), retired[m.fresh], successor[m.fresh]
    entity, project = p.graph.entities["id"], p.graph.entities["project"]
    origin = np.append(p.sessions.id, "")[m.session]
    made = Table.from_columns(TABLES["memories"], {
        "id": m.id, "text": m.text, "kind": m.kind, "entity": entity[m.entity],
        "aspect": p.graph.aspects["id"][m.aspect], "value": m.value, "project": project[m.entity],
        "importance": m.importance, "created_at": m.created_at, "prior_accesses": m.prior_accesses,
        "embedded": m.embedded, "pinned": m.pinned, "deleted": retired, "superseded_by": successor,
        "peak_hour": np.where(m.peak_hour < 0, NULL_INT, m.peak_hour),
        "peak_weekday": np.where(m.peak_weekday < 0, NULL_INT, m.peak_weekday), "origin": origin,
    })  # fmt: skip
    return concat(TABLES["memories"], [before, made]) if len(before) else made


def _session_table(p: Plan, said: Responses) -> Table:
    s = p.sessions
    return Table.from_columns(TABLES["sessions"], {
        "id": s.id, "started_at": s.started_at, "ended_at": s.ended_at,
        "project": _named(p.graph.projects, s.project), "topic": np.append(p.graph.entities["id"], "")[p.topic],
        "mode": _named(("plain", "traversal"), s.traversal.astype(np.int64)), "score": said.score,
        "confidence": said.confidence, "novel_context_count": said.novel,
    })  # fmt: skip


def _candidate_table(p: Plan, offers: Offers, said: Responses) -> Table:
    return Table.from_columns(TABLES["candidates"], {
        "session": p.sessions.id[offers.session], "memory": p.memories.id[offers.memory],
        "source": _named(SOURCES, offers.source.astype(np.int64)), "rank": offers.rank,
        "injected": offers.injected, "used": said.used, "fts_hits": said.hits,
    })  # fmt: skip


def _named(names: tuple[str, ...], codes: Ints) -> npt.NDArray[np.object_]:
    return np.array(names, object)[codes]


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
