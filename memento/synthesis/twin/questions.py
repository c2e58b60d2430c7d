"""Questions written from statements, as unsupervised question answering does it.

A statement is taken, some of its words are left out and the rest are asked for: the inverse cloze task (Lee,
Chang and Toutanova 2019, arXiv 1906.00300) and the cloze questions of Lewis, Denoyer and Riedel 2019 (arXiv
1906.04980). The make-up says how many words the question shares with its evidence; words that it has alone
come from another telling of the same, else from what was said around it, else from anywhere in the project.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memento import rng
from memento.formats.reading.ranking import Ranker, stem
from memento.language.embed import GRAMMAR_WORDS, tokenize
from memento.synthesis.twin.makeup import Makeup
from memento.synthesis.twin.statements import Project, Statement, content, names
from memento.world.world import World

AROUND = 3
"""Memories before and after the evidence whose words may come into a question about it."""
PLAIN = 0.5
"""How often a word that question and evidence share is asked for in its shortest form, as after "did"."""
NEAR = 10
"""Further evidence is drawn among the so many memories most like the question."""


class Questions:
    """Writes questions about one project of a world."""

    def __init__(self, world: World, project: Project) -> None:
        memories = world.memories
        self.project = project
        self.texts = [memories["text"][row] for row in project.offered.tolist()]
        self.ranker = Ranker(self.texts)
        known = names(world)
        self.words = [content(text, known) for text in self.texts]
        self.grammar = [[word for word in tokenize(text) if word in GRAMMAR_WORDS] for text in self.texts]
        told = [word for said in project.statements for word in said.words]
        self.base: dict[str, str] = {}
        for word in sorted({*told, *(word for words in self.words for word in words)}, key=lambda w: (len(w), w)):
            self.base.setdefault(stem(word), word)
        self.place = {row: place for place, row in enumerate(project.offered.tolist())}
        of = dict(zip(world.entities["id"].tolist(), world.entities["name"].tolist(), strict=True))
        self.speakers: list[str] = [of.get(memories["entity"][row], "") for row in project.offered.tolist()]
        self.people = sorted(set(self.speakers) - {""})
        self.again = [place for place, said in enumerate(project.statements) if said.told_again]
        self.plain = [place for place, said in enumerate(project.statements) if not said.told_again]

    def write(self, makeup: Makeup, key: int) -> tuple[str, list[int]]:
        """A question, and the places of its evidence among the project's offered memories."""
        statement = self._statement(key)
        evidence = [self.place[row] for row in statement.evidence]
        there = {stem(word) for place in evidence for word in self.words[place]}
        both = [word for word in statement.words if stem(word) in there]
        own = [word for place in evidence for word in self.words[place]]
        shared = _some([*both, *(word for word in own if word not in both)], len(both), makeup.shared, key, "shared")
        alone = self._alone(statement, evidence, there, makeup.alone, key)
        forms = rng.uniform(rng.keys(rng.key(key, "forms"), shared)).tolist() if shared else []
        shared = [self.base[stem(word)] if form < PLAIN else word for word, form in zip(shared, forms, strict=True)]
        filling = _some([word for place in evidence for word in self.grammar[place]], 0, makeup.filling, key, "filling")
        asked = _shuffled([*shared, *alone, *filling], key)
        text = " ".join(part for part in (makeup.opening, self._name(makeup, evidence[0], key), *asked) if part)
        if makeup.evidence > len(evidence):
            evidence += self._more(text, evidence, makeup.evidence - len(evidence), key)
        return f"{text[:1].upper()}{text[1:]}?", evidence

    def _statement(self, key: int) -> Statement:
        """One told again where there are such, three times in four; the shares of both were not tuned."""
        pool = self.again if self.again and rng.uniform(key, 1)[()] < 0.75 else self.plain or self.again
        return self.project.statements[pool[int(rng.integers(key, len(pool), 2)[()])]]

    def _alone(self, statement: Statement, evidence: Sequence[int], there: set[str], count: int, key: int) -> list[str]:
        """Words that the evidence lacks: those told again, then those said around it, then any."""
        again = [word for word in statement.words if stem(word) not in there]
        low, high = max(0, min(evidence) - AROUND), min(len(self.words), max(evidence) + AROUND + 1)
        around = [word for place in range(low, high) for word in self.words[place] if stem(word) not in there]
        far = self.words[int(rng.integers(key, len(self.words), 3)[()])]
        pool = list(dict.fromkeys([*again, *around, *(word for word in far if stem(word) not in there)]))
        return _some(pool, len(again), count, key, "alone")

    def _name(self, makeup: Makeup, place: int, key: int) -> str:
        if makeup.named == "none":
            return ""
        own = self.speakers[place]
        others = [name for name in self.people if name != own]
        if makeup.named == "own" or not others:
            return own
        return others[int(rng.integers(key, len(others), 4)[()])]

    def _more(self, text: str, evidence: Sequence[int], count: int, key: int) -> list[int]:
        scores = self.ranker.scores(text)
        scores[list(evidence)] = -1.0
        near = np.argsort(-scores, kind="stable")[:NEAR]
        near = near[scores[near] > 0]
        if not len(near):
            return []
        chosen = rng.sample(rng.pair_keys(rng.key(key, "more"), near.astype(np.uint64)), count, scores[near])
        return [int(near[place]) for place in chosen]


def _some(words: Sequence[str], first: int, count: int, key: int, what: str) -> list[str]:
    """`count` of some words, drawn by key; the `first` of them come before the others."""
    if not words or count <= 0:
        return []
    keys = rng.keys(rng.key(key, what), list(words))
    late = np.arange(len(words)) >= first
    order = np.lexsort((rng.uniform(keys), late))
    return [words[place] for place in order[:count].tolist()]


def _shuffled(words: Sequence[str], key: int) -> list[str]:
    return [words[place] for place in rng.permutation(rng.key(key, "order"), len(words)).tolist()]
