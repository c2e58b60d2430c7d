"""The words that a conversation keeps coming back to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from memento.language.embed import GRAMMAR_WORDS, tokenize

LIMIT = 60
_SMALL_TALK = (
    "able accept actually agree always amazing anything appreciate around away awesome back bad believe best "
    "better big bit brings called came can't care chat check come coming cool couldn't creating cute day days "
    "definitely difference done easy else enjoy enjoyed even ever every everyone everything excited exciting "
    "experience feel feeling feels felt find finding first found friend friends fun gave get gets getting give "
    "gives giving glad go goes going gone gonna good got gotta great guess guys haha happen happened happy hard "
    "haven't hear heard hello help helped helpful helping helps hey hi holding hope huge idea image important "
    "incredible inspired inspiring keep keeps kept kind kinda knew know last lately later learn learned least let "
    "life like liked likes little long look looked looking looks lot lots love loved lovely loves loving luck "
    "lucky made make makes making many maybe mean means might mind moment moments month months much myself need "
    "needed never new next nice nothing often okay one ones others part past people perfect person photo picture "
    "place plan planning plans pretty proud put quite reach ready real really recently remember right said saw "
    "say see seeing seem seems seen self share shared sharing show since sitting someone something sometimes soon "
    "sounds special start started still strength stuff super sure take takes taking talk talked talking tell "
    "thank thankful thanks thing things think thinking though thought time times today together told tomorrow "
    "took totally tough tried true try trying two understand use used using wait want wanted wants way ways week "
    "weekend weeks well went whole wish without won't wonderful wondering words work worked working world worth "
    "would've wow yeah year years yep yes yesterday yet yourself"
)
_CHATTER = frozenset(_SMALL_TALK.split())


@dataclass(frozen=True)
class Topics:
    """Topic words and how many turns say each."""

    counts: dict[str, int]

    def of(self, text: str) -> str:
        """The rarest topic word of a text, the first of equals in the alphabet; "" where it has none."""
        words = {word for word in tokenize(text) if word in self.counts}
        return min(words, key=lambda word: (self.counts[word], word), default="")


def topics(sittings: Sequence[Sequence[str]], names: Sequence[str]) -> Topics:
    """The up to `LIMIT` content words that most turns say: in two sittings or more and in three turns or more.

    Words of grammar, words of small talk and the speakers' `names` are not topics.
    """
    people = {word for name in names for word in tokenize(name)}
    turns: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for sitting in sittings:
        here: set[str] = set()
        for text in sitting:
            words = {word for word in tokenize(text) if _is_topic(word) and word not in people}
            turns.update(words)
            here |= words
        seen.update(here)
    kept = sorted((word for word in turns if turns[word] >= 3 and seen[word] >= 2), key=lambda w: (-turns[w], w))
    return Topics({word: turns[word] for word in kept[:LIMIT]})


def _is_topic(word: str) -> bool:
    return 4 <= len(word) <= 40 and word.isalpha() and word not in GRAMMAR_WORDS and word not in _CHATTER
