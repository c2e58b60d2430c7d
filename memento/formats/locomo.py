"""LoCoMo conversations as a world with observed relevance.

| in the file | in the world |
| ----------- | ------------ |
| a conversation | a project |
| a person | an entity of kind person |
| a word that a conversation keeps coming back to | an entity of kind topic, and an aspect of who speaks of it |
| a sitting | a session with its turns |
| a turn | a memory of kind episode, created at its sitting's date |
| an observed fact | a memory of kind attribute, which is not offered to questions |
| a question | a session after the last sitting: the question, candidates, and the answer |

**Candidates** of a question are `CANDIDATES` turns of its conversation (all, if there are fewer):
its evidence, and others drawn by a key in proportion to ``1 / sqrt(10 + r)``, where r is their
place in the order of likeness to the question by BM25 (Robertson and Zaragoza 2009), equals at one
place. So hard alternatives are frequent, and no place in the order is a sign of evidence beyond
what likeness itself says: without a border between alike and random, evidence that shares no word
with its question stands among turns that share none either. On the five public conversations the
share of evidence falls from 15% at the first five ranks to about 1% and stays there. `rank` is the
BM25 order, ties by a second draw; the first ten are `injected`, as a search would do it; evidence
has observed relevance 1 and is `used`, all others have 0.

Questions are asked after the last sitting, an hour apart and twelve a day, in an order drawn by a
key, so that time tells nothing about evidence either. The evidence of an adversarial question
(category 5, mostly without an answer) counts as relevant too: it is what shows that the question
rests on a mistake. A question whose evidence names no turn keeps its turns and gets no candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from memento import rng
from memento.formats.reading.conversation import ADVERSARIAL, Conversation, Question, Sitting, read_conversations
from memento.formats.reading.history import Imported, weekly
from memento.formats.reading.notes import Names, Notes, fit_text
from memento.formats.reading.ranking import Floats, Ranker
from memento.formats.reading.topics import topics
from memento.language.embed import tokenize
from memento.world.records import TABLES, Record
from memento.world.table import Table
from memento.world.world import Manifest

CANDIDATES = 50
INJECTED = 10
_BROAD = 10.0
"""How many first places have about the same chance of being drawn."""
_LONGEST_NAME, _LONGEST_PERSON = 80, 60
"""Characters of a conversation's id and of a person's within it: together with a topic's they make an id."""
SILENT = "The conversations do not say."
_DAY = 86_400
_FIRST_HOUR, _A_DAY = 9, 12


def read(path: Path) -> Imported:
    """The conversations at `path`: a JSON file, a list of conversations, or a folder of files.

    Raises `UsageError` for a path that cannot be read and `InvalidFile` with every fault at once.
    """
    notes = Notes()
    conversations = read_conversations(path, notes)
    names = Names(notes, "conversation", _LONGEST_NAME)
    records: dict[str, list[Record]] = {name: [] for name in TABLES}
    categories: Counter[str] = Counter()
    for conversation in conversations:
        _Writer(conversation, names.id(conversation.name), notes, records).write()
        categories.update(str(question.category) for question in conversation.questions)
        if not conversation.questions:
            notes.add("conversations without questions", conversation.name)
    tables = {name: Table.from_records(TABLES[name], rows) for name, rows in records.items()}
    clock = int(tables["sessions"]["ended_at"].max(initial=0))
    scenario = {
        "format": "locomo",
        "conversations": [conversation.name for conversation in conversations],
        "candidates": CANDIDATES,
        "categories": dict(categories),
    }
    manifest = Manifest(source="imported", scenario=scenario, clock=clock)
    return Imported(weekly("LoCoMo", manifest, tables), notes.lines())


class _Writer:
    """Writes the records of one conversation; every id begins with the conversation's."""

    def __init__(self, conversation: Conversation, name: str, notes: Notes, records: dict[str, list[Record]]) -> None:
        self.conversation, self.name, self.notes, self.records = conversation, name, notes, records
        self.ids = Names(notes, "person", _LONGEST_PERSON)
        self.key = rng.key(0, "locomo", name)
        self.people: dict[str, str] = {}
        self.topics: dict[str, str] = {}
        self.aspects: dict[tuple[str, str], str] = {}

    def write(self) -> None:
        sittings = self.conversation.sittings
        if not sittings:
            return
        turns = [turn for sitting in sittings for turn in sitting.turns]
        self.found = topics([[turn.text for turn in sitting.turns] for sitting in sittings], self.conversation.speakers)
        for speaker in self.conversation.speakers:
            self.people[speaker] = f"{self.name}-{self.ids.id(speaker)}"
            self.entity(self.people[speaker], speaker, "person", sittings[0].time)
        for sitting in sittings:
            self.sitting(sitting)
        self.ranker = Ranker([turn.text for turn in turns])
        self.memories = [self.memory_id(turn.id) for turn in turns]
        self.row_of = {turn.id: row for row, turn in enumerate(turns)}
        self.turn_keys = rng.hashes(self.memories)
        start = (sittings[-1].time // _DAY + 1) * _DAY
        order = rng.permutation(rng.key(0, "locomo", self.name, "order"), len(self.conversation.questions))
        for place, number in enumerate(order.tolist()):
            day, hour = divmod(place, _A_DAY)
            time = start + day * _DAY + (_FIRST_HOUR + hour) * 3600
            self.question(self.conversation.questions[number], time)

    def sitting(self, sitting: Sitting) -> None:
        session = f"{self.name}-S{sitting.number}"
        self.session(session, sitting.time, None)
        for number, turn in enumerate(sitting.turns):
            self.turn(session, number, turn.speaker, turn.text, ())
            self.memory(
                self.memory_id(turn.id), "episode", f"{turn.speaker}: {turn.text}", turn.speaker, sitting.time, turn.id
            )
        for number, fact in enumerate(sitting.facts):
            if fact.speaker not in self.people:
                self.notes.add("observed facts about nobody who speaks", f"{self.conversation.name} {fact.speaker}")
            key = f"{self.name}-F{sitting.number}.{number + 1}"
            self.memory(key, "attribute", fact.text, fact.speaker, sitting.time, ", ".join(fact.turns))

    def question(self, question: Question, time: int) -> None:
        session = f"{self.name}-Q{question.number}"
        self.session(session, time, self.topic(question.text))
        relevant = [self.row_of[i] for i in question.evidence]
        answer = question.answer or SILENT
        self.turn(session, 0, "user", question.text, ())
        self.turn(session, 1, "assistant", answer, [self.memories[row] for row in relevant])
        if not relevant:
            kind = "adversarial questions" if question.category == ADVERSARIAL else "questions"
            example = f"{self.conversation.name} {question.text}"
            self.notes.add(f"{kind} without evidence, kept without candidates", example)
            return
        scores = self.ranker.scores(question.text)
        keys = rng.pair_keys(rng.key(self.key, "candidates", question.number), self.turn_keys)
        chosen = choose(scores, keys, relevant, CANDIDATES)
        asked = self.ranker.terms(question.text)
        for rank, row in enumerate(chosen):
            evident = row in relevant
            self.records["candidates"].append({
                "session": session,
                "memory": self.memories[row],
                "source": "effective",
                "rank": rank,
                "injected": rank < INJECTED,
                "used": evident,
                "fts_hits": self.ranker.hits(asked, row),
                "relevance": 1.0 if evident else 0.0,
            })  # fmt: skip

    def topic(self, question: str) -> str | None:
        """The entity a question is about: the one person it names, else the first topic it names."""
        words = tokenize(question)
        named = [self.people[s] for s in self.people if set(tokenize(s)) & set(words)]
        if len(named) == 1:
            return named[0]
        return next((self.topics[word] for word in words if word in self.topics), None)

    def memory_id(self, turn: str) -> str:
        return f"{self.name}-{turn.replace(':', '.')}"

    def memory(self, key: str, kind: str, text: str, speaker: str, time: int, origin: str) -> None:
        topic = self.found.of(text)
        entity = self.people.get(speaker)
        self.records["memories"].append({
            "id": key,
            "text": fit_text(text, self.notes, "texts"),
            "kind": kind,
            "entity": entity,
            "aspect": self.aspect(speaker, topic, time) if entity and topic else None,
            "project": self.conversation.name,
            "created_at": time,
            "origin": origin,
        })  # fmt: skip

    def aspect(self, speaker: str, topic: str, time: int) -> str:
        if topic not in self.topics:
            self.topics[topic] = f"{self.name}-topic-{topic}"
            self.entity(self.topics[topic], topic, "topic", time)
        if (speaker, topic) not in self.aspects:
            person = self.people[speaker]
            key = self.aspects[speaker, topic] = f"{person}-on-{topic}"
            self.records["aspects"].append({"id": key, "entity": person, "name": topic})
            edge = {"id": f"{key}-speaks", "source": person, "target": self.topics[topic], "kind": "speaks_of"}
            self.records["dependencies"].append(edge)
        return self.aspects[speaker, topic]

    def entity(self, key: str, name: str, kind: str, time: int) -> None:
        self.records["entities"].append(
            {"id": key, "name": name, "kind": kind, "project": self.conversation.name, "created_at": time}
        )

    def session(self, key: str, time: int, topic: str | None) -> None:
        self.records["sessions"].append(
            {"id": key, "started_at": time, "ended_at": time, "project": self.conversation.name, "topic": topic}
        )

    def turn(self, session: str, number: int, role: str, text: str, cites: Sequence[str]) -> None:
        record: dict[str, Any] = {"id": f"{session}.{number}", "session": session, "role": role, "text": text}
        record["parent"] = f"{session}.{number - 1}" if number else None
        record["cites"] = list(cites)
        self.records["turns"].append(record)


def choose(scores: Floats, keys: rng.Keys, relevant: Sequence[int], count: int) -> list[int]:
    """Rows of `count` candidates (all M, if there are fewer), most alike first: `relevant` and others.

    `scores` and `keys`, shape (M,), are the likeness of each turn to the question and the key of its
    draws: one for ties in likeness, another for being chosen, so that neither tells of the other.
    """
    order = np.lexsort((rng.bits(keys, 1), -scores))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    _, group, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    middle = (np.cumsum(sizes) - 0.5 * (sizes + 1))[group]
    drawn = rng.sample(keys, len(keys), 1.0 / np.sqrt(_BROAD + middle))
    chosen = list(dict.fromkeys([*relevant, *drawn.tolist()]))[: max(count, len(set(relevant)))]
    return sorted(chosen, key=lambda row: int(place[row]))
