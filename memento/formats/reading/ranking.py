"""BM25: how much a text is like a question by the words they share (Robertson and Zaragoza 2009).

Floats come from IEEE-exact operations in a fixed order, so that ranks are the same everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.language.embed import GRAMMAR_WORDS, tokenize

K1, B = 1.2, 0.75
Floats = npt.NDArray[np.float64]


class Ranker:
    """An index of M texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.counts = [Counter(_stems(text)) for text in texts]
        lengths = np.array([sum(counts.values()) for counts in self.counts], np.float64)
        mean = float(lengths.sum()) / max(1, len(texts)) or 1.0
        self.relative = K1 * (1.0 - B + B * lengths / mean)
        places: dict[str, list[int]] = {}
        for row, counts in enumerate(self.counts):
            for term in counts:
                places.setdefault(term, []).append(row)
        self.places = {term: np.array(rows, np.int64) for term, rows in places.items()}

    def terms(self, question: str) -> list[str]:
        """The distinct content words of a question, stemmed, in order."""
        return list(dict.fromkeys(_stems(question)))

    def scores(self, question: str) -> Floats:
        """The BM25 score of each text for a question, shape (M,), 0 where no word is shared."""
        scores = np.zeros(len(self.counts))
        for term in self.terms(question):
            rows = self.places.get(term)
            if rows is None:
                continue
            seen = np.array([self.counts[row][term] for row in rows.tolist()], np.float64)
            rare = float(rng.log(1.0 + (len(self.counts) - len(rows) + 0.5) / (len(rows) + 0.5)))
            scores[rows] += rare * seen * (K1 + 1.0) / (seen + self.relative[rows])
        return scores

    def hits(self, terms: Sequence[str], row: int) -> int:
        """How many of `terms` text `row` has."""
        return sum(term in self.counts[row] for term in terms)


def _stems(text: str) -> list[str]:
    return [stem(word) for word in tokenize(text) if word not in GRAMMAR_WORDS]


def stem(word: str) -> str:
    """A word without a plain ending: plural s, ing, ed (a light stemmer; enough for matching)."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)]
    return word
