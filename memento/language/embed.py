"""Text vectors without a model: signed hashes of words and of their character n-grams.

Every feature of a text (a word; the 3- and 4-letter pieces of ``<word>``) is hashed to a row of
signs, and a text is the weighted sum of the rows of its features: feature hashing with signs
(Weinberger et al. 2009) in its dense form, a sign for every dimension (Achlioptas 2003; Charikar
2002), so that the inner product of two texts estimates the overlap of their features. A word that
comes n times weighs 1 + ln n; words of grammar weigh an eighth.

The sums are of whole numbers, the norm is one correctly rounded square root and each component one
division, so the bytes are the same in every process and on every machine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.errors import UsageError

Vectors = npt.NDArray[np.float32]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s\Z")
_SCALE = 64
_PIECES = 0.7
"""Length of the n-gram part of a word's vector against that of its whole-word part."""
_TIMES = np.array([0, 256, 433, 537, 611, 668, 715, 754, 788], np.int64)
"""256 (1 + ln n) for n = 1 to 8, rounded; more than 8 times counts as 8."""
_CELLS = 1 << 18
_KNOWN = 1 << 18
_EXACT = 1 << 20
_GRAMMAR = (
    "a about above after again all also am an and any are as at be because been before being below "
    "between both but by can could did do does doing down during each few for from further had has have "
    "having he her here hers him his how i if in into is it its just me more most my no nor not now of "
    "off on once only or other our ours out over own same she should so some such than that the their "
    "theirs them then there these they this those through to too under until up very was we were what "
    "when where which while who whom why will with would you your yours i'm i've i'll i'd it's that's "
    "don't didn't doesn't isn't wasn't you're we're they're let's"
)
GRAMMAR_WORDS = frozenset(_GRAMMAR.split())


def tokenize(text: str) -> list[str]:
    """The words of a text, in order: runs of letters and digits in lower case, without a final 's."""
    return [_POSSESSIVE.sub("", word) if word[-1] == "s" else word for word in _WORD.findall(text.lower())]


def embed(texts: Sequence[str], dimension: int = 64) -> Vectors:
    """Unit vectors of texts, shape (N, D) float32; a text without a word is the zero vector.

    Texts that share words, or pieces of words, point the same way; unrelated ones are at right
    angles but for noise of about ``1 / sqrt(D)``. Raises `UsageError` for a dimension outside 1 to 4096.
    """
    if not 1 <= dimension <= 4096:
        raise UsageError(f"dimension {dimension} is not between 1 and 4096")
    vocabulary = _vocabulary(dimension)
    vectors = np.zeros((len(texts), dimension), np.float32)
    block = max(64, _CELLS // dimension)
    for start in range(0, len(texts), block):
        vocabulary.embed(texts[start : start + block], vectors[start : start + block])
    return vectors


def cosine(a: npt.ArrayLike, b: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Cosine of every row of `a` (N, D) with every row of `b` (M, D), shape (N, M).

    A zero vector has cosine 0 with all. For ranking and reports; not bit-exact over machines.
    """
    left, right = _unit(np.asarray(a, np.float64)), _unit(np.asarray(b, np.float64))
    product: npt.NDArray[np.float64] = left @ right.T
    return product


class _Vocabulary:
    """The sign rows of words met so far, in one dimension."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.clear()

    def clear(self) -> None:
        self.code_of: dict[str, int] = {}
        self.peak = 0
        self.rows = np.zeros((1024, self.dimension), np.int32)

    def codes(self, words: list[str]) -> list[int]:
        known = self.code_of
        try:
            return [known[word] for word in words]
        except KeyError:
            return [known[word] if word in known else self.add(word) for word in words]

    def add(self, word: str) -> int:
        code = len(self.code_of)
        if code == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        self.rows[code] = word_row(word, self.dimension)
        self.peak = max(self.peak, int(np.abs(self.rows[code]).max()))
        self.code_of[word] = code
        return code

    def embed(self, texts: Sequence[str], out: Vectors) -> None:
        if len(self.code_of) > _KNOWN:
            self.clear()
        per_text = [self.codes(tokenize(text)) for text in texts]
        counts = np.fromiter(map(len, per_text), np.int64, len(per_text))
        flat = np.fromiter((code for codes in per_text for code in codes), np.int64, int(counts.sum()))
        owners = np.repeat(np.arange(len(texts)), counts)
        distinct, times = np.unique(owners * len(self.rows) + flat, return_counts=True)
        owner, code = np.divmod(distinct, len(self.rows))
        weights = _TIMES[np.minimum(times, len(_TIMES) - 1)]
        filled, starts, sizes = np.unique(owner, return_index=True, return_counts=True)
        if filled.size:
            fits = self.peak * int(_TIMES[-1]) * int(sizes.max()) < 1 << 31
            sums = _summed(self.rows, code, weights.astype(np.int32 if fits else np.int64), starts, sizes)
            out[filled] = _normalised(sums.astype(np.int64))


def _summed(
    rows: npt.NDArray[np.int32],
    code: npt.NDArray[np.int64],
    weights: npt.NDArray[Any],
    starts: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
) -> npt.NDArray[Any]:
    """Sums of ``rows[code] * weights`` over stretches, shape (stretches, D), of the kind of `weights`.

    Takes the first of every stretch, then the second of those that have one, and so on: eight times
    as fast as ``np.add.reduceat`` over short stretches.
    """
    order = np.argsort(-sizes, kind="stable")
    ordered, negative = starts[order], -sizes[order]
    sums = np.zeros((len(order), rows.shape[1]), weights.dtype)
    for place in range(int(sizes.max())):
        at = ordered[: np.searchsorted(negative, -place)] + place
        sums[: len(at)] += rows[code[at]] * weights[at][:, None]
    result = np.empty_like(sums)
    result[order] = sums
    return result


def word_row(word: str, dimension: int) -> npt.NDArray[np.int32]:
    """The whole-number vector of one word, shape (D,): its own signs and those of its pieces."""
    row = _SCALE * _signs(word, dimension)
    pieces = _pieces(word)
    if pieces:
        weight = max(1, int(_SCALE * _PIECES / float(np.sqrt(len(pieces)))))
        row += weight * np.sum([_signs(piece, dimension) for piece in pieces], axis=0, dtype=np.int32)
    return row if word in GRAMMAR_WORDS else row * 8


def _pieces(word: str) -> list[str]:
    """The 3- and 4-letter pieces of ``<word>``, each marked so that no word equals it."""
    marked = f"<{word[:64]}>"
    return [f"#{marked[i : i + n]}" for n in (3, 4) for i in range(len(marked) - n + 1)]


def _signs(feature: str, dimension: int) -> npt.NDArray[np.int32]:
    digest = hashlib.shake_128(feature.encode("utf-8", "surrogatepass")).digest((dimension + 7) // 8)
    bits = np.unpackbits(np.frombuffer(digest, np.uint8))[:dimension]
    return 2 * bits.astype(np.int32) - 1


def _normalised(sums: npt.NDArray[np.int64]) -> Vectors:
    """Rows of whole numbers as unit rows; large rows are first cut to 20 bits so that no sum rounds."""
    largest = np.abs(sums).max(axis=1)
    while np.any(largest >= _EXACT):
        large = largest >= _EXACT
        sums[large] >>= 1
        largest[large] >>= 1
    squares = (sums * sums).sum(axis=1)
    norms = np.sqrt(np.maximum(squares, 1).astype(np.float64))
    unit: Vectors = (sums / norms[:, None]).astype(np.float32)
    return unit


def _unit(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    norms = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    unit: npt.NDArray[np.float64] = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return unit


@lru_cache(maxsize=8)
def _vocabulary(dimension: int) -> _Vocabulary:
    return _Vocabulary(dimension)
