"""What questions are made of, as a world's own sessions show it.

A make-up counts what a question and its evidence have to do with each other: the words that they share, the
words that the question has alone, how many memories answer it, whose name it says, how it opens, and how many
words of grammar come after that. A twin's questions copy make-ups drawn among those of real sessions, a
bootstrap of questions' laws without their content. A world without sessions that ask gets `DEFAULT`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product, takewhile
from typing import Literal

import numpy as np

from memento.formats.reading.ranking import stem
from memento.language.embed import GRAMMAR_WORDS, tokenize
from memento.render.contexts import queries
from memento.synthesis.twin.statements import content, names
from memento.world.world import World

Named = Literal["own", "other", "none"]
RELEVANT = 0.5
FEWEST = 20
"""Sessions that a world needs for its own make-ups to be taken."""
OPENINGS = (
    "what did", "what is", "what does", "what was", "when did", "when was", "where did", "where is", "who did",
    "who is", "how did", "how many", "why did", "which", "what kind of",
)  # fmt: skip


@dataclass(frozen=True)
class Makeup:
    """Content words shared with the evidence and not, memories of evidence, whose name, first words, grammar after."""

    shared: int
    alone: int
    evidence: int
    named: Named
    opening: str
    filling: int = 2


_NAMED: tuple[Named, ...] = ("own", "own", "own", "other")
DEFAULT = tuple(
    Makeup(shared, alone, evidence, named, OPENINGS[(7 * shared + 3 * alone + evidence) % len(OPENINGS)])
    for shared, alone, evidence, named in product((1, 2, 2, 3, 4), (0, 1, 2, 3), (1, 1, 1, 1, 2), _NAMED)
)
"""A guess made before any data was looked at: short questions, mostly with one answer and the right name."""


def makeups(world: World) -> tuple[Makeup, ...]:
    """The make-up of every session that asks and has relevant candidates; `DEFAULT` for fewer than twenty."""
    memories, known = world.memories, names(world)
    asked = queries(world)
    entity_names = dict(zip(world.entities["id"].tolist(), map(tokenize, world.entities["name"].tolist()), strict=True))
    relevant = np.nan_to_num(world.candidates["relevance"]) >= RELEVANT
    found = []
    for session, text in enumerate(asked):
        low, high = int(world.offsets[session]), int(world.offsets[session + 1])
        rows = world.candidate_memories[low:high][relevant[low:high]]
        rows = rows[rows >= 0].tolist()
        words = tokenize(text)
        if not rows or not words:
            continue
        said = {stem(word) for word in content(text, known)}
        there = {stem(word) for row in rows for word in content(memories["text"][row], known)}
        own = {word for row in rows for word in entity_names.get(memories["entity"][row], ())}
        mentioned = set(words) & known
        named: Named = "none" if not mentioned else "own" if mentioned & own else "other"
        opening = list(takewhile(lambda word: word in GRAMMAR_WORDS or word in ("many", "kind"), words))
        filling = sum(word in GRAMMAR_WORDS for word in words[len(opening) :])
        makeup = Makeup(len(said & there), len(said - there), len(rows), named, " ".join(opening), filling)
        found.append(makeup)
    return tuple(found) if len(found) >= FEWEST else DEFAULT


def size(world: World, otherwise: int = 50) -> int:
    """How many candidates most sessions of a world have."""
    sizes = Counter(np.diff(world.offsets)[np.diff(world.offsets) > 0].tolist())
    return max(sizes, key=lambda number: (sizes[number], number)) if sizes else otherwise
