"""A curriculum over worlds: what is told of the scorer after each phase."""

from __future__ import annotations

import numpy as np
from train.conftest import toy

from memento.measure import phases
from memento.train.batches import Resident
from memento.validate import metrics


def test_a_stage_is_told_of_the_scorer_that_would_be_kept() -> None:
    """With a running mean of the weights that is the mean, not where the weights stand."""
    easy, hard, held = (toy(sessions=20, seed=seed) for seed in (1, 2, 3))
    course = phases.run({"easy": [easy], "hard": [hard]}, ["a", "b"], {"easy": [held], "hard": [held]}, (0.5,), 6)
    told = [stage.figures["hard"].value for stage in course.stages]
    scores = Resident([held]).score(course.run.scorer)
    assert course.run.config.average > 0
    assert len(course.run.history) == len(told)
    assert told[course.run.best] == np.nanmean(metrics.table(scores, held.labels, held.offsets)["ndcg"])
