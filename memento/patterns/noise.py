"""Noise on planted relevance, at a stated signal-to-noise ratio.

The signal is what can be learned inside a session: the variance of the clean label among the
session's candidates. Noise is scaled to each session by itself, so the ratio holds in every
session, easy or hard, and adding, editing or removing a session leaves the noise of all others as
it was. Over a world, pooled within-session variance of signal over noise gives the same ratio.

The families share one variance: with standard deviation s, uniform noise has half-width
``sqrt(3) s``, Laplace noise scale ``s / sqrt(2)``, and Student's t with 3 degrees of freedom is divided by its
standard deviation, ``sqrt(3)``. A stable law of index 1.5 has no variance: it is scaled so that its interquartile
range is the normal's, 1.349 s, and its ratio is told from that range. After the noise, labels are clipped to [0, 1];
that takes some of the noise and some of the signal away, so the ratio is measured before and after.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import InvalidFile, nearest
from memento.patterns.facts import BLOCK
from memento.patterns.series.series import sine
from memento.world.world import World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

LOW_DB, HIGH_DB = -60.0, 100.0

FAMILIES: dict[str, Callable[[Keys], Floats]] = {
    "gaussian": lambda keys: rng.normal(keys),
    "uniform": lambda keys: (rng.uniform(keys) * 2.0 - 1.0) * math.sqrt(3.0),
    "laplace": lambda keys: rng.laplace(keys, scale=math.sqrt(0.5)),
    "student": lambda keys: student(keys),
    "levy": lambda keys: levy(keys),
}
"""Distribution name -> draws of mean 0 and the spread of N(0, 1), one for each key."""


@dataclass(frozen=True)
class Noise:
    """A distribution and its signal-to-noise ratio in dB; `snr_db` None means no noise.

    Raises `InvalidFile` with every fault.
    """

    distribution: str = "gaussian"
    snr_db: float | None = None

    def __post_init__(self) -> None:
        faults = []
        if self.distribution not in FAMILIES:
            near = nearest(str(self.distribution), FAMILIES, 1)
            faults.append(
                f"distribution {self.distribution!r} is not one of {', '.join(FAMILIES)}"
                + (f"; did you mean {near[0]}?" if near else "")
            )
        if self.snr_db is not None:
            if isinstance(self.snr_db, bool) or not isinstance(self.snr_db, int | float):
                faults.append(f"snr_db={self.snr_db!r} is not a number")
            elif not LOW_DB <= self.snr_db <= HIGH_DB:
                faults.append(f"snr_db={self.snr_db!r} is not from {LOW_DB:g} to {HIGH_DB:g} dB")
        if faults:
            raise InvalidFile("noise", faults)

    @classmethod
    def from_map(cls, values: Mapping[str, Any]) -> Noise:
        """The noise of a manifest; an empty map is none. Raises `InvalidFile`."""
        unknown = sorted(set(values) - {"distribution", "snr_db"})
        if unknown:
            raise InvalidFile("noise", [f"no parameter {name!r}; known: distribution, snr_db" for name in unknown])
        return cls(**values)

    @property
    def ratio(self) -> float:
        """Standard deviation of noise over that of the signal, ``10 ** (-snr_db / 20)``; 0 for none."""
        return 0.0 if self.snr_db is None else float(rng.power(10.0, -self.snr_db / 20.0))

    def draw(self, keys: Keys) -> Floats:
        """Noise of mean 0 and variance 1 for each key, in the shape of `keys`."""
        flat, result = keys.reshape(-1), np.empty(keys.size)
        for low in range(0, flat.size, BLOCK):
            result[low : low + BLOCK] = FAMILIES[self.distribution](flat[low : low + BLOCK])
        return result.reshape(keys.shape)


def noisy(clean: Floats, offsets: Ints, keys: Keys, noise: Noise | Mapping[str, Any]) -> Floats:
    """Clean labels with noise, clipped to [0, 1]; shape (N,).

    Session s has rows ``offsets[s]:offsets[s + 1]``; `keys` (N,) are from `candidate_keys`. A
    session whose clean labels are all alike has nothing to drown and gets no noise.
    """
    result: Floats = np.clip(unclipped(clean, offsets, keys, noise), 0.0, 1.0)
    return result


def unclipped(clean: Floats, offsets: Ints, keys: Keys, noise: Noise | Mapping[str, Any]) -> Floats:
    """As `noisy`, before the clip; shape (N,)."""
    chosen = noise if isinstance(noise, Noise) else Noise.from_map(noise)
    if chosen.snr_db is None:
        return clean.copy()
    return clean + chosen.draw(keys) * deviations(clean, offsets, chosen)


def deviations(clean: Floats, offsets: Ints, noise: Noise | Mapping[str, Any]) -> Floats:
    """The standard deviation of the noise on each row, shape (N,)."""
    chosen = noise if isinstance(noise, Noise) else Noise.from_map(noise)
    sizes = np.diff(offsets)
    sums = session_sums(_centred(clean, offsets) ** 2, offsets)
    return np.repeat(np.sqrt(sums / np.maximum(sizes, 1)) * chosen.ratio, sizes)


def candidate_keys(world: World) -> Keys:
    """One key for each candidate: of its session's id and its memory's id under the seed; shape (N,).

    Two forks give one candidate the same key, so they share its noise.
    """
    rows, seed = world.candidate_memories, world.manifest.seed
    base = rng.key(seed, "noise", "memory")
    of_session = rng.keys(rng.key(seed, "noise", "session"), world.sessions["id"].tolist())
    # Both halves are mixed under keys of their own, and every draw mixes again what they join to.
    of_memory = rng.keys(base, [*world.memories["id"].tolist(), ""])[rows]
    missing = np.flatnonzero(rows < 0)
    if missing.size:
        of_memory[missing] = rng.keys(base, world.candidates["memory"][missing].tolist())
    of_memory ^= np.repeat(of_session, np.diff(world.offsets))
    return of_memory


def measured_snr(clean: Floats, labels: Floats, offsets: Ints) -> float:
    """The ratio found in labels, dB: pooled within-session variance of signal over that of noise.

    ``10 log10(sum (clean - mean)^2 / sum (error - mean)^2)``, where error is ``labels - clean`` and
    means are of the session. Infinite without noise; NaN where no session's labels differ.
    """
    return decibels(energy(clean, offsets), energy(labels - clean, offsets))


def energy(values: Floats, offsets: Ints) -> float:
    """The sum of squared distances to the mean of the session."""
    return float(np.sum(_centred(values, offsets) ** 2))


def decibels(signal: float, noise: float) -> float:
    """A ratio of energies in dB; infinite without noise, NaN without a signal."""
    if signal == 0.0:
        return math.nan
    return math.inf if noise == 0.0 else 10.0 * math.log10(signal / noise)


def session_sums(values: Floats, offsets: Ints) -> Floats:
    """The sum over each session's rows, shape (S,); 0 for an empty one."""
    sizes = np.diff(offsets)
    sums = np.zeros(len(sizes))
    filled = np.flatnonzero(sizes)
    if filled.size:
        sums[filled] = np.add.reduceat(values, offsets[filled])
    return sums


def _centred(values: Floats, offsets: Ints) -> Floats:
    sizes = np.diff(offsets)
    return values - np.repeat(session_sums(values, offsets) / np.maximum(sizes, 1), sizes)


# ── heavy tails ──────────────────────────────────────────────────────────────────────────────────

_ALPHA = 1.5
_STABLE_QUARTILE = 0.9688
"""Upper quartile of the symmetric stable law of index 1.5 and scale 1."""
_NORMAL_QUARTILE = 0.6744897501960817


def student(keys: Keys) -> Floats:
    """Student's t with 3 degrees of freedom over its standard deviation: ``N / sqrt(chi2_3 / 3) / sqrt(3)``."""
    squares = sum(rng.normal(keys, 0.0, 1.0, counter) ** 2 for counter in (1, 2, 3))
    return np.asarray(rng.normal(keys) / np.sqrt(squares / 3.0) / math.sqrt(3.0))


def levy(keys: Keys) -> Floats:
    """The symmetric stable law of index 1.5 with the interquartile range of N(0, 1).

    Chambers, Mallows and Stuck (1976): ``sin(a V) / cos(V)^(1/a) (cos((1 - a) V) / W)^((1 - a) / a)``, V uniform on
    (-pi/2, pi/2), W exponential.
    """
    v = (rng.uniform(keys, 0) - 0.5) * (1.0 - 1e-12)
    w = -rng.log(np.maximum(rng.uniform(keys, 1), 1e-300))
    turns = v / 2.0
    ratio = sine(0.25 + (1.0 - _ALPHA) * turns) / w
    power = (1.0 - _ALPHA) / _ALPHA
    spread = rng.exp(rng.log(sine(0.25 + turns)) / -_ALPHA + power * rng.log(ratio))
    return np.asarray(sine(_ALPHA * turns) * spread * (_NORMAL_QUARTILE / _STABLE_QUARTILE))


def quartile_ratio(clean: Floats, labels: Floats, offsets: Ints) -> float:
    """The signal-to-noise ratio of labels by the noise's interquartile range, dB: for laws without a variance.

    Noise is taken as normal with that range within each session, scaled as `noisy` scales it.
    """
    sizes = np.diff(offsets)
    spread = np.repeat(np.sqrt(session_sums(_centred(clean, offsets) ** 2, offsets) / np.maximum(sizes, 1)), sizes)
    there = spread > 0
    if not there.any():
        return math.nan
    low, high = np.quantile((labels - clean)[there] / spread[there], [0.25, 0.75])
    sd = float(high - low) / (2.0 * _NORMAL_QUARTILE)
    return math.inf if sd == 0.0 else -20.0 * math.log10(sd)
