"""What cells can express: small networks trained on tasks with known answers, beside what theory says."""

from __future__ import annotations

from memento.measure.expressivity.experiment import LEARNED, Outcome, Trial, compare, train
from memento.measure.expressivity.theory import ROWS, SETTINGS, Row, Setting

__all__ = ["LEARNED", "ROWS", "SETTINGS", "Outcome", "Row", "Setting", "Trial", "compare", "train"]
