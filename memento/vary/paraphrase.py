"""Say the same facts in other words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from memento import rng
from memento.language.grammar import Spoken
from memento.vary.facts import speech_of
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.vary.texts import negates
from memento.world.tree import Delta
from memento.world.world import World

_ATTEMPTS = 48


@dataclass(frozen=True)
class Paraphrase(Operator):
    """Memories and turns that the grammar can write are written again at another of its indices.

    Every sentence has an index among all that say its fact, so a paraphrase is exact by construction. What
    the grammar did not write (imported or edited texts) stays.
    """

    name: ClassVar[str] = "paraphrase"
    formula: ClassVar[str] = "unrank((rank(text) + 1 + u) mod count), u from 0 to count - 2"
    source: ClassVar[str] = "unranking of expansions: Compton et al. 2015 (Tracery)"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    share: float = parameter(0.5, "probability that a text is said otherwise")

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the record's id."""
        speech, upserts = speech_of(world), {}
        for name in ("memories", "turns"):
            table = world.tables[name]
            keys = rng.keys(rng.key(key, name), table["id"].tolist())
            rows = np.flatnonzero(rng.bernoulli(keys, self.share, 0))
            states = rng.bits(keys[rows], 1).tolist()
            texts = table["text"].copy()
            for row, state in zip(rows.tolist(), states, strict=True):
                spoken = speech.memory(row) if name == "memories" else speech.turn(row)
                if spoken is not None:
                    texts[row] = otherwise(spoken, texts[row], state)
            moved = np.flatnonzero(texts != table["text"])
            if len(moved):
                upserts[name] = table.take(moved).replace(text=texts[moved])
        return Delta(upserts)


def otherwise(spoken: Spoken, text: str, state: int) -> str:
    """What a sentence says at another index that names the same things, and denies or affirms as it does.

    The same text where there is none.
    """
    others, denies = len(spoken.patterns) - 1, negates(text)
    names = [name for name in spoken.words.values() if name and name in text]
    for attempt in range(min(others, _ATTEMPTS)):
        said = spoken.said((spoken.place + 1 + (state + attempt) % others) % (others + 1))
        if negates(said) == denies and all(name in said for name in names):
            return said
    return text
