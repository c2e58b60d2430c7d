"""Which of two answers is preferred: experiments as branches."""

from __future__ import annotations

from memento.preference.experiment import Experiment, Experiments

__all__ = ["Experiment", "Experiments"]
