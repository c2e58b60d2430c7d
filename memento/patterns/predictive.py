"""What the past of a process tells of its future: predictive information, learning curves, minimal risk.

``I_pred(k, k') = I(X_1..k; X_k+1..k+k')``; ``EvoRate(k) = I_pred(k, 1)``; the learning curve is
``Lambda(k) = l(k) - l_0`` with ``l(k) = S(k + 1) - S(k)``; the least risk of an order-k model under log loss is
``H(X_1) - EvoRate(k) = R_inf + Lambda(k)``. All in nats (Bialek, Nemenman and Tishby 2001; Morawski, Despres and
Rehm 2025, arXiv 2510.10744).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from memento import rng

Floats = npt.NDArray[np.float64]
Spins = npt.NDArray[np.int64]
COUPLINGS = ("fixed", "blocks", "long-range")
_LONGEST_BLOCK = 15
_REACH = 8


def autocorrelation(phi: Sequence[float], count: int) -> Floats:
    """The autocorrelations of an AR(p) process at lags 0 to count - 1 (Yule-Walker)."""
    p = len(phi)
    matrix, right = np.eye(p + 1), np.zeros(p + 1)
    for lag in range(p + 1):
        for i, weight in enumerate(phi, 1):
            matrix[lag, abs(lag - i)] -= weight
    right[0] = 1.0
    covariance = np.linalg.solve(matrix, right)
    values = list(covariance / covariance[0])
    while len(values) < count:
        values.append(sum(weight * values[-i] for i, weight in enumerate(phi, 1)))
    return np.array(values[:count])


def ar_information(phi: Sequence[float], k: int, ahead: int) -> float:
    """I_pred(k, ahead) of a Gaussian AR(p): ``log(|S_k| |S_k'| / |S_k+k'|) / 2`` of its Toeplitz correlations."""
    rho = autocorrelation(phi, k + ahead)
    return 0.5 * (_log_det(rho, k) + _log_det(rho, ahead) - _log_det(rho, k + ahead))


def estimated_information(values: Floats, k: int, ahead: int) -> float:
    """I_pred(k, ahead) of a stationary Gaussian series, from its sample autocorrelations."""
    centred = values - values.mean()
    size = len(centred)
    covariance = np.array([float(centred[: size - lag] @ centred[lag:]) / size for lag in range(k + ahead)])
    rho = covariance / covariance[0]
    return 0.5 * (_log_det(rho, k) + _log_det(rho, ahead) - _log_det(rho, k + ahead))


def innovation_share(phi: Sequence[float]) -> float:
    """The variance of the shocks over that of the process: the least error of a one-step forecast."""
    rho = autocorrelation(phi, len(phi) + 1)
    return float(1.0 - sum(weight * rho[i] for i, weight in enumerate(phi, 1)))


def least_risk(sd: float) -> float:
    """R_inf under log loss where shocks are N(0, sd): ``log(2 pi e sd^2) / 2``, nats."""
    return 0.5 * math.log(2.0 * math.pi * math.e * sd * sd)


def stationary(phi: tuple[float, float]) -> tuple[float, float]:
    """The parameters of an AR(2), shrunk until they lie in the triangle in which it is stationary."""
    one, two = phi
    while not (abs(two) < 1.0 and one + two < 1.0 and two - one < 1.0):
        one, two = 0.95 * one, 0.95 * two
    return one, two


def spins(n: int, key: int, coupling: str = "blocks", strength: float = 1.0, block: int = 10_000) -> Spins:
    """A chain of n spins, each 1 or -1.

    ``fixed``: one coupling J = strength, ``P(same) = e^J / (2 cosh J)``. ``blocks``: J ~ N(0, strength) drawn anew
    every block. ``long-range``: couplings to the last spins that fall as 1 over their distance, drawn every block.
    """
    u = rng.uniform(rng.pair_keys(rng.key(key, "spin"), np.arange(n, dtype=np.uint64)))
    blocks = -(-n // block)
    keys = rng.pair_keys(rng.key(key, "coupling"), np.arange(blocks, dtype=np.uint64))
    if coupling == "long-range":
        drawn = np.stack([rng.normal(keys, 0.0, strength / i, i) for i in range(1, _REACH + 1)], axis=1)
        return _long_range(u, drawn, block)
    j = np.full(blocks, strength) if coupling == "fixed" else rng.normal(keys, 0.0, strength)
    same = 1.0 / (1.0 + rng.exp(-2.0 * j))
    stays = np.where(u < np.repeat(same, block)[:n], 1, -1)
    stays[0] = 1 if u[0] < 0.5 else -1
    return np.cumprod(stays)


def _long_range(u: Floats, couplings: Floats, block: int) -> Spins:
    values = [1] * _REACH
    drawn, draws = couplings.tolist(), u.tolist()
    for t, draw in enumerate(draws):
        weights = drawn[t // block]
        field = sum(weight * values[-1 - i] for i, weight in enumerate(weights))
        values.append(1 if draw < 1.0 / (1.0 + math.exp(-2.0 * field)) else -1)
    return np.array(values[_REACH:], np.int64)


def block_entropies(chain: Spins, longest: int = 10) -> Floats:
    """S(1) to S(longest) of blocks of spins, nats: plug-in with Miller and Madow's correction (1955)."""
    if not 1 <= longest <= _LONGEST_BLOCK:
        raise ValueError(f"blocks of 1 to {_LONGEST_BLOCK} spins are counted, not {longest}")
    bits = (np.asarray(chain) > 0).astype(np.int64)
    found = np.empty(longest)
    word = np.zeros(len(bits), np.int64)
    for k in range(1, longest + 1):
        word = (word[: len(bits) - k + 1] << 1) | bits[k - 1 :] if k > 1 else bits
        counts = np.bincount(word)
        counts = counts[counts > 0]
        shares = counts / counts.sum()
        found[k - 1] = -float((shares * np.log(shares)).sum()) + (len(counts) - 1) / (2.0 * counts.sum())
    return found


def learning_curve(entropies: Floats) -> Floats:
    """Lambda(k) for k = 0 to K - 1 from S(1) to S(K): excess of ``l(k) = S(k + 1) - S(k)`` over its last value."""
    increments = np.diff(np.concatenate([[0.0], entropies]))
    return np.asarray(increments - increments[-1])


def information_from(entropies: Floats) -> Floats:
    """I_pred(k, k) for k = 1 to K / 2 from block entropies: ``2 S(k) - S(2 k)``."""
    half = len(entropies) // 2
    return np.array([2.0 * entropies[k - 1] - entropies[2 * k - 1] for k in range(1, half + 1)])


def minimal_risk(risk: Floats, curve: Floats) -> Floats:
    """R_inf for each order: the risk that was reached less Lambda(k); where the two agree nothing is left to learn."""
    return np.asarray(risk - curve[: len(risk)])


def _log_det(rho: Floats, size: int) -> float:
    places = np.abs(np.arange(size)[:, None] - np.arange(size))
    return float(np.linalg.slogdet(rho[places])[1])
