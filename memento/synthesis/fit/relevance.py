"""The weights of the planted rules, from what the agent used and what its searches hit.

Relevance r is the clipped sum of the rules' terms. A memory in the context is used with probability r,
a search hits one outside it Poisson(c r) times, and one that only the search found at least once. Where
relevance was observed itself, it takes the place of both (a quasi-likelihood: McCullagh and Nelder 1989).
A term is a weight times a strength, and data tell their product: strengths are taken as 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from memento.patterns import CATALOG
from memento.patterns.facts import Facts, of
from memento.patterns.noise import decibels, energy
from memento.synthesis.fit.estimate import Estimate, Floats, maximise
from memento.world.world import World

WEIGHTS = (
    ("patterns.recency.weight", "recency"),
    ("patterns.entity.weight", "entity"),
    ("patterns.temporal.weight", "temporal"),
    ("patterns.frequency.weight", "frequency"),
    ("patterns.supersession.penalty", "supersession"),
    ("patterns.traversal.bonus", "traversal"),
)
DECAY, HITS = "patterns.recency.decay_rate", "candidates.hits_per_relevance"
_LEAST = 1e-4
_FEWEST = 200
_MOST = 200_000
_MOST_HITS = 10_000
"""More hits of one candidate in one session say nothing more."""


def relevance(world: World) -> Iterator[Estimate]:
    """Estimates of the six rules of `WEIGHTS`, the decay of recency, and how often searches hit."""
    candidates = world.candidates
    facts = of(world)
    seen = ~np.isnan(candidates["relevance"])
    there = facts.memory >= 0
    observed = bool(np.any(seen & there))
    rows = np.flatnonzero(seen & there) if observed else np.flatnonzero(there)
    if len(rows) < _FEWEST:
        return
    rows = rows[:: -(-len(rows) // _MOST)]
    facts = facts.take(rows)
    terms = np.stack([_unit(name, key, facts) for key, name in WEIGHTS], axis=1)
    varies = np.ptp(terms, axis=0) > 0
    kept = [place for place, good in enumerate(varies) if good and place > 0]
    age, columns = facts.age_days, terms[:, kept]
    hits, used = np.minimum(candidates["fts_hits"][rows], _MOST_HITS).astype(np.float64), candidates["used"][rows]
    inside = candidates["injected"][rows]
    alone = candidates["source"][rows] == "fts_only"
    truth = np.nan_to_num(candidates["relevance"][rows])
    fair = ~facts.superseded
    counts, place_of = np.unique(hits, return_inverse=True)
    factorial = np.array([math.lgamma(value + 1) for value in counts.tolist()])[place_of]

    def expected(theta: Floats) -> Floats:
        whole = theta[0] * np.exp(-age * theta[1]) + columns @ theta[3 : 3 + len(kept)]
        return np.asarray(np.clip(whole, _LEAST, 1 - _LEAST))

    def likelihood(theta: Floats) -> float:
        r = expected(theta)
        if observed:
            return float((truth * np.log(r) + (1 - truth) * np.log1p(-r)).sum())
        mean = theta[2] * r
        counted = np.where(alone & (hits == 1), np.log1p(mean) - mean, hits * np.log(mean) - mean - factorial)
        told = (inside | (hits > 0)) & fair
        chosen = np.where(used, np.log(r), np.log1p(-r))
        return float(counted[~inside].sum() + chosen[told].sum())

    start = [0.3, 0.1, 3.0, *(0.2 if place < 4 else (-0.2 if place == 4 else 0.1) for place in kept)]
    peak = maximise(likelihood, start, ["positive", "positive", "positive", *["real"] * len(kept)])  # type: ignore[list-item]
    of_what = "observed candidates" if observed else "candidates"
    yield peak.estimate(WEIGHTS[0][0], 0, len(rows), of_what)
    yield peak.estimate(DECAY, 1, len(rows), of_what)
    if not observed:
        yield peak.estimate(HITS, 2, len(rows), of_what)
    for number, place in enumerate(kept):
        found = peak.estimate(WEIGHTS[place][0], 3 + number, len(rows), of_what)
        if place == 4:
            found = Estimate(found.key, -found.value, -found.high, -found.low, found.n, found.of)  # type: ignore[operator]
        yield found
    if observed:
        offsets = np.searchsorted(world.candidate_sessions[rows], np.arange(len(world.sessions) + 1))
        told = expected(peak.value)
        ratio = decibels(energy(told, offsets), energy(truth - told, offsets))
        if math.isfinite(ratio):
            yield Estimate("noise.snr_db", ratio, ratio, ratio, len(rows), of_what)


def _unit(name: str, key: str, facts: Facts) -> Floats:
    """The terms of a rule at full weight, 1 where it matches for the penalty of supersession."""
    values = {key.rpartition(".")[2]: 1.0}
    terms: Floats = CATALOG[name].from_map(values).terms(facts)
    return -terms if name == "supersession" else terms
