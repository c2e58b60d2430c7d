"""How alike the columns of two renderings are, one by one and in pairs (SDMetrics' definitions).

Patki, Wedge and Veeramachaneni 2016, "The Synthetic Data Vault"; SDMetrics 0.32 for the scores. 1 is best.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from memento.validate.fidelity.rows import Floats, Values

BINS = 10


def ks_complement(real: Floats, synthetic: Floats) -> float:
    """One less the largest distance of two distribution functions: ``1 - sup |F - G|``."""
    points = np.concatenate([real, synthetic])
    below = [np.searchsorted(np.sort(values), points, side="right") / len(values) for values in (real, synthetic)]
    return 1.0 - float(np.abs(below[0] - below[1]).max())


def tv_complement(real: Floats, synthetic: Floats) -> float:
    """One less the total variation of two shares of categories: ``1 - sum |p - q| / 2``."""
    known = np.unique(np.concatenate([real, synthetic]))
    shares = [(values[:, None] == known).mean(axis=0) for values in (real, synthetic)]
    return 1.0 - 0.5 * float(np.abs(shares[0] - shares[1]).sum())


def range_coverage(real: Floats, synthetic: Floats) -> float:
    """How much of the real range the synthetic values span; NaN where the real ones never vary."""
    low, high = float(real.min()), float(real.max())
    if high <= low:
        return float("nan")
    missing = max(0.0, float(synthetic.min()) - low) + max(0.0, high - float(synthetic.max()))
    return max(0.0, 1.0 - missing / (high - low))


def boundary_adherence(real: Floats, synthetic: Floats) -> float:
    """The share of synthetic values within the real range."""
    return float(((synthetic >= real.min()) & (synthetic <= real.max())).mean())


def category_coverage(real: Floats, synthetic: Floats) -> float:
    """The share of the real categories that the synthetic values have."""
    return float(np.isin(np.unique(real), np.unique(synthetic)).mean())


def correlation_similarity(real: Floats, synthetic: Floats) -> float:
    """``1 - |r - s| / 2`` of the two correlations of a pair of columns, (n, 2); NaN where one is not defined."""
    found = []
    for table in (real, synthetic):
        deviation = table.std(axis=0)
        if not (deviation > 1e-12).all():
            return float("nan")
        centred = table - table.mean(axis=0)
        found.append(float((centred[:, 0] * centred[:, 1]).mean() / deviation.prod()))
    return 1.0 - abs(found[0] - found[1]) / 2.0


def contingency_similarity(real: Floats, synthetic: Floats) -> float:
    """One less the total variation of two tables of counts, of pairs of categories (n, 2)."""
    pairs = np.unique(np.concatenate([real, synthetic]), axis=0)
    code = {tuple(pair): place for place, pair in enumerate(pairs.tolist())}
    shares = []
    for table in (real, synthetic):
        places = [code[tuple(pair)] for pair in table.tolist()]
        shares.append(np.bincount(places, minlength=len(code)) / max(1, len(places)))
    return 1.0 - 0.5 * float(np.abs(shares[0] - shares[1]).sum())


def shape(real: Sequence[Values], synthetic: Sequence[Values]) -> dict[str, float]:
    """The score of every column by its name: Kolmogorov-Smirnov, or total variation for flags."""
    return {
        a.name: (tv_complement if a.flag else ks_complement)(a.values, b.values)
        for a, b in zip(real, synthetic, strict=True)
    }


def trend(real: Floats, synthetic: Floats, flags: Sequence[bool]) -> float:
    """The mean similarity of all pairs of columns of two tables (n, K); NaN where no pair varies.

    Two numbers by their correlation; a pair with a flag by its contingency, numbers cut at ten equal steps of
    the real range.
    """
    scores = []
    cut_real, cut_synthetic = _cut(real, real, flags), _cut(real, synthetic, flags)
    for a, b in combinations(range(len(flags)), 2):
        if flags[a] or flags[b]:
            if np.ptp(cut_real[:, a]) == 0 and np.ptp(cut_synthetic[:, a]) == 0:
                continue
            if np.ptp(cut_real[:, b]) == 0 and np.ptp(cut_synthetic[:, b]) == 0:
                continue
            scores.append(contingency_similarity(cut_real[:, [a, b]], cut_synthetic[:, [a, b]]))
        else:
            scores.append(correlation_similarity(real[:, [a, b]], synthetic[:, [a, b]]))
    known = [score for score in scores if np.isfinite(score)]
    return float(np.mean(known)) if known else float("nan")


def _cut(real: Floats, table: Floats, flags: Sequence[bool]) -> npt.NDArray[np.float64]:
    found = np.empty_like(table)
    for place, flag in enumerate(flags):
        if flag:
            found[:, place] = table[:, place]
            continue
        edges = np.linspace(real[:, place].min(), real[:, place].max(), BINS + 1)[1:-1]
        found[:, place] = np.searchsorted(edges, table[:, place], side="right")
    return found
