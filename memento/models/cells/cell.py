"""What a cell is given and what it gives back.

Shapes: B sequences in a batch, T steps, W numbers a step.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from memento.errors import UsageError

BLOCK = 16
State = Tensor | tuple[Tensor, ...]
"""What is carried from step to step; B is the first dimension of each part."""


class Cell(nn.Module):
    """A causal map of sequences, in parallel by calling it or one step at a time by `step`; both give the same.

    `state` sizes what is carried. `transition` is the range of the factors by which a state is kept, "[0,1]" or
    "[-1,1]", for the cells that have one: a factor of -1 lets a state alternate, as parity asks. Subclasses give
    `run`, `start` and `step`. Raises `UsageError` for a size below one or a range that the cell cannot have.
    """

    name: ClassVar[str]
    ranges: ClassVar[tuple[str, ...]] = ()
    """Transition ranges that it can have, the default first."""
    fixed: ClassVar[str] = ""
    """Where the transitions of a cell without a choice of range lie, in words."""

    def __init__(self, width: int, state: int = 64, transition: str | None = None) -> None:
        super().__init__()
        if width < 1 or state < 1:
            raise UsageError(f"a cell needs a width and a state of at least 1, not {width} and {state}")
        if transition is not None and transition not in self.ranges:
            raise UsageError(*self._refusal(transition))
        self.width, self.state = width, state
        self.transition = transition or next(iter(self.ranges), None)

    @classmethod
    def _refusal(cls, transition: str) -> tuple[str, str]:
        if not cls.ranges:
            return f"{cls.name} has no transition range {transition!r}: {cls.fixed}", "leave the transition out"
        return f"{cls.name} has no transition range {transition!r}", f"it has {' and '.join(cls.ranges)}"

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Outputs (B, T, W) of inputs (B, T, W).

        Where `mask` (B, T) is false a step is left out: the state stays as it was, and the output is zero.
        """
        if inputs.shape[1] == 0:
            return inputs
        if mask is None:
            return self.run(inputs)  # (B, T, W)
        order = torch.sort((~mask).to(torch.uint8), dim=1, stable=True).indices.unsqueeze(-1)  # (B, T, 1)
        order = order.expand_as(inputs)  # (B, T, W)
        outputs = self.run(inputs.gather(1, order))  # (B, T, W)
        outputs = torch.zeros_like(outputs).scatter(1, order, outputs)  # (B, T, W)
        return outputs.masked_fill(~mask.unsqueeze(-1), 0.0)  # (B, T, W)

    def run(self, inputs: Tensor) -> Tensor:
        """Outputs (B, T, W) of inputs (B, T, W) with T at least 1, every step counting."""
        raise NotImplementedError

    def start(self, batch: int) -> State:
        """The state before the first step of `batch` sequences."""
        raise NotImplementedError

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Outputs (B, W) of one step's inputs (B, W), and the state after it."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """How many numbers it learns."""
        return sum(parameter.numel() for parameter in self.parameters())


def block_of(state: int) -> int:
    """The largest block of `BLOCK` numbers at most into which a state can be cut."""
    return next(size for size in range(min(BLOCK, state), 0, -1) if state % size == 0)
