"""Forks in simulated time, and what differs between them: the effect of a cause."""

from __future__ import annotations

from memento.causes.timelines import Replayed, Timelines

__all__ = ["Replayed", "Timelines"]
