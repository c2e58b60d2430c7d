"""A scenario's parameters estimated from the history of a world, one file for each part of it."""

from __future__ import annotations

from memento.synthesis.fit.estimate import Estimate
from memento.synthesis.fit.fit import Fit, fit

__all__ = ["Estimate", "Fit", "fit"]
