"""GRU (Cho et al. 2014): gates that see the state; any finite automaton, but one step after the other."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from memento.models.cells.cell import Cell, State


class GRU(Cell):
    """`state` hidden numbers, from nought, and a linear readout."""

    name: ClassVar[str] = "gru"
    fixed: ClassVar[str] = "its gates see the state, so it is not linear"

    def __init__(self, width: int, state: int = 64, transition: str | None = None) -> None:
        super().__init__(width, state, transition)
        self.recur = nn.GRU(width, state, batch_first=True)
        self.out = nn.Linear(state, width)

    def run(self, inputs: Tensor) -> Tensor:
        """The hidden states one after the other."""
        hidden, _ = self.recur(inputs)  # (B, T, S)
        outputs: Tensor = self.out(hidden)  # (B, T, W)
        return outputs

    def start(self, batch: int) -> Tensor:
        """Nought, (B, S)."""
        return self.out.weight.new_zeros(batch, self.state)  # (B, S)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """As the cell of torch."""
        assert isinstance(state, Tensor)
        _, last = self.recur(inputs.unsqueeze(1), state.unsqueeze(0).contiguous())  # (1, B, S)
        state = torch.squeeze(last, 0)  # (B, S)
        return self.out(state), state  # (B, W), (B, S)
