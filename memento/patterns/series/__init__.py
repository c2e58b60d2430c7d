"""Series with known structure and known best forecasts: trends, waves, dependencies.

Definitions and the protocol of their optima are those of SynTSBench (Tan et al. 2025, arXiv 2510.20273; github
TanQitai/SynTSBench). A series is standardised by its training part, and its optimum is the mean squared error of
the best forecast over a horizon: 0 where nothing is drawn.
"""

from __future__ import annotations

from memento.patterns.series import dependencies, periodic, trends
from memento.patterns.series.series import Series, floor

__all__ = ["SERIES", "Series", "floor"]

SERIES: dict[str, Series] = {
    series.name: series for part in (trends.SERIES, periodic.SERIES, dependencies.SERIES) for series in part
}
"""Every series of one variable by name."""
