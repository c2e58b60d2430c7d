"""Judging a scorer: metrics, intervals, ceilings, canaries and one report of all."""

from __future__ import annotations

from memento.validate.evaluate import Report, evaluate

__all__ = ["Report", "evaluate"]
