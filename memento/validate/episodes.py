"""Fresh sessions inside a world's own family, built to ask one question each.

An episode takes its clock from a real session, its words and embeddings from real memories and
turns, and sets everything else (age, accesses, importance) to what the question needs. Episodes
become a world of their own and go through `render`, so a canary sees exactly the columns that
training saw. No episode was ever trained on: its memories and sessions have ids that no world has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns import from_manifest
from memento.patterns.facts import calendar
from memento.patterns.history import gaps, retirements
from memento.patterns.temporal import TemporalCycle
from memento.render.rendering import Rendering, Spec, render
from memento.world.records import NULL_INT, TABLES
from memento.world.table import Table, concat
from memento.world.world import Manifest, World

DAY = 86_400
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Draw:
    """Keyed draws in a row: the same path gives the same draws on every machine."""

    def __init__(self, seed: int, *path: str | int) -> None:
        self.key = rng.key(seed, *path)
        self.counter = 0

    def _next(self) -> int:
        self.counter += 1
        return int(rng.bits(self.key, self.counter)[()])

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number in [low, high)."""
        return low + (high - low) * float(rng.uniform(self._next())[()])

    def one(self, values: Sequence[Any] | npt.NDArray[Any]) -> Any:
        """One of `values`."""
        return values[int(self.uniform() * len(values))]

    def some(self, values: Ints, count: int) -> list[int]:
        """`count` of `values`, all different as far as there are enough, else again from the start."""
        taken: list[int] = []
        while len(taken) < count and len(values):
            order = rng.permutation(self._next(), len(values))
            taken += [int(values[place]) for place in order[: count - len(taken)]]
        return taken


@dataclass
class Source:
    """What a world offers for episodes: clocks, topics with their words, memories with their peaks.

    `seen` are hashes of the ids of sessions that the scorer was trained on: a memory serves only if
    one of them offered it and nothing has replaced it since, since nobody can know what they never met,
    and a topic opens with words of other sessions where there are some. Without any, all sessions count.
    """

    world: World
    seen: npt.NDArray[np.uint64] | None = None
    hours: Ints = field(init=False)
    weekdays: Ints = field(init=False)
    gap_days: Floats = field(init=False)
    recent: Ints = field(init=False)
    known: Flags = field(init=False)
    openings: dict[str, list[str]] = field(init=False)
    usable: Ints = field(init=False)
    of_entity: dict[str, Ints] = field(init=False)

    def __post_init__(self) -> None:
        world = self.world
        sessions, memories = world.sessions, world.memories
        moment = calendar(sessions["ended_at"])
        self.hours, self.weekdays = moment.hour.astype(np.int64), moment.weekday.astype(np.int64)
        self.gap_days = gaps(world)
        by_time = np.argsort(sessions["ended_at"], kind="stable")
        self.recent = by_time[len(by_time) // 2 :]
        self.temporal = next((p for p in from_manifest(world.manifest.patterns) if isinstance(p, TemporalCycle)), None)
        self.peak_hour = np.where(memories["peak_hour"] == NULL_INT, -1, memories["peak_hour"])
        self.peak_weekday = np.where(memories["peak_weekday"] == NULL_INT, -1, memories["peak_weekday"])
        self.known = np.ones(len(sessions), bool)
        if self.seen is not None and len(self.seen):
            met = np.isin(rng.hashes(sessions["id"].tolist()), self.seen)
            self.known = met if met.any() else self.known
        rows = world.candidate_memories
        here = (rows >= 0) & self.known[world.candidate_sessions]
        offered = np.bincount(rows[here], minlength=len(memories)) > 0
        has_entity = memories["entity"] != ""
        current = ~retirements(world)[0] & (memories["kind"] != "constraint")
        self.usable = np.flatnonzero(has_entity & memories["embedded"] & offered & current)
        entities = memories["entity"]
        self.of_entity = {
            str(name): self.usable[entities[self.usable] == name]
            for name in dict.fromkeys(entities[self.usable].tolist())
        }
        first: dict[str, str] = {}
        turns = world.turns
        for session, role, text in zip(
            turns["session"].tolist(), turns["role"].tolist(), turns["text"].tolist(), strict=True
        ):
            if role == "user" and session not in first:
                first[session] = text
        self.openings = {}
        fresh = ~self.known
        for wanted in (fresh, ~fresh):
            heard = set(self.openings)
            for row in np.flatnonzero(wanted).tolist():
                topic = sessions["topic"][row]
                if topic and topic not in heard:
                    self.openings.setdefault(topic, []).append(first.get(sessions["id"][row], ""))

    def past(self, spec: Spec) -> Rendering:
        """The sessions that the scorer was trained on, with the labels that it was told."""
        rendering = render(self.world, spec)
        ids = np.array(self.world.sessions["id"][self.known], object)
        return rendering.select(np.flatnonzero(np.isin(np.array(rendering.session_ids, object), ids)))

    @cached_property
    def replacements(self) -> list[tuple[int, int]]:
        """Rows of memories that were replaced, each with the row of its replacement, both embedded.

        The replacement still stands; where known sessions offered replaced memories after that, it is only those.
        """
        world, memories = self.world, self.world.memories
        rows, embedded, (replaced, since) = memories.row_of, memories["embedded"], retirements(world)
        pairs = [
            (row, rows[newer])
            for row, newer in enumerate(memories["superseded_by"].tolist())
            if newer in rows and embedded[row] and embedded[rows[newer]] and not replaced[rows[newer]]
        ]
        offers, at = world.candidate_memories, world.candidate_sessions
        shown = (offers >= 0) & self.known[at]
        shown[shown] = replaced[offers[shown]] & (since[offers[shown]] < world.sessions["ended_at"][at[shown]])
        met = np.isin([old for old, _ in pairs], offers[shown])
        return [pair for pair, known in zip(pairs, met.tolist()) if known] if met.any() else pairs

    @property
    def gap_matters(self) -> bool:
        """Whether a planted rule hangs on the time since the project's last session."""
        return any(name in self.world.manifest.patterns for name in ("gap", "conjunction"))

    @cached_property
    def short_gaps(self) -> Floats:
        """The shortest third of the gaps between sessions of a project, days."""
        known = np.sort(self.gap_days[self.gap_days > 0])
        return known[: max(1, len(known) // 3)] if len(known) else np.zeros(1)

    @cached_property
    def long_gaps(self) -> Floats:
        """The longest tenth of the gaps between sessions of a project, days."""
        known = np.sort(self.gap_days[self.gap_days > 0])
        return known[-max(1, len(known) // 10) :] if len(known) else np.zeros(1)

    @property
    def topics(self) -> list[str]:
        """Entities that real sessions were about and real memories are about, in order."""
        return sorted(name for name in self.openings if name in self.of_entity)

    def matching(self, rows: Ints, hour: int, weekday: int) -> Flags:
        """Whether memories matter at an hour and weekday by the planted cycle, shape of `rows`."""
        if self.temporal is None:
            return np.zeros(len(rows), bool)
        facts: Any = SimpleNamespace(
            hour=np.int64(hour),
            weekday=np.int64(weekday),
            peak_hour=self.peak_hour[rows],
            peak_weekday=self.peak_weekday[rows],
        )
        return self.temporal.matches(facts)

    def seen_at_peak(self) -> Ints:
        """How many known sessions offered each memory while its cycle matched, shape (M,)."""
        world = self.world
        rows, at = world.candidate_memories, world.candidate_sessions
        counts = np.zeros(len(world.memories), np.int64)
        if self.temporal is None:
            return counts
        facts: Any = SimpleNamespace(
            hour=self.hours[at],
            weekday=self.weekdays[at],
            peak_hour=self.peak_hour[rows],
            peak_weekday=self.peak_weekday[rows],
        )
        np.add.at(counts, rows[self.temporal.matches(facts) & (rows >= 0) & self.known[at]], 1)
        return counts


class Stage:
    """Collects episodes; `scene` renders them all at once."""

    def __init__(self, source: Source, name: str) -> None:
        self.source = source
        self.name = name
        self.ids: list[str] = []
        self._told: list[tuple[str, int, float, str]] = []
        self.sessions: list[dict[str, Any]] = []
        self.turns: list[dict[str, Any]] = []
        self.rows: list[int] = []
        self.changes: list[dict[str, Any]] = []
        self.candidates: list[tuple[int, int]] = []

    def session(
        self, draw: Draw, topic: str, at: int, hour: int | None = None, gap: float | None = None, days: int = 0
    ) -> int:
        """A session about `topic` on the clock of the real session in row `at`; its number.

        `hour` and `gap`, days since the project's last session, are the real session's unless given; `days` shifts
        its date. Every session has a project of its own, so that no episode is another's predecessor. Where a rule
        of the world hangs on a short gap, a session whose gap is not given has one of the long ones.
        """
        real = self.source.world.sessions
        ended = int(real["ended_at"][at])
        hour = int(self.source.hours[at]) if hour is None else hour
        if gap is None:
            gap = float(draw.one(self.source.long_gaps) if self.source.gap_matters else self.source.gap_days[at])
        ended = (ended // DAY + days) * DAY + hour * 3600 + int(draw.uniform(0, 3600))
        opening = draw.one(self.source.openings[topic]) if self.source.openings.get(topic) else ""
        return self._add(topic, ended, gap, opening)

    def twin(self, session: int, hour: int | None = None, gap: float | None = None, days: int = 0) -> int:
        """The same session, word for word and at the same minute, but for its hour, gap or date; its number."""
        topic, ended, before, opening = self._told[session]
        instant = ended % 3600 + 3600 * (ended % DAY // 3600 if hour is None else hour)
        return self._add(topic, (ended // DAY + days) * DAY + instant, before if gap is None else gap, opening)

    def _add(self, topic: str, ended: int, gap: float, opening: str) -> int:
        number = len(self._told)
        identity = f"canary-{self.name}-{number}"
        self._told.append((topic, ended, gap, opening))
        self.ids.append(identity)
        times = [(identity, ended, topic)]
        if gap > 0:
            times.append((f"{identity}-before", ended - max(1, round(gap * DAY)), ""))
        for name, end, about in times:
            self.sessions.append(
                {"id": name, "started_at": end - 1200, "ended_at": end, "project": identity, "topic": about}
            )
        if opening:
            self.turns.append({"id": f"{identity}.0", "session": identity, "role": "user", "text": opening})
        return number

    def offer(self, session: int, row: int, age_days: float, accesses: int, **changes: Any) -> int:
        """A copy of the real memory in `row`, `age_days` old, offered to a session; the copy's number."""
        number = len(self.rows)
        created = self._told[session][1] - round(age_days * DAY)
        self.rows.append(row)
        self.changes.append({"created_at": created, "prior_accesses": accesses, **changes})
        self.candidates.append((session, number))
        return number

    def again(self, session: int, memory: int) -> None:
        """Offer a copy to another session too."""
        self.candidates.append((session, memory))

    def identity(self, memory: int) -> str:
        """The id of a copy."""
        return f"canary-{self.name}-m{memory}"

    def scene(self, spec: Spec) -> Scene:
        """All episodes rendered, candidates in an order drawn by key so that no place tells the answer.

        What the world knows of its entities counts as known all along, so that twins at other times have one density.
        """
        base = self.source.world
        schema = TABLES["memories"]
        created = base.memories["created_at"]
        settled = base.memories.replace(created_at=np.full(len(created), created.min(initial=0)))
        copies = base.memories.take(np.array(self.rows, np.int64))
        names = np.array([self.identity(number) for number in range(len(self.rows))], object)
        columns: dict[str, Any] = {
            "id": names,
            "kind": np.full(len(names), "episode", object),  # an attribute would count towards its entity's density
            "importance": np.full(len(names), 0.3),
            "deleted": np.zeros(len(names), bool),
            "superseded_by": np.full(len(names), "", object),
            "pinned": np.zeros(len(names), bool),
        }
        for field_name in ("created_at", "prior_accesses"):
            columns[field_name] = np.array([change[field_name] for change in self.changes], np.int64)
        for number, change in enumerate(self.changes):
            for field_name in change.keys() - {"created_at", "prior_accesses"}:
                columns.setdefault(field_name, copies[field_name].copy())[number] = change[field_name]
        copies = copies.replace(**columns)
        keys = rng.pair_keys(rng.key(0, "canary order", self.name), np.arange(len(self.candidates), dtype=np.uint64))
        order = np.argsort(rng.bits(keys), kind="stable").tolist()
        offered = [self.candidates[place] for place in order]
        manifest = Manifest(
            source="written",
            scenario=base.manifest.scenario,
            seed=base.manifest.seed,
            clock=base.manifest.clock,
            patterns=base.manifest.patterns,
        )
        world = World.build(
            manifest,
            {
                "entities": base.entities,
                "aspects": base.aspects,
                "dependencies": base.dependencies,
                "memories": concat(schema, [settled, copies]),
                "sessions": Table.from_records(TABLES["sessions"], self.sessions),
                "turns": Table.from_records(TABLES["turns"], self.turns),
                "candidates": Table.from_columns(
                    TABLES["candidates"],
                    {
                        "session": np.array([self.ids[s] for s, _ in offered], object),
                        "memory": names[[m for _, m in offered]],
                        "rank": np.arange(len(offered)),
                    },
                ),
            },
        )
        rendering = render(world, Spec(labels="clean", dimension=spec.dimension, context=spec.context))
        rows = {
            (session, memory): row
            for row, (session, memory) in enumerate(
                zip(
                    np.repeat(np.array(rendering.session_ids, object), np.diff(rendering.offsets)).tolist(),
                    [rendering.memory_ids[m] for m in rendering.memory_rows.tolist()],
                    strict=True,
                )
            )
        }
        at = [rows[(self.ids[s], self.identity(m))] for s, m in self.candidates]
        original = dict(zip(names.tolist(), base.memories["id"][self.rows].tolist(), strict=True))
        known_as = tuple(original.get(name, name) for name in rendering.memory_ids)
        return Scene(replace(rendering, memory_ids=known_as), np.array(at, np.int64))


@dataclass(frozen=True)
class Scene:
    """Episodes as a rendering, copies under the ids of what they copy; `rows` leads the k-th offer to its row."""

    rendering: Rendering
    rows: Ints
