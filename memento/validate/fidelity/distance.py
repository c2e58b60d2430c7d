"""Distances of two sets of sessions: of their distributions, and of how one session follows another."""

from __future__ import annotations

import numpy as np

from memento import rng
from memento.validate.fidelity.neighbours import distances
from memento.validate.fidelity.rows import Floats

PROJECTIONS = 100
LAGS = 5
STATES = 8


def mmd(real: Floats, synthetic: Floats) -> float:
    """The squared maximum mean discrepancy, unbiased, by a Gaussian kernel of the median distance; 0 where alike.

    Gretton et al. 2012. It may fall a little below 0, as an unbiased estimate of 0 does.
    """
    a, b, c = distances(real, real), distances(synthetic, synthetic), distances(real, synthetic)
    both = np.concatenate([a[np.triu_indices(len(a), 1)], b[np.triu_indices(len(b), 1)], c.ravel()])
    width = float(np.median(both)) or 1.0
    kernel = [np.exp(-(d**2) / (2.0 * width**2)) for d in (a, b, c)]
    n, m = len(a), len(b)
    inner = (kernel[0].sum() - n) / (n * (n - 1)) + (kernel[1].sum() - m) / (m * (m - 1))
    return float(inner - 2.0 * kernel[2].mean())


def sliced_wasserstein(real: Floats, synthetic: Floats, seed: int = 0) -> float:
    """The mean over 100 keyed directions of the distance by which one set must be moved onto the other.

    Rabin et al. 2011; both sets of one size.
    """
    size = real.shape[1]
    keys = rng.pair_keys(rng.key(seed, "sliced"), np.arange(PROJECTIONS * size, dtype=np.uint64))
    directions = rng.normal(keys).reshape(PROJECTIONS, size)
    directions /= np.sqrt((directions**2).sum(axis=1, keepdims=True))
    moved = np.abs(np.sort(real @ directions.T, axis=0) - np.sort(synthetic @ directions.T, axis=0))
    return float(moved.mean())


def autocorrelation_error(real: Floats, synthetic: Floats, lags: int = LAGS) -> float:
    """The mean absolute difference of the autocorrelations of sessions in order, over columns and lags 1 to 5.

    Columns that do not vary in one of both are left out; NaN where none is left, or there are too few sessions.
    """
    if min(len(real), len(synthetic)) <= lags + 1:
        return float("nan")
    found = np.abs(_autocorrelations(real, lags) - _autocorrelations(synthetic, lags))
    return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


def _autocorrelations(table: Floats, lags: int) -> Floats:
    centred = table - table.mean(axis=0)
    power = (centred**2).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [(centred[lag:] * centred[:-lag]).mean(axis=0) / power for lag in range(1, lags + 1)]
    return np.where(power > 1e-12, np.stack(found), np.nan)


def transition_error(real: Floats, synthetic: Floats, states: int = STATES, seed: int = 0) -> float:
    """The mean absolute difference of two matrices of moves from session to session, rows weighted by the real ones.

    States are the nearest of some real sessions, drawn by key.
    """
    drawn = rng.permutation(rng.key(seed, "states"), len(real))[:states]
    found = []
    for table in (real, synthetic):
        at = distances(table, real[drawn]).argmin(axis=1)
        counts = np.zeros((len(drawn), len(drawn)))
        np.add.at(counts, (at[:-1], at[1:]), 1.0)
        found.append((counts, counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)))
    weights = found[0][0].sum(axis=1) / max(1.0, found[0][0].sum())
    return float((np.abs(found[0][1] - found[1][1]).sum(axis=1) / 2.0 * weights).sum())
