"""Easy data augmentation: replace, insert, swap and delete words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from memento.language.choices import mixed
from memento.language.synonyms import synonyms
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.vary.texts import Text, changed, on_words, open_words
from memento.world.tree import Delta
from memento.world.world import World

KINDS = ("replace", "insert", "swap", "delete")
_ODDS = float(1 << 64)


@dataclass(frozen=True)
class Eda(Operator):
    """Each text meets one of four operations on ``n = max(1, floor(a L))`` of its L open words.

    Replace by a synonym, insert a synonym of a word at another place, swap two words, or delete each word with
    probability a. Names, values, numbers and negations are no open words, so that what is said stays.
    """

    name: ClassVar[str] = "eda"
    formula: ClassVar[str] = "replace, insert, swap or delete n = max(1, floor(a L)) words"
    source: ClassVar[str] = "EDA: Wei and Zou 2019"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    a: float = parameter(0.1, "share of the words of a text that are changed")
    share: float = parameter(0.5, "probability that a text is changed")
    kind: str = parameter("", f"{', '.join(KINDS)}; drawn for each text if left out", kind="text", choices=("", *KINDS))

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the record's id."""
        return changed(world, key, self.share, lambda text, state: augmented(text, self.kind, self.a, state))


def augmented(text: Text, kind: str, a: float, state: int) -> str:
    """A text after one operation; the same text where it has too few open words for it."""
    words = open_words(text)
    if not words:
        return text.text
    kind = kind or KINDS[state % len(KINDS)]
    new = list(words)
    count = max(1, int(a * len(words)))
    known = synonyms()
    for number in range(count):
        draw, place = mixed(state, 2 * number + 1), mixed(state, 2 * number + 2) % len(words)
        if kind in ("replace", "insert"):
            fit = [at for at, word in enumerate(words) if known.of(word)]
            if not fit:
                return text.text
            at = fit[draw % len(fit)]
            others = known.of(words[at])
            other = others[draw // len(fit) % len(others)]
            if kind == "replace":
                new[at] = other.capitalize() if words[at][:1].isupper() else other
            else:
                new[place] = f"{new[place]} {other}"
        elif kind == "swap":
            at = draw % len(words)
            new[at], new[place] = new[place], new[at]
    if kind == "delete":
        stays = [mixed(state, at) / _ODDS >= a for at in range(len(words))]
        if not any(stays):
            stays[state % len(stays)] = True
        new = [word if stay else "" for word, stay in zip(words, stays, strict=True)]
    return re.sub(r"(?<=\S) {2,}", " ", on_words(text, lambda word, number: new[number])).strip()
