"""What nearest neighbours tell of two sets of points, rows of one number of standardised columns each.

Kynkäänniemi et al. 2019 and Naeem et al. 2020 (precision, recall, density, coverage); Alaa et al. 2022,
"How Faithful is your Synthetic Data?" (alpha-precision, beta-recall, authenticity), with the mean as the
centre in place of a learned sphere. Pitfall: all of them shrink with the number of columns and change with
the number of points, so compare equal numbers, beside what a split of the real points gives.
"""

from __future__ import annotations

import numpy as np

from memento.validate.fidelity.rows import Floats

K = 5
STEPS = 20


def distances(a: Floats, b: Floats) -> Floats:
    """Euclidean distances of every row of `a` to every row of `b`, shape (N, M)."""
    squares = (a**2).sum(axis=1)[:, None] - 2.0 * a @ b.T + (b**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def radii(points: Floats, k: int = K) -> Floats:
    """The distance of each point to its k-th nearest other one, shape (N,)."""
    apart = distances(points, points)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(np.partition(apart, min(k, len(points) - 1) - 1, axis=1)[:, min(k, len(points) - 1) - 1])


def density_coverage(real: Floats, synthetic: Floats, k: int = K) -> tuple[float, float]:
    """How crowded synthetic points lie around real ones (1 where alike), and the share of real points with one near."""
    reach = radii(real, k)
    inside = distances(synthetic, real) <= reach
    return float(inside.sum(axis=1).mean() / k), float(inside.any(axis=0).mean())


def precision_recall(real: Floats, synthetic: Floats, k: int = K) -> tuple[float, float]:
    """Alpha-precision and beta-recall, each ``1 - 2 integral |share - level|`` over levels from 0 to 1.

    For the first, the share of synthetic points within the ball about the real centre that holds a level of the
    real ones; for the second, the share of real points whose nearest synthetic one, of those in the ball that
    holds a level of the synthetic ones, is nearer than their own k-th real neighbour.
    """
    levels = (np.arange(STEPS) + 0.5) / STEPS
    centre = real.mean(axis=0)
    outward = np.sqrt(((real - centre) ** 2).sum(axis=1))
    reached = np.sqrt(((synthetic - centre) ** 2).sum(axis=1))
    precision = np.array([(reached <= np.quantile(outward, level)).mean() for level in levels])
    own = synthetic.mean(axis=0)
    away = np.sqrt(((synthetic - own) ** 2).sum(axis=1))
    apart, reach = distances(real, synthetic), radii(real, k)
    recall = np.empty(STEPS)
    for place, level in enumerate(levels):
        inside = away <= np.quantile(away, level)
        recall[place] = (apart[:, inside].min(axis=1) <= reach).mean() if inside.any() else 0.0
    return tuple(float(1.0 - 2.0 * np.abs(share - levels).mean()) for share in (precision, recall))  # type: ignore[return-value]


def authenticity(real: Floats, synthetic: Floats) -> float:
    """The share of synthetic points farther from the nearest real one than that one is from its own nearest."""
    apart = distances(synthetic, real)
    nearest = apart.argmin(axis=1)
    return float((apart[np.arange(len(synthetic)), nearest] > radii(real, 1)[nearest]).mean())


def closest_record(real: Floats, synthetic: Floats) -> float:
    """The median distance of synthetic points to the nearest real one, over that among the real ones themselves."""
    own = float(np.median(radii(real, 1)))
    found = float(np.median(distances(synthetic, real).min(axis=1)))
    return found / own if own > 0 else float("nan")


def new_rows(real: Floats, synthetic: Floats, tolerance: float = 0.01) -> float:
    """The share of synthetic rows that no real row equals within a share `tolerance` of every value."""
    fresh = 0
    for row in synthetic:
        fresh += not bool((np.abs(real - row) <= tolerance * np.abs(real) + 1e-12).all(axis=1).any())
    return fresh / max(1, len(synthetic))
