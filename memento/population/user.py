"""The user whose interest evolves: what is consumed draws it near where it is good, and away where it is not.

Affinity to document d is ``2 - ||u - x_d||``; a consumed one takes ``sigma(-q_d) l_d`` of time, so that bad ones take
more; then ``v = u + s q_d (x_d - u) + noise`` and ``u' = 4 M (sigma(v / M) - 1/2)`` with s = .1 and M = 10 (Mladenov
et al. 2021, applications/recsys_partially_observable_rl/user.py).

Satisfaction is that of RecSim's long-term environment: ``e' = .9 e + q + N(0, .1)``, ``sigma(tau e)`` (Ie et al. 2019,
"RecSim", arXiv 1909.04847, section 4.2; its kaleness k is (q + 1) / 2 here).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento import rng

Floats = npt.NDArray[np.float64]
OFFSET, STEP, BOUND = 2.0, 0.1, 10.0
MEMORY, SENSITIVITY, EXPOSURE_SD = 0.9, 0.3, 0.1


def sigma(x: Floats) -> Floats:
    """The logistic function."""
    size = rng.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, size) / (1.0 + size)


def affinity(interest: Floats, features: Floats) -> Floats:
    """How much each agent likes each document, shape (A, D), for interests (A, T) and features (D, T) or (A, D, T)."""
    offered = features if features.ndim == 3 else features[None]
    total = np.zeros((len(interest), offered.shape[1]))
    for topic in range(interest.shape[1]):
        apart = interest[:, topic, None] - offered[:, :, topic]
        total = total + apart * apart
    return OFFSET - np.sqrt(total)


def time_of(quality: Floats, length: Floats) -> Floats:
    """The time that a consumed document takes, in the unit of its length."""
    return sigma(-quality) * length


def evolved(interest: Floats, features: Floats, quality: Floats, noise: Floats) -> Floats:
    """The interest after one document each, shape (A, T); `features` (A, T) and `quality` (A,) are the documents'."""
    moved = interest + STEP * quality[:, None] * (features - interest) + noise
    return 4.0 * BOUND * (sigma(moved / BOUND) - 0.5)


def exposed(exposure: Floats, quality: Floats, noise: Floats) -> Floats:
    """The exposure to quality after one document each, all of shape (A,)."""
    return MEMORY * exposure + quality + noise


def satisfaction(exposure: Floats) -> Floats:
    """How satisfied an agent is, in [0, 1], by its exposure."""
    return sigma(SENSITIVITY * exposure)
