"""The baseline that offers: it knows what was consumed lately and what documents look like, not their quality.

Its estimate of an interest is the mean of the features of the last ten that were consumed, as RecSim NG's finite
history of observations (Mladenov et al. 2021, entities/state_models/estimation.py); a document's score is its affinity
to that plus its observable importance.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento.population.story import Draw
from memento.population.user import affinity

Floats = npt.NDArray[np.float64]
HISTORY = 10


def remembered(history: Floats, features: Floats, consumed: npt.NDArray[np.bool_]) -> Floats:
    """The history, shape (A, HISTORY, T) with NaN for nothing, after what each agent consumed: features (A, T)."""
    longer = np.concatenate([history[:, 1:], features[:, None]], axis=1)
    return np.where(consumed[:, None, None], longer, history)


def estimate(history: Floats) -> Floats:
    """The interest that a history tells of, shape (A, T); 0 without one."""
    known = ~np.isnan(history)
    total, count = np.zeros(history[:, 0].shape), np.zeros(history[:, 0].shape)
    for place in range(history.shape[1]):
        total = total + np.where(known[:, place], history[:, place], 0.0)
        count = count + known[:, place]
    return total / np.maximum(count, 1.0)


def offer(
    draw: Draw, estimated: Floats, features: Floats, importance: Floats, size: int, explored: int
) -> npt.NDArray[np.int64]:
    """The documents that each agent is offered, shape (A, size): the best by score, then `explored` at random."""
    score = affinity(estimated, features) + importance[None]
    best = np.argsort(-score, axis=1, kind="stable")[:, : size - explored]
    chance = draw.uniform("explored", *score.shape)
    np.put_along_axis(chance, best, 2.0, axis=1)
    others = np.argsort(chance, axis=1, kind="stable")[:, :explored]
    return np.concatenate([best, others], axis=1)
