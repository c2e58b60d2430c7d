"""How faithful one revision's sessions are to another's: every measure, beside what a split of the real ones gives.

The figure of an iid split is the best that a measure can show for so many sessions: a discriminative score
of 0 to within ``2 / sqrt(n)``. It stands beside each, so that no figure is read against an ideal that the
number of sessions does not allow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from memento import rng
from memento.errors import UsageError
from memento.render.rendering import Rendering
from memento.train.threads import one_thread
from memento.validate.fidelity import adversary, distance, marginal, neighbours
from memento.validate.fidelity import rows as compared

SESSIONS = 500
ROWS = 5_000

GOALS: dict[str, tuple[str, str]] = {
    "discriminative score": ("0", "how far a GRU gets from guessing which sessions are real"),
    "predictive error": ("as real", "error in telling the next label, learned here and asked on real sessions"),
    "two-sample AUC": (".5", "a linear judge over vectors of sessions"),
    "propensity error": ("0", "mean squared error of that judge's probabilities"),
    "column shapes": ("1", "mean of Kolmogorov-Smirnov and total variation complements"),
    "pair trends": ("1", "mean similarity of correlations and contingencies"),
    "quality score": ("1", "mean of shapes and trends"),
    "range coverage": ("1", "how much of each real range is spanned"),
    "category coverage": ("1", "share of the categories of flags"),
    "boundary adherence": ("1", "share of values within the real range"),
    "new rows": ("1", "share of candidates that no real one equals"),
    "alpha-precision": ("1", "synthetic sessions lie where real ones do"),
    "beta-recall": ("1", "real sessions have synthetic ones near"),
    "authenticity": ("as real", "share of synthetic sessions that are no copies"),
    "density": ("1", "how crowded synthetic sessions lie around real ones"),
    "coverage": ("1", "share of real sessions with a synthetic one near"),
    "closest record": ("1", "median distance to the nearest real session, over that among real ones"),
    "MMD": ("0", "squared maximum mean discrepancy, median Gaussian kernel"),
    "sliced Wasserstein": ("0", "mean distance moved over 100 directions, in deviations"),
    "autocorrelation error": ("0", "of vectors from session to session, lags 1 to 5"),
    "transition error": ("0", "of moves between eight kinds of sessions"),
}
"""What each measure should be, and what it is."""


@dataclass(frozen=True)
class Fidelity:
    """Measures of synthetic sessions against real ones, and of one half of the real ones against the other.

    `columns` has the shape score of every column; `sessions` how many of each were compared.
    """

    measures: dict[str, float]
    calibration: dict[str, float]
    columns: dict[str, float] = field(default_factory=dict)
    sessions: int = 0

    def to_map(self) -> dict[str, Any]:
        """Plain values; NaN is None."""
        return {
            "sessions": self.sessions,
            "measures": _plain(self.measures),
            "calibration": _plain(self.calibration),
            "columns": _plain(self.columns),
        }


@one_thread()
def fidelity(real: Rendering, synthetic: Rendering, steps: int = adversary.STEPS, seed: int = 0) -> Fidelity:
    """Compare two renderings; `steps` are those of the judges that learn.

    Raises `UsageError` for fewer than twenty real or ten synthetic sessions.
    """
    if len(real) < 20 or len(synthetic) < 10:
        raise UsageError(
            f"{len(real)} real and {len(synthetic)} synthetic sessions are too few to compare",
            "compare twenty real ones or more with ten synthetic ones or more",
        )
    drawn = rng.permutation(rng.key(seed, "fidelity", "halves"), len(real))
    halves = [real.select(np.sort(drawn[start::2])) for start in (0, 1)]
    measures, columns, sessions = _measure(real, synthetic, steps, seed)
    calibration, _, _ = _measure(halves[0], halves[1], steps, seed)
    return Fidelity(measures, calibration, columns, sessions)


def _measure(
    real: Rendering, synthetic: Rendering, steps: int, seed: int
) -> tuple[dict[str, float], dict[str, float], int]:
    truth, made = compared.columns(real), compared.columns(synthetic)
    columns = marginal.shape(truth, made)
    numbers = [(a.values, b.values) for a, b in zip(truth, made, strict=True) if not a.flag]
    flags = [(a.values, b.values) for a, b in zip(truth, made, strict=True) if a.flag]
    rows_real, kinds = compared.rows(real, ROWS, seed)
    rows_made, _ = compared.rows(synthetic, ROWS, seed)
    shapes, trends = float(np.mean(list(columns.values()))), marginal.trend(rows_real, rows_made, kinds)
    before, after = compared.standard(compared.vectors(real), compared.vectors(synthetic))
    a, b = compared.equal(before, after, SESSIONS, seed)
    true, told = compared.standard(compared.series(real), compared.series(synthetic))
    series = compared.equal(true, told, 4 * SESSIONS, seed)
    sample = adversary.two_sample(a, b, seed)
    precision, recall = neighbours.precision_recall(a, b)
    density, coverage = neighbours.density_coverage(a, b)
    spans = [marginal.range_coverage(x, y) for x, y in numbers]
    measures = {
        "discriminative score": adversary.discriminative(*series, steps, seed).score,
        "predictive error": adversary.predictive(series[1], series[0], steps, seed),
        "two-sample AUC": sample.auc,
        "propensity error": sample.propensity,
        "column shapes": shapes,
        "pair trends": trends,
        "quality score": float(np.nanmean([shapes, trends])),
        "range coverage": float(np.nanmean(spans)) if np.isfinite(spans).any() else float("nan"),
        "category coverage": float(np.mean([marginal.category_coverage(x, y) for x, y in flags])),
        "boundary adherence": float(np.mean([marginal.boundary_adherence(x, y) for x, y in numbers])),
        "new rows": neighbours.new_rows(rows_real[:2_000], rows_made[:1_000]),
        "alpha-precision": precision,
        "beta-recall": recall,
        "authenticity": neighbours.authenticity(a, b),
        "density": density,
        "coverage": coverage,
        "closest record": neighbours.closest_record(a, b),
        "MMD": distance.mmd(a, b),
        "sliced Wasserstein": distance.sliced_wasserstein(a, b, seed),
        "autocorrelation error": distance.autocorrelation_error(before, after),
        "transition error": distance.transition_error(before, after, seed=seed),
    }
    return measures, columns, len(a)


def _plain(values: dict[str, float]) -> dict[str, float | None]:
    return {name: value if np.isfinite(value) else None for name, value in values.items()}
