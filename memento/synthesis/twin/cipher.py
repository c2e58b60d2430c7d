"""A vocabulary told in cipher: some word stems trade places, in every text alike.

What a text shares with another stays as it was, and what it is about does not, so that a scorer learns how a
question meets its answer and not which answers there are. One copy for each key, as Kambhatla, Born and
Sarkar 2022 ("CipherDAug: Ciphertext based Data Augmentation for Neural Machine Translation") do with letters.
Endings stay, so that the forms of a word stay alike; words of grammar stay too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from memento import rng
from memento.formats.reading.ranking import stem
from memento.language.embed import GRAMMAR_WORDS, tokenize

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class Cipher:
    """Trades a `share` of the stems of some texts among themselves, by key; a share of 0 leaves all as it is."""

    def __init__(self, texts: Iterable[str], share: float, key: int) -> None:
        words = sorted({word for text in texts for word in tokenize(text)} - GRAMMAR_WORDS)
        stems = sorted({stem(word) for word in words})
        keys = rng.keys(key, stems) if stems else np.zeros(0, np.uint64)
        traded = [word for word, draw in zip(stems, rng.uniform(keys).tolist(), strict=True) if draw < share]
        order = rng.permutation(rng.key(key, "order"), len(traded)).tolist()
        self.stems = {word: traded[place] for word, place in zip(traded, order, strict=True)}

    def __call__(self, text: str) -> str:
        """The text in cipher; capitals at the start of words stay capitals."""
        return _WORD.sub(self._word, text) if self.stems else text

    def _word(self, found: re.Match[str]) -> str:
        whole: str = found.group()
        lower = whole.lower()
        ending = lower[-2:] if lower.endswith(("'s", "’s")) else ""
        word = lower.removesuffix(ending) if ending else lower
        root = stem(word)
        if word in GRAMMAR_WORDS or root not in self.stems:
            return whole
        told: str = self.stems[root] + word[len(root) :] + ending
        return told.capitalize() if whole[0].isupper() else told
