"""minGRU (Feng et al. 2024, arXiv 2410.01201): a gated mean whose gate sees the input alone."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from memento.models.cells.cell import Cell, State
from memento.models.cells.scan import scan


class MinGRU(Cell):
    """h_t = a h_{t-1} + (1 - |a|) c with a, c of the input; `state` numbers h.

    With the range [0,1] a is 1 - z, z a logistic gate: the published cell. With [-1,1] it is 1 - 2 z, so that a state
    may change its sign (Grazzi et al. 2024, arXiv 2411.12537). The first state is learned: from nought no change of
    sign would show.
    """

    name: ClassVar[str] = "mingru"
    ranges: ClassVar[tuple[str, ...]] = ("[0,1]", "[-1,1]")

    def __init__(self, width: int, state: int = 64, transition: str | None = None) -> None:
        super().__init__(width, state, transition)
        self.project = nn.Linear(width, 2 * state)
        self.begin = nn.Parameter(torch.ones(state))
        self.out = nn.Linear(state, width)

    def _parts(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        gate, content = self.project(inputs).chunk(2, -1)  # (…, S) each
        a = torch.sigmoid(-gate)  # (…, S)
        if self.transition == "[-1,1]":
            a = 2 * a - 1  # (…, S)
        return a, (1 - a.abs()) * content  # (…, S) each

    def run(self, inputs: Tensor) -> Tensor:
        """A scan."""
        a, b = self._parts(inputs)  # (B, T, S) each
        start = self.begin.to(b).expand(len(inputs), -1)  # (B, S)
        outputs: Tensor = self.out(scan(a, b, start).to(inputs.dtype))  # (B, T, W)
        return outputs

    def start(self, batch: int) -> Tensor:
        """The learned first state, (B, S)."""
        return self.begin.expand(batch, -1)  # (B, S)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """One step of the scan."""
        assert isinstance(state, Tensor)
        a, b = self._parts(inputs)  # (B, S) each
        state = torch.addcmul(b, a, state)  # (B, S)
        return self.out(state), state  # (B, W), (B, S)
