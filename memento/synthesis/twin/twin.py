"""A twin of a world: its memories, and synthetic sessions that ask after them in place of the real ones.

| part | from |
| ---- | ---- |
| memories, entities, aspects | the world, once for each copy, some words of it in cipher |
| questions and their evidence | statements of the world, by make-ups of its own questions or of none |
| candidates | evidence, and others of the project drawn by likeness, as an import of conversations does it |
| clock | that of the real sessions, in a keyed order; without any, an hour apart after the last memory |

No real question, answer or label is in a twin. Embeddings are those of real texts, since memories are the
real ones and questions are made of their words: that is what a lexicon cannot give.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from memento import rng
from memento.errors import UsageError
from memento.formats.locomo import INJECTED, choose
from memento.synthesis.twin.cipher import Cipher
from memento.synthesis.twin.makeup import DEFAULT, Makeup, makeups, size
from memento.synthesis.twin.questions import Questions
from memento.synthesis.twin.statements import Project, projects
from memento.world.records import KEYED, TABLES, Record
from memento.world.table import Table
from memento.world.world import World

Progress = Callable[[int, int, str], None]
_DAY, _FIRST_HOUR, _A_DAY = 86_400, 9, 12


@dataclass(frozen=True)
class Settings:
    """How a twin is made.

    `copies` of the world's memories, each with a `swap` share of its word stems traded; `sessions` of each copy
    and project (None: as many as are real, or as there are statements, at most 250); `fitted` by the make-ups
    of the world's own questions, or by those that were guessed before any.
    """

    copies: int = 4
    swap: float = 0.3
    sessions: int | None = None
    fitted: bool = True
    seed: int = 0

    def __str__(self) -> str:
        made = f"{self.copies} cop{'ies' if self.copies != 1 else 'y'}, {self.swap:.0%} of words traded"
        return f"{made}, {'fitted' if self.fitted else 'not fitted'} to its questions, seed {self.seed}"


@dataclass(frozen=True)
class Twin:
    """What was made: the world, its synthetic sessions, and how many real questions its laws come from (0: none)."""

    world: World
    sessions: int
    fitted_to: int


def twin(world: World, settings: Settings | None = None, progress: Progress | None = None) -> Twin:
    """The twin of a world. Raises `UsageError` for one whose memories say too little to ask about."""
    settings = settings or Settings()
    found = projects(world)
    if not found:
        raise UsageError(
            "no project of this world has two memories with words to ask about", "import a conversation first"
        )
    laws = makeups(world) if settings.fitted else DEFAULT
    writer = _Writer(world, settings, laws, size(world))
    total, done = settings.copies * len(found), 0
    for copy in range(settings.copies):
        for project in found:
            writer.project(project, copy)
            done += 1
            if progress is not None:
                progress(done, total, project.name)
    return Twin(writer.world(), len(writer.records["sessions"]), 0 if laws is DEFAULT else len(laws))


class _Writer:
    def __init__(self, world: World, settings: Settings, laws: tuple[Makeup, ...], candidates: int) -> None:
        self.before, self.settings, self.laws, self.candidates = world, settings, laws, candidates
        self.records: dict[str, list[Record]] = {"sessions": [], "turns": [], "candidates": []}
        texts = [*world.memories["text"].tolist(), *world.entities["name"].tolist()]
        self.ciphers = [
            Cipher(texts, settings.swap, rng.key(settings.seed, "twin", "cipher", copy))
            for copy in range(settings.copies)
        ]
        self.questions: dict[str, Questions] = {}

    def project(self, project: Project, copy: int) -> None:
        """The synthetic sessions of one copy of a project."""
        world = self.before
        if project.name not in self.questions:
            self.questions[project.name] = Questions(world, project)
        questions = self.questions[project.name]
        created = world.memories["created_at"][project.offered]
        ids = world.memories["id"][project.offered].tolist()
        keys = rng.hashes(ids)
        base = rng.key(self.settings.seed, "twin", project.name, copy)
        for number, time in enumerate(self._times(project, base)):
            key = rng.key(base, number)
            makeup = self.laws[int(rng.integers(key, len(self.laws))[()])]
            text, evidence = questions.write(makeup, key)
            time = max(time, int(created[evidence].max()))
            there = np.flatnonzero(created <= time)
            row_of = {place: row for row, place in enumerate(there.tolist())}
            relevant = [row_of[place] for place in dict.fromkeys(evidence)]
            scores = questions.ranker.scores(text)[there]
            chosen = choose(scores, rng.pair_keys(rng.key(key, "candidates"), keys[there]), relevant, self.candidates)
            session = self._id(f"{project.name or 'world'}-T{number + 1}", copy)
            asked = questions.ranker.terms(text)
            self.records["sessions"].append({
                "id": session, "started_at": time, "ended_at": time, "project": self._id(project.name, copy),
            })  # fmt: skip
            self.records["turns"].append({
                "id": f"{session}.0", "session": session, "role": "user", "text": self.ciphers[copy](text),
                "cites": [],
            })  # fmt: skip
            for rank, row in enumerate(chosen):
                place = int(there[row])
                self.records["candidates"].append({
                    "session": session, "memory": self._id(ids[place], copy), "source": "effective", "rank": rank,
                    "injected": rank < INJECTED, "used": row in relevant,
                    "fts_hits": questions.ranker.hits(asked, place), "relevance": float(row in relevant),
                })  # fmt: skip

    def _times(self, project: Project, key: int) -> list[int]:
        """The clock of each synthetic session, s UTC: that of the real sessions in another order."""
        world, wanted = self.before, self.settings.sessions
        asking = np.flatnonzero((np.diff(world.offsets) > 0) & (world.sessions["project"] == project.name))
        real = world.sessions["ended_at"][asking] if self.settings.fitted else asking[:0]
        count = wanted or len(real) or min(250, len(project.statements))
        if len(real):
            order = rng.permutation(rng.key(key, "clock"), count) % len(real)
            return [int(time) for time in real[order]]
        start = (int(world.memories["created_at"][project.offered].max()) // _DAY + 1) * _DAY
        return [start + number // _A_DAY * _DAY + (_FIRST_HOUR + number % _A_DAY) * 3600 for number in range(count)]

    def _id(self, name: str, copy: int) -> str:
        return name if self.settings.copies == 1 or not name else f"{name}~{copy + 1}"

    def world(self) -> World:
        """The world of all copies."""
        tables = {name: Table.from_records(TABLES[name], rows) for name, rows in self.records.items()}
        for name in KEYED:
            rows = [
                self._copied(name, record, copy)
                for copy in range(self.settings.copies)
                for record in self.before.tables[name].records()
            ]
            tables[name] = Table.from_records(TABLES[name], rows)
        manifest = self.before.manifest
        clock = max([manifest.clock, *(record["ended_at"] for record in self.records["sessions"])])
        scenario: dict[str, Any] = {"twin": asdict(self.settings)}
        fresh = replace(manifest, source="written", scenario=scenario, patterns={}, noise={}, clock=clock)
        return World.build(fresh, tables)

    def _copied(self, name: str, record: Record, copy: int) -> Record:
        """A record of one copy: ids and projects its own, texts in its cipher."""
        told = dict(record)
        for field in TABLES[name].fields:
            value = told[field.name]
            if not value:
                continue
            if field.name in ("id", "project") or field.kind == "ref":
                told[field.name] = self._id(value, copy)
            elif field.name in ("text", "value") or (name == "entities" and field.name == "name"):
                told[field.name] = self.ciphers[copy](value)
        return told
