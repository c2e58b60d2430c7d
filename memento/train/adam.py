"""Adam with decoupled decay of weights, a step of all parameters in one call of torch's fused kernel.

Kingma and Ba 2015; Loshchilov and Hutter 2019. To the bit what ``torch.optim.AdamW(fused=True)`` does, without the
checks, hooks and groups that it goes through in Python each step: with sixty small parameters they take longer than
the arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.999)
EPSILON = 1e-8
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What is kept of a parameter, by torch's names: how many steps it took, the means of its gradient and its square."""


class Adam:
    """Takes steps of `parameters`, with their `decay` a step as a share of the rate.

    `state` has the moments of each parameter from its first step on, by the names of `MOMENTS`.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], decay: float = 0.0) -> None:
        self.parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self.decay = decay
        self._one = torch.ones(())  # wrapped once
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}

    def zero_grad(self) -> None:
        """Takes away all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self, rate: float | Tensor) -> None:
        """One step at a rate, which may be a scalar on the device; a parameter without a gradient stays as it is."""
        moved = [parameter for parameter in self.parameters if parameter.grad is not None]
        if not moved:
            return
        held = [self.state.get(parameter) or self._begun(parameter) for parameter in moved]
        steps, means, squares = ([each[moment] for each in held] for moment in MOMENTS)
        grads = [parameter.grad for parameter in moved if parameter.grad is not None]
        lr: Any = rate  # torch types its two overloads apart
        with torch.no_grad():
            torch._foreach_add_(steps, self._one)
            torch._fused_adamw_(
                [*moved], grads, means, squares, [], steps,
                lr=lr, beta1=BETAS[0], beta2=BETAS[1], weight_decay=self.decay, eps=EPSILON,
                amsgrad=False, maximize=False,
            )  # fmt: skip

    def _begun(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        zeros = [parameter.new_zeros((), dtype=torch.float32), *(torch.zeros_like(parameter) for _ in BETAS)]
        self.state[parameter] = dict(zip(MOMENTS, zeros))
        return self.state[parameter]
