"""S6, the selective state space of Mamba (Gu and Dao 2023, arXiv 2312.00752), in its block."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from memento.models.cells.cell import Cell, State
from memento.models.cells.scan import scan

EXPAND, TAPS = 2, 4
FASTEST, SLOWEST, FLOOR, CEILING = 0.1, 0.001, 1e-4, 20.0
"""Between which time steps begin, and between which they stay."""


class S6(Cell):
    """E = 2 W channels with N = `state` / 4 numbers each (Mamba's 16 at the default), and a window of four inputs.

    In-projection, causal convolution by channel, SiLU, the recurrence h_t = a h_{t-1} + D_t B_t u_t with a =
    exp(D_t A), gate, out-projection. D_t, B_t and C_t are linear in the input. With the range [-1,1] a is
    2 exp(D_t A) - 1 (Grazzi et al. 2024, arXiv 2411.12537).
    """

    name: ClassVar[str] = "s6"
    ranges: ClassVar[tuple[str, ...]] = ("[0,1]", "[-1,1]")

    def __init__(self, width: int, state: int = 64, transition: str | None = None) -> None:
        super().__init__(width, state, transition)
        self.channels, self.numbers = EXPAND * width, max(1, state // 4)
        self.rank = math.ceil(width / 16)
        E, N = self.channels, self.numbers
        self.enter = nn.Linear(width, 2 * E, bias=False)
        self.window = nn.Conv1d(E, E, TAPS, groups=E)
        self.select = nn.Linear(E, self.rank + 2 * N, bias=False)
        self.pace = nn.Linear(self.rank, E)
        self.log_decay = nn.Parameter(torch.arange(1.0, N + 1).log().repeat(E, 1))  # (E, N)
        self.skip = nn.Parameter(torch.ones(E))
        self.out = nn.Linear(E, width, bias=False)
        nn.init.uniform_(self.pace.weight, -(self.rank**-0.5), self.rank**-0.5)
        steps = torch.empty(E).uniform_(math.log(SLOWEST), math.log(FASTEST)).exp().clamp_min(FLOOR)  # (E,)
        with torch.no_grad():
            self.pace.bias.copy_(steps + torch.log(-torch.expm1(-steps)))  # the inverse of softplus

    def _parts(self, inner: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Transitions and inputs (…, E, N), and readouts (…, N), of inputs (…, E)."""
        N = self.numbers
        pace, into, readout = self.select(inner).split([self.rank, N, N], -1)  # (…, R), (…, N), (…, N)
        step = functional.softplus(self.pace(pace)).clamp(FLOOR, CEILING)  # (…, E)
        a = torch.exp(step.unsqueeze(-1) * -self.log_decay.exp())  # (…, E, N)
        if self.transition == "[-1,1]":
            a = 2 * a - 1  # (…, E, N)
        b = (step * inner).unsqueeze(-1) * into.unsqueeze(-2)  # (…, E, N)
        return a, b, readout

    def _finish(self, states: Tensor, readout: Tensor, inner: Tensor, gate: Tensor) -> Tensor:
        read = (states.to(readout.dtype) @ readout.unsqueeze(-1)).squeeze(-1)  # (…, E)
        outputs: Tensor = self.out((read + self.skip * inner) * functional.silu(gate))  # (…, W)
        return outputs

    def run(self, inputs: Tensor) -> Tensor:
        """A scan."""
        inner, gate = self.enter(inputs).chunk(2, -1)  # (B, T, E) each
        seen = functional.pad(inner.transpose(1, 2), (TAPS - 1, 0))  # (B, E, T + 3)
        inner = functional.silu(self.window(seen).transpose(1, 2))  # (B, T, E)
        a, b, readout = self._parts(inner)  # (B, T, E, N) each, (B, T, N)
        start = b.new_zeros(len(inputs), self.channels, self.numbers)  # (B, E, N)
        return self._finish(scan(a, b, start), readout, inner, gate)  # (B, T, W)

    def start(self, batch: int) -> tuple[Tensor, Tensor]:
        """The last three inputs of the window (B, E, 3), and the state (B, E, N)."""
        zeros = self.skip.new_zeros
        return zeros(batch, self.channels, TAPS - 1), zeros(batch, self.channels, self.numbers)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """One step of the window and of the scan."""
        before, states = state  # (B, E, 3), (B, E, N)
        inner, gate = self.enter(inputs).chunk(2, -1)  # (B, E) each
        seen = torch.cat([before, inner.unsqueeze(-1)], -1)  # (B, E, 4)
        inner = functional.silu(self.window(seen).squeeze(-1))  # (B, E)
        a, b, readout = self._parts(inner)  # (B, E, N) each, (B, N)
        states = torch.addcmul(b, a, states)  # (B, E, N)
        return self._finish(states, readout, inner, gate), (seen[..., 1:], states)  # (B, W), state
