"""How well scores rank the candidates of each session, exactly also where scores tie.

Arrays are ragged: session s has rows ``offsets[s]:offsets[s + 1]``. Equal scores stand in no order,
so each figure is its expectation over all orders of the tied candidates; a scorer that gives every
candidate the same score therefore gets exactly the level of chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CUTOFF = 10
RELEVANT = 0.5
"""A candidate counts as relevant for MRR and recall when its label is at least this."""


@dataclass(frozen=True)
class Order:
    """Candidates sorted by session, then by score downwards; N rows, G groups of equal scores."""

    rows: Ints  # (N,) row of the candidate at each place
    place: Ints  # (N,) place within its session, 0 first
    group: Ints  # (N,) group of equal scores
    starts: Ints  # (G,) first place-row of each group
    session: Ints  # (N,) session of each place


def order(scores: npt.ArrayLike, offsets: Ints) -> Order:
    """Sort each session by `scores`, shape (N,), best first. NaN counts as worst."""
    values = np.asarray(scores, np.float64)
    values = np.where(np.isnan(values), -np.inf, values)
    session = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    rows = np.lexsort((-values, session)).astype(np.int64)
    ordered = values[rows]
    first = np.ones(len(rows), bool)
    first[1:] = (ordered[1:] != ordered[:-1]) | (session[1:] != session[:-1])
    place = np.arange(len(rows)) - np.repeat(offsets[:-1], np.diff(offsets))
    return Order(rows, place, np.cumsum(first) - 1, np.flatnonzero(first), session)


def ndcg(scores: npt.ArrayLike, labels: npt.ArrayLike, offsets: Ints, cutoff: int = CUTOFF) -> Floats:
    """NDCG at `cutoff` of each session, shape (S,), linear gain; NaN where nothing is relevant.

    ``DCG = sum gain / log2(place + 2)`` over the first `cutoff` places, the ideal over all
    candidates of the session; a negative label gains 0. A session whose ideal is 0 has no order to
    get right: it is NaN here and left out of means, where Signet counts it as 0.
    """
    return ndcg_of(order(scores, offsets), np.asarray(labels, np.float64), offsets, cutoff)


def ndcg_of(sorted_by: Order, labels: Floats, offsets: Ints, cutoff: int = CUTOFF) -> Floats:
    """`ndcg` of candidates that are sorted already."""
    gains = np.maximum(labels, 0.0)
    discounts = _discounts(sorted_by.place, cutoff)
    reached = _sums(_tied(sorted_by, gains[sorted_by.rows]) * discounts, offsets)
    best = _sums(gains[order(gains, offsets).rows] * discounts, offsets)
    return _ratio(reached, best)


def recall(
    scores: npt.ArrayLike, labels: npt.ArrayLike, offsets: Ints, cutoff: int = CUTOFF, relevant: float = RELEVANT
) -> Floats:
    """Share of a session's relevant candidates within the first `cutoff`, shape (S,); NaN where there is none."""
    return recall_of(order(scores, offsets), np.asarray(labels, np.float64), offsets, cutoff, relevant)


def recall_of(
    sorted_by: Order, labels: Floats, offsets: Ints, cutoff: int = CUTOFF, relevant: float = RELEVANT
) -> Floats:
    """`recall` of candidates that are sorted already."""
    hits = (labels >= relevant).astype(np.float64)
    found = _sums(_tied(sorted_by, hits[sorted_by.rows]) * (sorted_by.place < cutoff), offsets)
    total = _sums(hits, offsets)
    return _ratio(found, total)


def mrr(scores: npt.ArrayLike, labels: npt.ArrayLike, offsets: Ints, relevant: float = RELEVANT) -> Floats:
    """One over the place, counted from 1, of the first relevant candidate, shape (S,); NaN where there is none."""
    return mrr_of(order(scores, offsets), np.asarray(labels, np.float64), offsets, relevant)


def mrr_of(sorted_by: Order, labels: Floats, offsets: Ints, relevant: float = RELEVANT) -> Floats:
    """`mrr` of candidates that are sorted already.

    Of a group of g tied candidates, m of them relevant, the first relevant one stands at the k-th
    place with probability ``C(g - k, m - 1) / C(g, m)``.
    """
    hits = (labels >= relevant)[sorted_by.rows]
    result = np.full(len(offsets) - 1, np.nan)
    at = np.flatnonzero(hits)
    sessions, first = np.unique(sorted_by.session[at], return_index=True)
    group = sorted_by.group[at[first]]
    ends = np.append(sorted_by.starts[1:], len(hits))
    start, size = sorted_by.starts[group], ends[group] - sorted_by.starts[group]
    matches = np.add.reduceat(hits.astype(np.int64), sorted_by.starts)[group] if len(hits) else group
    before = sorted_by.place[start] if len(hits) else start
    chance = matches / np.maximum(size, 1)
    total = np.zeros(len(group))
    for k in range(1, int((size - matches).max(initial=-1)) + 2):
        total += chance / (before + k)
        left = size - k
        chance = np.where(left > 0, chance * (left - matches + 1) / np.maximum(left, 1), 0.0)
    result[sessions] = total
    return result


def _tied(sorted_by: Order, values: Floats) -> Floats:
    """Each value replaced by the mean over its group, shape (N,)."""
    if len(values) == 0 or len(sorted_by.starts) == len(values):
        return values
    sizes = np.diff(np.append(sorted_by.starts, len(values)))
    means: Floats = np.add.reduceat(values, sorted_by.starts) / sizes
    return means[sorted_by.group]


def _discounts(place: Ints, cutoff: int) -> Floats:
    table = 1.0 / np.log2(np.arange(cutoff) + 2.0)
    return np.where(place < cutoff, table[np.minimum(place, cutoff - 1)], 0.0)


def _sums(values: Floats, offsets: Ints) -> Floats:
    """The sum over each session, shape (S,)."""
    session = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return np.asarray(np.bincount(session, values, len(offsets) - 1), np.float64)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """``part / whole``, NaN where `whole` is 0."""
    result = np.full(len(whole), np.nan)
    known = whole > 0
    result[known] = part[known] / whole[known]
    return result
