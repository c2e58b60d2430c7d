"""What the agent made of its candidates: full-text hits, what it used, how the session went.

Sums of relevance are sums of whole numbers (millionths), so that they do not hang on the order of
additions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.scenario import Settings
from memento.simulate.clock import Arrivals
from memento.simulate.memories import Memories
from memento.simulate.sessions import FTS, Offers

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_MILLION = 1_000_000.0
SCORE_NOISE = 0.1
CONFIDENCE = (5.0, 2.0)
NOVEL_MEAN = 0.7


@dataclass(frozen=True)
class Responses:
    """`hits` and `used` by candidate, shape (N,); `score`, `confidence` and `novel` by session, shape (S,)."""

    hits: Ints
    used: Flags
    score: Floats
    confidence: Floats
    novel: Ints

    @classmethod
    def silent(cls, sessions: int, candidates: int) -> Responses:
        """Nothing found, nothing used, no scores."""
        unknown = np.full(sessions, np.nan)
        return cls(
            np.zeros(candidates, np.int64), np.zeros(candidates, bool), unknown, unknown, np.zeros(sessions, np.int64)
        )


def responses(
    settings: Settings, seed: int, sessions: Arrivals, memories: Memories, offers: Offers, relevance: Floats
) -> Responses:
    """What follows from the planted relevance of each candidate, shape (N,).

    - Memories that were not injected have Poisson(3 x relevance) full-text hits; one that only the
      search found has at least one.
    - An injected or found memory is used with its relevance as probability, a superseded one never.
    - A session's score is the share of all relevance that was injected, plus N(0, 0.1), in [0, 1].
    """
    of_session = rng.pair_keys(rng.key(seed, "response"), sessions.key)
    keys = rng.pair_keys(of_session[offers.session], memories.key[offers.memory])
    hits = rng.poisson(keys, settings.candidates.hits_per_relevance * relevance, 0)
    hits = np.where(offers.source == FTS, np.maximum(hits, 1), np.where(offers.injected, 0, hits))
    used = (offers.injected | (hits > 0)) & ~offers.stale & rng.bernoulli(keys, relevance, 1)

    worth = np.rint(relevance * _MILLION).astype(np.int64)
    bounds = np.searchsorted(offers.session, np.arange(len(sessions) + 1))
    whole = _sums(worth, bounds)
    had = _sums(np.where(offers.injected, worth, 0), bounds)
    share = np.where(whole > 0, had / np.maximum(whole, 1), 0.0)
    score = np.clip(share + rng.normal(of_session, 0.0, SCORE_NOISE, 0), 0.0, 1.0)
    confidence = 0.4 + 0.6 * rng.beta(of_session, *CONFIDENCE, 1)
    return Responses(hits, used, _rounded(score), _rounded(confidence), rng.poisson(of_session, NOVEL_MEAN, 2))


def _sums(values: Ints, bounds: Ints) -> Ints:
    totals = np.concatenate([[0], np.cumsum(values)])
    return np.asarray(totals[bounds[1:]] - totals[bounds[:-1]], np.int64)


def _rounded(values: Floats) -> Floats:
    return np.asarray(np.rint(values * 1000.0) / 1000.0)
