"""The running mean of a scorer's weights, which is judged and kept in place of the last ones.

Exponential averaging of the path of the weights (Polyak and Juditsky 1992; Tarvainen and Valpola 2017):
what noise in labels pushes back and forth cancels, what they have in common stays.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from memento.models.base import Model


class Average:
    """The mean of `scorer` over the last ``1 / (1 - decay)`` steps or so; over all of them while they are few."""

    def __init__(self, scorer: Model, decay: float) -> None:
        self.decay = decay
        self.scorer = copy.deepcopy(scorer)
        self._mean = [parameter.detach() for parameter in self.scorer.parameters()]
        self._last = [parameter.detach() for parameter in scorer.parameters()]

    def weight(self, step: int) -> float:
        """How much the weights after `step`, counted from 0 since training began, count in the mean."""
        return 1.0 - min(self.decay, (step + 1) / (step + 11))

    def update(self, weight: float | Tensor) -> None:
        """Take in the weights as they are, by what `weight` gave; on a device it may be a scalar there."""
        if isinstance(weight, Tensor):
            apart = torch._foreach_sub(self._last, self._mean)
            torch._foreach_mul_(apart, weight)
            torch._foreach_add_(self._mean, apart)
        else:
            torch._foreach_lerp_(self._mean, self._last, weight)
