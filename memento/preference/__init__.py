"""Which of two answers is preferred: experiments as branches."""

from __future__ import annotations

from memento.preference.experiment import VERBS, Experiment, Experiments

__all__ = ["VERBS", "Experiment", "Experiments"]
