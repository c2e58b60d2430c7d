"""Fidelity of synthetic sessions to real ones."""

from __future__ import annotations

from memento.validate.fidelity.fidelity import GOALS, Fidelity, fidelity

__all__ = ["GOALS", "Fidelity", "fidelity"]
