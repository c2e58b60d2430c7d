"""Say things with synonyms: AI becomes artificial intelligence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar

from memento import rng
from memento.language.choices import mixed
from memento.language.synonyms import SOURCES, synonyms
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.vary.texts import Text, changed
from memento.world.tree import Delta
from memento.world.world import World

_ODDS = float(1 << 64)


@dataclass(frozen=True)
class Synonym(Operator):
    """Words give way to their synonyms, in their form and with their capitals; names, values, numbers and
    negations stay.

    With `consistent` 1 a word has one synonym throughout a variant, as in a text that somebody edited with
    one aim; with 0 every place draws for itself.
    """

    name: ClassVar[str] = "synonym"
    formula: ClassVar[str] = "word w -> one of its set where u(key, w) < share"
    source: ClassVar[str] = "synonym-based cloning (Memento fractals); WordNet: Miller 1995"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    share: float = parameter(0.5, "probability that a word with synonyms gives way")
    lexicon: str = parameter("own", "own, wordnet (where it is installed), or both", kind="text", choices=SOURCES)
    consistent: int = parameter(1, "1: one synonym for a word in the whole variant; 0: drawn at every place",
                                low=0, high=1, kind="int")  # fmt: skip

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the word, and where not consistent by the record's id and the place in its text."""
        known = synonyms(self.lexicon)
        decided: dict[str, int] = {}
        said: dict[str, str] = {}

        def change(text: Text, state: int) -> str:
            numbers = count(1)

            def choose(word: str, others: Sequence[str]) -> str:
                drawn = mixed(state, next(numbers))
                if self.consistent:
                    lower = word.lower()
                    drawn = decided.get(lower, -1)
                    if drawn < 0:
                        drawn = decided[lower] = rng.key(key, "word", lower)
                if mixed(drawn, 0) / _ODDS >= self.share:
                    return word
                return others[mixed(drawn, 1) % len(others)]

            def exchanged(piece: str) -> str:
                if not self.consistent:
                    return known.exchange(piece, choose)
                found = said.get(piece)
                if found is None:
                    found = said[piece] = known.exchange(piece, choose)
                return found

            return "".join([exchanged(piece) if free else piece for piece, free in text.pieces()])

        return changed(world, key, 1.0, change)
