"""PD-SSM (Terzic et al. 2025, arXiv 2509.22284; github IBM/expressive-sparse-state-space-model)."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from memento.models.cells import onehot
from memento.models.cells.cell import Cell, State

DICTIONARY = 8


class PDSSM(Cell):
    """x_t = P(u) D(u) x_{t-1} + B u_t with `state` complex numbers, from the first unit vector.

    P is column one-hot: in each column the largest entry of a mixture of eight matrices whose shares depend on the
    input, with gradients straight through the column softmax. D is complex, modulus and phase by small networks.
    Any automaton of N states fits into N numbers. The readout is linear in real and imaginary parts, plus the input.
    """

    name: ClassVar[str] = "pdssm"
    fixed: ClassVar[str] = "its transitions are one-hot columns times numbers within the complex unit disc"

    def __init__(self, width: int, state: int = 64, transition: str | None = None) -> None:
        super().__init__(width, state, transition)
        N = state
        self.shares = nn.Linear(width, DICTIONARY)
        self.dictionary = nn.Parameter(torch.randn(DICTIONARY, N, N))  # (K, N, N), columns before rows
        self.modulus = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, N))
        self.phase = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, N))
        self.enter = nn.Linear(width, 2 * N, bias=False)
        self.out = nn.Linear(2 * N, width)
        self.skip = nn.Linear(width, width, bias=False)

    def _parts(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Each column's softmax (…, N, N) and largest row (…, N), the diagonal and what enters, complex (…, N)."""
        shares = torch.softmax(self.shares(inputs), -1)  # (…, K)
        modulus, phase = torch.sigmoid(self.modulus(inputs)), torch.sigmoid(self.phase(inputs))  # (…, N) each
        d = torch.polar(modulus.float(), 2 * math.pi * phase.float())  # (…, N)
        entered = torch.complex(*self.enter(inputs).float().chunk(2, -1))  # (…, N)
        mixed = (shares @ self.dictionary.flatten(1)).reshape(*d.shape, self.state)  # (…, N, N)
        return torch.softmax(mixed, -1), mixed.argmax(-1), d, entered

    def _finish(self, states: Tensor, inputs: Tensor) -> Tensor:
        both = torch.cat([states.real, states.imag], -1).to(inputs.dtype)  # (…, 2N)
        outputs: Tensor = self.out(both) + self.skip(inputs)  # (…, W)
        return outputs

    def run(self, inputs: Tensor) -> Tensor:
        """A scan over one-hot columns."""
        soft, rows, d, entered = self._parts(inputs)  # (B, T, N, N), (B, T, N) each
        states = onehot.scan(soft, rows, d, entered, self.start(len(inputs)))  # (B, T, N)
        return self._finish(states, inputs)  # (B, T, W)

    def start(self, batch: int) -> Tensor:
        """The first unit vector, complex (B, N)."""
        first = torch.zeros(batch, self.state, dtype=torch.complex64, device=self.dictionary.device)  # (B, N)
        first[:, 0] = 1
        return first

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """One step of the scan."""
        assert isinstance(state, Tensor)
        _, rows, d, entered = self._parts(inputs)  # (B, N) each
        state = entered + onehot.moved(rows, d * state)  # (B, N)
        return self._finish(state, inputs), state  # (B, W), (B, N)
