"""A chain of topics rebuilt from six costs: time-varying Markov models of people's days.

Transition probabilities ``R_b(i -> j)`` of a region, in bins b of hour and weekday, are tilted to one agent by the
costs of six classes of transitions: ``P_b(i -> j) = R_b(i -> j) exp(-c_k(i,j)) / Z``. The negative log-probability of a
day is then a sum of generalised costs, which makes the chain a multinomial logit (Time-Varying Markov Chain models,
TRID 01901097, whose abstract names six parameters; the classes here are our own). A constant added to all costs changes
nothing, so costs are told with mean 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento import rng

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

COSTS = ("stay", "leave home", "return home", "work to work", "between work and others", "among others")
HOME, WORK, OTHER = range(3)
SMOOTHING = 0.5
"""Dirichlet's a of the reference chain's counts."""
_UNIFORM = 1e-3


def classes(keys: npt.NDArray[np.uint64], popularity: Floats, project: Ints) -> Ints:
    """The class of each entity, (E,): the most popular of a project is home, half of the others are work."""
    found = np.where(rng.bernoulli(rng.pair_keys(keys, rng.key(0, "class")), 0.5), WORK, OTHER)
    for number in np.unique(project).tolist():
        mine = np.flatnonzero(project == number)
        found[mine[np.argmax(popularity[mine])]] = HOME
    return found.astype(np.int64)


def kinds(of: Ints) -> Ints:
    """The class of transition, a place in `COSTS`, from each entity to each, (E, E)."""
    here, there = of[:, None], of[None, :]
    found = np.full((len(of), len(of)), 5)
    found[(here == WORK) != (there == WORK)] = 4
    found[(here == WORK) & (there == WORK)] = 3
    found[np.broadcast_to(there == HOME, found.shape)] = 2
    found[np.broadcast_to(here == HOME, found.shape)] = 1
    np.fill_diagonal(found, 0)
    return found


def reference(bins: Ints, before: Ints, now: Ints, size: int, count: int) -> Floats:
    """The chain of a history, (B, E, E): counts with Dirichlet smoothing, backing off to all bins.

    A bin's counts are joined by the marginal chain's probabilities at weight SMOOTHING * E, and every row by 1e-3 of
    an even choice, so that nothing is impossible.
    """
    whole = np.zeros((size, size))
    np.add.at(whole, (before, now), 1.0)
    marginal = (whole + SMOOTHING) / (whole + SMOOTHING).sum(axis=1, keepdims=True)
    binned = np.zeros((count, size, size))
    np.add.at(binned, (bins, before, now), 1.0)
    binned += SMOOTHING * size * marginal
    binned /= binned.sum(axis=2, keepdims=True)
    return np.asarray((1.0 - _UNIFORM) * binned + _UNIFORM / size)


def tilted(rows: Floats, kind: Ints, costs: Floats) -> Floats:
    """Rows of transition probabilities, (N, E), tilted by the costs of their classes, (N, E)."""
    weights = rows * rng.exp(-np.asarray(costs, np.float64))[kind]
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Fit:
    """Six costs with mean 0 and their standard errors, (6,) each; the mean log-likelihood of a transition, nats."""

    costs: Floats
    errors: Floats
    likelihood: float
    transitions: int


def fit(rows: Floats, kind: Ints, now: Ints, steps: int = 50) -> Fit:
    """The costs that make some transitions likeliest: from rows of the reference, (N, E), their classes, and what came.

    The log-likelihood is concave; its gradient is the expected less the observed count of each class, and Newton's
    method finds the peak. Costs of classes that never could occur are 0, with an infinite error.
    """
    size = len(COSTS)
    marks = np.eye(size)[kind]
    places = np.arange(len(now))
    observed = marks[places, now]
    costs = np.zeros(size)
    information = np.zeros((size, size))
    for _ in range(steps):
        chance = tilted(rows, kind, costs)
        expected = np.einsum("ne,nek->nk", chance, marks)
        gradient = (expected - observed).sum(axis=0)
        second = np.einsum("ne,nek,nel->kl", chance, marks, marks)
        information = second - expected.T @ expected
        step = np.linalg.pinv(information, rcond=1e-9) @ gradient
        costs = np.clip(costs + np.clip(step, -2.0, 2.0), -20.0, 20.0)
        if np.abs(step).max() < 1e-10:
            break
    costs = costs - costs.mean()
    covariance = np.linalg.pinv(information, rcond=1e-9)
    known = np.diag(information) > 1e-9
    errors = np.where(known, np.sqrt(np.maximum(np.diag(covariance), 0.0)), np.inf)
    chance = tilted(rows, kind, costs)[places, now]
    return Fit(costs, errors, float(np.log(chance).mean()) if len(now) else 0.0, len(now))


def sample(chain: Floats, kind: Ints, costs: Floats, bins: Ints, start: int, key: int) -> Ints:
    """A sequence of states, one for each bin of `bins` (T,), from a reference chain (B, E, E) and costs."""
    u = rng.uniform(rng.pair_keys(key, np.arange(len(bins), dtype=np.uint64))).tolist()
    rows = np.cumsum(tilted(chain, np.broadcast_to(kind, chain.shape), costs), axis=2)
    state, found = start, np.empty(len(bins), np.int64)
    for place, (bin_, draw) in enumerate(zip(bins.tolist(), u, strict=True)):
        line = rows[bin_, state]
        state = min(int(np.searchsorted(line, draw * line[-1], side="right")), len(line) - 1)
        found[place] = state
    return found
