"""What a step minimises."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from memento.models.base import Batch, Model
from memento.train.config import Config
from memento.train.losses import CATALOG

Objective = Callable[[Model, Batch], Tensor]
"""The mean loss a session of a model on a batch; a scalar.

It may depend on nothing else but draws of torch's generator, which the loop seeds by epoch, and on the opponents of
the epoch where there are any.
"""


def objective_of(config: Config) -> Objective:
    """The objective that the options name."""

    measure = CATALOG[config.loss]

    def loss(model: Model, batch: Batch) -> Tensor:
        assert batch.labels is not None
        found: Tensor = measure(model(batch), batch.labels, batch.mask, config.temperature)
        return found

    return loss
