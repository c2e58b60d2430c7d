"""Growth from a few seeds, with a gate for novelty: Self-Instruct over facts.

A pool grows from a world's memories. Each new one is made from eight that are shown, six seeds and two grown ones: the
kind of one, the aspect and entity of another, a value that neither has, said by the grammar. It is kept if ROUGE-L with
every kept text is below the threshold and its features lie apart (Wang et al. 2022, arXiv 2212.10560).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from memento import rng
from memento.errors import UsageError
from memento.language.embed import tokenize
from memento.vary.facts import Speech
from memento.world.records import TABLES
from memento.world.table import Table, concat
from memento.world.world import World

SHOWN, SEEDS_SHOWN = 8, 6
THRESHOLD = 0.7
DISTANCE = 0.02
_TRIES = 40


@dataclass(frozen=True)
class Growth:
    """The grown world, how many memories were kept, and why others were not."""

    world: World
    kept: int
    rejected: dict[str, int]

    @property
    def tried(self) -> int:
        """All that were made."""
        return self.kept + sum(self.rejected.values())


def grow(world: World, count: int, threshold: float = THRESHOLD, distance: float = DISTANCE, seed: int = 0) -> Growth:
    """The world with up to `count` new memories.

    Making ends when `count` are kept, or `_TRIES` times as many were made. What grew before under this seed is passed
    over. Raises `UsageError` for a world with fewer than eight memories that state facts, and where none is kept.
    """
    memories = world.memories
    known = (world.entities.rows(memories["entity"]) >= 0) & (world.aspects.rows(memories["aspect"]) >= 0)
    seeds = np.flatnonzero(known & (memories["value"] != "")).tolist()
    if len(seeds) < SHOWN:
        raise UsageError(f"growth needs {SHOWN} memories that state facts, not {len(seeds)}", "take another world")
    pool = _Pool(world, seeds, rng.key(seed, "growth"))
    rejected: Counter[str] = Counter()
    for number in range(_TRIES * count):
        if len(pool.grown) == count:
            break
        why = pool.try_one(number, threshold, distance)
        if why:
            rejected[why] += 1
    if not pool.grown:
        why, most = rejected.most_common(1)[0]
        raise UsageError(
            f"nothing new came of {rejected.total():,} tries; of {most:,}, {why}",
            "take a higher --threshold, a lower --distance, or another --seed",
        )
    return Growth(pool.world(), len(pool.grown), dict(sorted(rejected.items())))


class _Pool:
    """Seeds and what grew from them."""

    def __init__(self, world: World, seeds: list[int], key: int) -> None:
        self.before, self.seeds, self.key = world, seeds, key
        self.speech = Speech(world)
        self.facts = [self.speech.fact(row) for row in seeds]
        self.grown: list[dict[str, Any]] = []
        self.known = Rouge()
        for text in world.memories["text"].tolist():
            self.known.add(text)
        entities = world.memories["entity"]
        self.codes = {name: n for n, name in enumerate(dict.fromkeys(entities[seeds].tolist()))}
        self.features = [self._features(world.memories.record(row)) for row in seeds]
        self.said = {(r["entity"], r["aspect"], r["value"]) for r in map(world.memories.record, seeds)}

    def try_one(self, number: int, threshold: float, distance: float) -> str:
        """Makes one memory; the reason for which it is not kept, or empty."""
        key = rng.key(self.key, number)
        name_of = f"grown-{key & 0xFFFFFFFFFF:010x}"
        if name_of in self.before.memories.row_of:
            return "it grew before"
        rows = rng.integers(rng.pair_keys(key, np.arange(SHOWN, dtype=np.uint64)), 1 << 30).tolist()
        shown = [self.before.memories.record(self.seeds[draw % len(self.seeds)]) for draw in rows[:SEEDS_SHOWN]]
        shown += [self.grown[draw % len(self.grown)] for draw in rows[SEEDS_SHOWN:] if self.grown]
        first, second = shown[key % len(shown)], shown[(key >> 8) % len(shown)]
        aspect, entity = second["aspect"], second["entity"]
        name = self.speech.aspect.get(aspect, "")
        term = self.speech.grammar.domain.aspects_by_name.get(name)
        value = term.values[key % len(term.values)] if term else first["value"]
        if (entity, aspect, value) in self.said:
            return "the fact is known"
        single = bool(self.before.aspects["single_valued"][self.before.aspects.row_of[aspect]])
        if single:
            return "it would contradict a fact"
        kind = first["kind"] if first["kind"] in ("attribute", "constraint", "episode") else "attribute"
        text = self.speech.grammar.memory(key >> 4, self.speech.entity.get(entity, "this"), name, value, kind)
        closest = self.known.closest(text, threshold)
        if closest >= threshold:
            return f"ROUGE-L of {threshold:g} or more with a kept text"
        importance = round((first["importance"] + second["importance"]) / 2, 4)
        made = {
            **second, "id": name_of, "text": text, "value": value, "kind": kind,
            "importance": importance, "created_at": self.before.manifest.clock, "prior_accesses": 0, "pinned": False,
            "deleted": False, "superseded_by": None, "origin": f"growth {number}",
        }  # fmt: skip
        mine = self._features(made)
        if min(float(np.abs(mine - other).max()) for other in self.features) < distance:
            return "its features are those of another"
        self.known.add(text)
        self.features.append(mine)
        self.said.add((entity, aspect, value))
        self.grown.append(made)
        return ""

    def _features(self, record: dict[str, Any]) -> np.ndarray[Any, Any]:
        """What a scorer would see of a memory, each in [0, 1]: importance, hour, entity, kind, length of its text."""
        hour = (record["peak_hour"] if record["peak_hour"] is not None else 12) / 24
        entity = self.codes.get(record["entity"], 0) / max(1, len(self.codes))
        kind = ("attribute", "constraint", "episode").index(record["kind"]) / 2
        return np.array([record["importance"], hour, entity, kind, min(1.0, len(record["text"]) / 200)])

    def world(self) -> World:
        """The world with what grew."""
        fresh = Table.from_records(TABLES["memories"], self.grown)
        tables = {**self.before.tables, "memories": concat(TABLES["memories"], [self.before.memories, fresh])}
        return World.build(replace(self.before.manifest), tables)


class Rouge:
    """Kept texts, and the largest ROUGE-L of a new one with any (Lin 2004): F1 of the longest common subsequence.

    Texts whose words have too few in common to reach the threshold are passed over.
    """

    def __init__(self) -> None:
        self._texts: list[tuple[tuple[str, ...], Counter[str]]] = []

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, text: str) -> None:
        """Keeps a text."""
        words = tuple(tokenize(text))
        self._texts.append((words, Counter(words)))

    def closest(self, text: str, threshold: float = 0.0) -> float:
        """The largest ROUGE-L with a kept text; some value below the threshold where none reaches it."""
        words = tuple(tokenize(text))
        counts, best = Counter(words), 0.0
        for other, held in self._texts:
            shared = sum((counts & held).values())
            total = len(words) + len(other)
            if total and 2.0 * shared / total >= max(threshold, best):
                best = max(best, rouge_l(words, other))
        return best


def rouge_l(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """``2 LCS / (|a| + |b|)``, the F1 of ROUGE-L; 0 for no words."""
    if not a or not b:
        return 0.0
    row = [0] * (len(b) + 1)
    for word in a:
        before = 0
        for place, other in enumerate(b, 1):
            before, row[place] = row[place], before + 1 if word == other else max(row[place], row[place - 1])
    return 2.0 * row[-1] / (len(a) + len(b))
