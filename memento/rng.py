"""Random draws that are a function of a key and a counter, never of the order of calls.

A draw is ``f(key, counter)``: the key names what the draw is for (a seed and a path of texts and
numbers), the counter tells several draws for one thing apart. So a record's draws stay what they
are when other records come or go. Every function works on arrays of keys, any shape, and uses
exactly one counter of each key, whatever the distribution.

The bits are SplitMix64's (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
generators"), with the key as its starting state. Floats come from integer operations, from
``+ - * /``, square roots and comparisons, each correctly rounded under IEEE 754 and done one
numpy operation at a time, so equal keys give equal bits on every machine. `exp` and `log` are
fdlibm's (Sun Microsystems 1993) under the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11, _S32 = (np.uint64(n) for n in (27, 30, 31, 11, 32))
_ULP = 2.0**-53
MAX_POISSON_MEAN = 500.0


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────


def key(seed: int, *path: str | int) -> int:
    """The 64-bit key of a path under a seed; ``("a", "b")`` and ``("ab",)`` differ, and so do 1 and "1"."""
    digest = blake2b(digest_size=8)
    for part in (seed, *path):
        kind = b"s" if isinstance(part, str) else b"i"
        data = (part if isinstance(part, str) else str(int(part))).encode()
        digest.update(kind + len(data).to_bytes(4, "big") + data)
    return int.from_bytes(digest.digest(), "big")


def hashes(ids: Sequence[str]) -> Keys:
    """64 bits of BLAKE2b (RFC 7693) of each id, shape (N,); not to be written to, for the last few are kept."""
    return _hashes(tuple(ids))


@lru_cache(8)
def _hashes(ids: tuple[str, ...]) -> Keys:
    data = b"".join(blake2b(i.encode(), digest_size=8).digest() for i in ids)
    found = np.frombuffer(data, ">u8").astype(np.uint64)
    found.flags.writeable = False
    return found


def keys(base: int, ids: Sequence[str]) -> Keys:
    """One key for each id under a base key, shape (N,); equals ``pair_keys(base, hashes(ids))``."""
    return pair_keys(base, hashes(ids))


def pair_keys(a: Keys | int, b: Keys | int) -> Keys:
    """The keys of ordered pairs, in the shape that `a` and `b` broadcast to."""
    return bits(_as_keys(a) ^ bits(b, 1), 2)


def _as_keys(value: Keys | int) -> Keys:
    if isinstance(value, int):
        value = np.uint64(value & _MASK)  # type: ignore[assignment]
    return np.asarray(value, np.uint64)


# ── bits and uniforms ────────────────────────────────────────────────────────────────────────────


def bits(keys: Keys | int, counter: int = 0) -> Keys:
    """64 random bits for each key, in the shape of `keys`."""
    given = _as_keys(keys)
    state = given.reshape(-1) + np.uint64((counter + 1) * _GAMMA & _MASK)
    state ^= state >> _S30
    state *= _M1
    state ^= state >> _S27
    state *= _M2
    state ^= state >> _S31
    return state.reshape(given.shape)


def uniform(keys: Keys | int, counter: int = 0) -> Floats:
    """Uniform on [0, 1), multiples of 2**-53."""
    return (bits(keys, counter) >> _S11).astype(np.float64) * _ULP


def _open(keys: Keys | int, counter: int) -> Floats:
    """Uniform on (0, 1), odd multiples of 2**-53: never 0 or 1, symmetric about one half."""
    return (bits(keys, counter) >> np.uint64(12)).astype(np.float64) * (2 * _ULP) + _ULP


def integers(keys: Keys | int, bound: int | Ints, counter: int = 0) -> Ints:
    """Uniform on 0 .. bound - 1, for bounds from 1 to 2**32 (bias below 2**-32 a value)."""
    high = bits(keys, counter) >> _S32
    scaled = high * np.asarray(bound, np.int64).astype(np.uint64)
    return np.asarray(scaled >> _S32).astype(np.int64)


def bernoulli(keys: Keys | int, p: float | Floats, counter: int = 0) -> npt.NDArray[np.bool_]:
    """True with probability `p`; raising `p` only turns False into True."""
    return np.asarray(uniform(keys, counter) < p)


# ── distributions ────────────────────────────────────────────────────────────────────────────────


def normal(keys: Keys | int, mean: float | Floats = 0.0, sd: float | Floats = 1.0, counter: int = 0) -> Floats:
    """Normal, by inversion."""
    return normal_quantile(_open(keys, counter)) * sd + mean


def laplace(keys: Keys | int, mean: float = 0.0, scale: float = 1.0, counter: int = 0) -> Floats:
    """Laplace with variance ``2 * scale**2``, by inversion."""
    half = _open(keys, counter) - 0.5
    return np.where(half < 0, 1.0, -1.0) * log(1.0 - 2.0 * np.abs(half)) * scale + mean


def exponential(keys: Keys | int, mean: float = 1.0, counter: int = 0) -> Floats:
    """Exponential, by inversion."""
    return -log(_open(keys, counter)) * mean


def lognormal(keys: Keys | int, mu: float = 0.0, sigma: float = 1.0, counter: int = 0) -> Floats:
    """Log-normal with parameters of the logarithm."""
    return exp(normal(keys, mu, sigma, counter))


def lognormal_of_moments(mean: float, sd: float) -> tuple[float, float]:
    """The parameters (mu, sigma) of the log-normal whose own mean and standard deviation are given."""
    spread = float(log(1.0 + (sd * sd) / (mean * mean)))
    return float(log(mean)) - spread / 2, float(np.sqrt(spread))


def mixture(
    keys: Keys | int, means: Sequence[float], sds: Sequence[float], weights: Sequence[float], counter: int = 0
) -> Floats:
    """Normal mixture; the component is chosen in proportion to `weights`."""
    below = bits(keys, counter)
    part = choice(below, weights)
    return normal(below, np.asarray(means, np.float64)[part], np.asarray(sds, np.float64)[part], 1)


def gamma(keys: Keys | int, shape: float, counter: int = 0) -> Floats:
    """Gamma with unit scale (Marsaglia and Tsang 2000), its rejections keyed by attempt."""
    given = bits(keys, counter)
    below = given.reshape(-1)
    boosted = shape if shape >= 1 else shape + 1
    d = boosted - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    result = np.empty(len(below))
    open_rows = np.arange(len(below))
    attempt = 0
    while open_rows.size:
        state = below[open_rows]
        x = normal(state, counter=2 * attempt)
        u = _open(state, 2 * attempt + 1)
        v = 1.0 + c * x
        positive = v > 0
        v = v * v * v
        bound = 0.5 * x * x + d - d * v + d * log(np.where(positive, v, 1.0))
        accepted = positive & (log(u) < bound)
        result[open_rows[accepted]] = d * v[accepted]
        open_rows = open_rows[~accepted]
        attempt += 1
    if shape < 1:
        result *= exp(log(_open(bits(below, 0), 0)) / shape)
    return result.reshape(given.shape)


def beta(keys: Keys | int, a: float, b: float, counter: int = 0) -> Floats:
    """Beta on [0, 1]: the a-th smallest of a + b - 1 uniforms where both are small whole numbers, else by gammas."""
    below = bits(keys, counter)
    if a == int(a) and b == int(b) and 2 <= a + b <= 33:
        draws = np.stack([_open(below, n) for n in range(int(a + b) - 1)])
        return np.asarray(np.sort(draws, axis=0)[int(a) - 1])
    x, y = gamma(below, a, 0), gamma(below, b, 1)
    total = x + y
    return np.where(total > 0, x / np.where(total > 0, total, 1.0), 0.5)


def zipf(keys: Keys | int, alpha: float, limit: int, counter: int = 0) -> Ints:
    """Zipf on 1 .. limit, with probability in proportion to ``k**-alpha``."""
    table = _zipf_table(float(alpha), int(limit))
    return np.asarray(np.searchsorted(table, uniform(keys, counter) * table[-1], side="right").astype(np.int64)) + 1


@lru_cache(maxsize=32)
def _zipf_table(alpha: float, limit: int) -> Floats:
    return np.cumsum(exp(-alpha * log(np.arange(1, limit + 1, dtype=np.float64))))


def poisson(keys: Keys | int, mean: float | Floats, counter: int = 0) -> Ints:
    """Poisson by inversion, so that raising `mean` never lowers a draw; `mean` is at most `MAX_POISSON_MEAN`."""
    u = uniform(keys, counter)
    shape = np.broadcast_shapes(u.shape, np.shape(mean))
    target = np.broadcast_to(u, shape).reshape(-1)
    rate = np.broadcast_to(np.asarray(mean, np.float64), shape).reshape(-1)
    if rate.size and not (rate.min() >= 0 and rate.max() <= MAX_POISSON_MEAN):
        raise ValueError(f"a Poisson mean lies from 0 to {MAX_POISSON_MEAN:g}")
    counts = np.zeros(len(target), np.int64)
    term = exp(-rate)
    total = term.copy()
    rows = np.flatnonzero(target >= total)
    number = 0
    while rows.size:
        number += 1
        term[rows] *= rate[rows] / number
        before = total[rows]
        total[rows] = before + term[rows]
        counts[rows] = number
        going = (target[rows] >= total[rows]) & ((total[rows] > before) | (number < rate[rows]))
        rows = rows[going]
    return counts.reshape(shape)


def choice(keys: Keys | int, weights: npt.ArrayLike, counter: int = 0) -> Ints:
    """An index with probability in proportion to `weights`, shape (K,) for all keys or (N, K) by row."""
    cumulative = np.cumsum(np.asarray(weights, np.float64), axis=-1)
    u = uniform(keys, counter)
    if cumulative.ndim == 1:
        found = np.searchsorted(cumulative, u * cumulative[-1], side="right")
        return np.asarray(np.minimum(found, len(cumulative) - 1), np.int64)
    below = cumulative <= (u * cumulative[:, -1])[:, None]
    return np.asarray(np.minimum(np.count_nonzero(below, axis=1), cumulative.shape[1] - 1), np.int64)


def priorities(keys: Keys | int, weights: npt.ArrayLike | None = None, counter: int = 0) -> Floats:
    """A rank for each key: taking the smallest k draws k without replacement.

    With `weights` the draw is in proportion to them, one after the other (Efraimidis and Spirakis
    2006); weight 0 is taken last. Adding or removing a key leaves the order of the others.
    """
    if weights is None:
        return uniform(keys, counter)
    weight = np.asarray(weights, np.float64)
    waits = exponential(keys, counter=counter)
    return np.where(weight > 0, waits / np.where(weight > 0, weight, 1.0), np.inf)


def sample(keys: Keys, count: int, weights: npt.ArrayLike | None = None, counter: int = 0) -> Ints:
    """The positions of `count` of the keys, shape (min(count, N),), drawn without replacement, in order of drawing."""
    order = np.argsort(priorities(keys, weights, counter), kind="stable")
    return order[:count].astype(np.int64)


def permutation(key: int, size: int) -> Ints:
    """The numbers 0 .. size - 1 in an order drawn under one key."""
    return np.argsort(bits(pair_keys(key, np.arange(size, dtype=np.uint64))), kind="stable").astype(np.int64)


# ── functions from IEEE operations ───────────────────────────────────────────────────────────────

_LN2_HI, _LN2_LO, _LOG2E = 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.44269504088896338700e00
_EXP = (
    1.66666666666666019037e-01,
    -2.77777777770155933842e-03,
    6.61375632143793436117e-05,
    -1.65339022054652515390e-06,
    4.13813679705723846039e-08,
)
_LOG = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
_SQRT_HALF = 0.7071067811865476


def exp(x: npt.ArrayLike) -> Floats:
    """e**x within 1 unit in the last place; 0 below -745.2, infinity above 709.8 (fdlibm `e_exp.c`)."""
    given = np.asarray(x, np.float64)
    value = np.clip(given.reshape(-1), -746.0, 710.0)
    k = np.rint(value * _LOG2E)
    high = value - k * _LN2_HI
    low = k * _LN2_LO
    r = high - low
    t = r * r
    c = r - t * _horner(_EXP, t)
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    half = np.floor(k * 0.5)
    with np.errstate(over="ignore", under="ignore"):
        return (y * _power_of_two(half) * _power_of_two(k - half)).reshape(given.shape)


def log(x: npt.ArrayLike) -> Floats:
    """The natural logarithm within 1 unit in the last place; -infinity at 0, NaN below (fdlibm `e_log.c`)."""
    given = np.asarray(x, np.float64)
    value = given.reshape(-1)
    odd = ~((value > 0) & (value < np.inf))
    mantissa, exponent = np.frexp(np.where(odd, 1.0, value))
    small = mantissa < _SQRT_HALF
    f = np.where(small, mantissa + mantissa, mantissa) - 1.0
    k = exponent.astype(np.float64) - small
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    r = z * _horner(_LOG[0::2], w) + w * _horner(_LOG[1::2], w)
    half = 0.5 * f * f
    result = k * _LN2_HI - ((half - (s * (half + r) + k * _LN2_LO)) - f)
    if odd.any():
        result[odd] = np.where(value[odd] == 0, -np.inf, np.where(value[odd] > 0, np.inf, np.nan))
    return result.reshape(given.shape)


def power(base: float, exponent: npt.ArrayLike) -> Floats:
    """``base**exponent`` for a positive base, as ``exp(exponent * log(base))``."""
    return exp(np.asarray(exponent, np.float64) * float(log(base)))


def _power_of_two(k: Floats) -> Floats:
    return ((k.astype(np.int64) + 1023) << 52).view(np.float64)


def _horner(coefficients: Sequence[float], x: Floats) -> Floats:
    """The polynomial with coefficients from the constant term up."""
    result = np.full(x.shape, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result *= x
        result += coefficient
    return result


_AS241 = {
    "a": (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    "b": (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
    "c": (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    "d": (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
    "e": (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    "f": (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
}


def normal_quantile(p: Floats) -> Floats:
    """The standard normal quantile, relative error about 1e-16 (AS 241, PPND16; Wichura 1988)."""
    given = p.shape
    p = p.reshape(-1)
    q = p - 0.5
    r = 0.180625 - q * q
    result = q * _horner(_AS241["a"], r) / _horner(_AS241["b"], r)
    tail = np.flatnonzero(np.abs(q) > 0.425)
    if tail.size:
        side = q[tail]
        r = np.sqrt(-log(np.where(side < 0, p[tail], 1.0 - p[tail])))
        near, far = r - 1.6, r - 5.0
        value = np.where(
            r <= 5.0,
            _horner(_AS241["c"], near) / _horner(_AS241["d"], near),
            _horner(_AS241["e"], far) / _horner(_AS241["f"], far),
        )
        result[tail] = np.where(side < 0, -value, value)
    return result.reshape(given)
