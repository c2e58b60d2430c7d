"""IDS4 (Merrill, Petty and Sabharwal 2024, ICML; github jopetty/sfirah): a matrix of the input multiplies the state."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from memento.models.cells.cell import Cell, State, block_of


class IDS4(Cell):
    """s_t = A(x_t) s_{t-1} with A(x) = I + sum_m x_m A_m, from a learned s_0; y_t = C s_t + D x_t.

    `state` numbers s, in blocks of 16 at most, each with its own matrices: W * 16 * `state` weights instead of
    W * `state`^2. Only the direction of a block counts: it is scaled to length 1 after each step, which no product of
    matrices notices, and which keeps sequences of any length finite.
    """

    name: ClassVar[str] = "ids4"
    fixed: ClassVar[str] = "its transitions are dense matrices without bounds"

    def __init__(self, width: int, state: int = 64, transition: str | None = None) -> None:
        super().__init__(width, state, transition)
        self.block = N = block_of(state)
        self.blocks = K = state // N
        self.matrices = nn.Linear(width, K * N * N)
        self.begin = nn.Parameter(functional.normalize(torch.randn(K, N), dim=-1))  # (K, N)
        self.out = nn.Linear(state, width)
        self.skip = nn.Linear(width, width, bias=False)
        with torch.no_grad():
            self.matrices.weight.normal_(std=1 / math.sqrt(N * width))
            self.matrices.bias.copy_(torch.eye(N).repeat(K, 1, 1).flatten())

    def _matrices(self, inputs: Tensor) -> Tensor:
        found: Tensor = self.matrices(inputs).unflatten(-1, (self.blocks, self.block, self.block))
        return found  # (…, K, N, N)

    def _finish(self, states: Tensor, inputs: Tensor) -> Tensor:
        scaled = states.flatten(-2) * math.sqrt(self.block)  # (…, S)
        outputs: Tensor = self.out(scaled) + self.skip(inputs)  # (…, W)
        return outputs

    def run(self, inputs: Tensor) -> Tensor:
        """One product of matrices and state after the other."""
        state, states = self.start(len(inputs)), []  # (B, K, N)
        for matrix in self._matrices(inputs).unbind(1):  # (B, K, N, N)
            state = _applied(matrix, state)  # (B, K, N)
            states.append(state)
        return self._finish(torch.stack(states, 1), inputs)  # (B, T, W)

    def start(self, batch: int) -> Tensor:
        """The learned first state, (B, K, N)."""
        return functional.normalize(self.begin, dim=-1).expand(batch, -1, -1)  # (B, K, N)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """One product."""
        assert isinstance(state, Tensor)
        state = _applied(self._matrices(inputs), state)  # (B, K, N)
        return self._finish(state, inputs), state  # (B, W), (B, K, N)


def _applied(matrix: Tensor, state: Tensor) -> Tensor:
    return functional.normalize((matrix @ state.unsqueeze(-1)).squeeze(-1), dim=-1)  # (B, K, N)
