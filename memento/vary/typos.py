"""Type in a hurry: neighbouring keys, doubled and lost letters, casing, split words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from memento.language.choices import mixed
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.vary.texts import Text, changed, negates, on_words
from memento.world.tree import Delta
from memento.world.world import World

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SHORTEST = 4
_ODDS = float(1 << 64)


def _neighbors() -> dict[str, str]:
    """The keys around each key of an English keyboard."""
    found = {}
    for number, row in enumerate(_ROWS):
        for place, letter in enumerate(row):
            around = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
            for other in (number - 1, number + 1):
                if 0 <= other < len(_ROWS):
                    around += _ROWS[other][max(0, place - 1) : place + 1]
            found[letter] = around
    return found


NEIGHBORS = _neighbors()
KINDS = ("key", "double", "lose", "swap", "case", "split")


@dataclass(frozen=True)
class Typos(Operator):
    """Words get the mistakes of fast typing, each with one probability; names, values, numbers and negations do not.

    A mistake is a neighbouring key, a doubled or lost letter, two letters swapped, lost capitals, or a word
    split in two.
    """

    name: ClassVar[str] = "typos"
    formula: ClassVar[str] = "each open word of four letters or more with one mistake, with probability rate"
    source: ClassVar[str] = "keyboard, casing and split noise (nlpaug, TextAttack)"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"rate": 0.0}

    rate: float = parameter(0.05, "probability that a word has a mistake")
    roles: str = parameter("user", "whose turns: user, assistant, or all with the memories", kind="text",
                           choices=("user", "assistant", "all"))  # fmt: skip

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the record's id and the place of the word in its text."""

        def change(text: Text, state: int) -> str:
            return on_words(text, lambda word, number: self._typed(word, mixed(state, number)))

        if self.roles == "all":
            return changed(world, key, 1.0, change)
        return changed(world, key, 1.0, change, ("turns",), self.roles)

    def _typed(self, word: str, state: int) -> str:
        if len(word) < _SHORTEST or state / _ODDS >= self.rate:
            return word
        typed = mistyped(word, mixed(state, 1))
        return word if negates(typed) else typed


def mistyped(word: str, state: int) -> str:
    """A word of two letters or more with one mistake."""
    place = 1 + state // 8 % (len(word) - 1)
    letter = word[place].lower()
    kind = KINDS[state % len(KINDS)]
    if kind == "key" and letter in NEIGHBORS:
        around = NEIGHBORS[letter]
        return word[:place] + around[state // 64 % len(around)] + word[place + 1 :]
    if kind == "lose":
        return word[:place] + word[place + 1 :]
    if kind == "swap":
        return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
    if kind == "case":
        return word.lower() if word != word.lower() else word.upper()
    if kind == "split":
        return f"{word[:place]} {word[place:]}"
    return word[:place] + word[place] + word[place:]
