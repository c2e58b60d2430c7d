"""PD-SSM (Terzic et al. 2025, arXiv 2509.22284; github IBM/expressive-sparse-state-space-model)."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from memento.models.cells import onehot
from memento.models.cells.cell import Cell, State, block_of

DICTIONARY = 8
LASTING, STRAIGHT = 8.0, -8.0
"""Where moduli and phases begin, before the logistic function: near 1 and near nought, so that at first a state is
neither lost nor turned, only moved. A phase that is off by little is off by much after many steps."""
CHOOSING, ENTERING = 8.0, 0.05
"""By how much the shares of the dictionary begin further apart than a linear map's (inputs that all had one matrix
would not learn to have others), and by how much less enters."""


class PDSSM(Cell):
    """x_t = P(u) D(u) x_{t-1} + B u_t with `state` complex numbers, in blocks of 16 at most with a P each.

    P is column one-hot: in each column the largest entry of a mixture of eight matrices whose shares depend on the
    input, with gradients straight through the column softmax. D is complex, modulus and phase by small networks.
    Any automaton of N states fits into a block of N. The start of each block is learned, from the first unit vector
    on. The readout is linear in real and imaginary parts, plus the input.
    """

    name: ClassVar[str] = "pdssm"
    fixed: ClassVar[str] = "its transitions are one-hot columns times numbers within the complex unit disc"

    def __init__(self, width: int, state: int = 64, transition: str | None = None) -> None:
        super().__init__(width, state, transition)
        self.block = N = block_of(state)
        self.blocks = K = state // N
        last, straight = nn.Linear(width, state), nn.Linear(width, state)
        self.shares = nn.Linear(width, K * DICTIONARY)
        self.dictionary = nn.Parameter(torch.randn(K, DICTIONARY, N, N))  # (K, M, N, N), columns before rows
        self.modulus = nn.Sequential(nn.Linear(width, width), nn.GELU(), last)
        self.phase = nn.Sequential(nn.Linear(width, width), nn.GELU(), straight)
        self.begin = nn.Parameter(0.1 * torch.randn(2, K, N))  # (2, K, N) real and imaginary parts
        self.enter = nn.Linear(width, 2 * state, bias=False)
        self.out = nn.Linear(2 * state, width)
        self.skip = nn.Linear(width, width, bias=False)
        nn.init.constant_(last.bias, LASTING)
        nn.init.constant_(straight.bias, STRAIGHT)
        with torch.no_grad():
            self.begin[0, :, 0] += 1
            self.shares.weight.mul_(CHOOSING)
            self.enter.weight.mul_(ENTERING)

    def _parts(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Each column's softmax (…, K, N, N) and largest row (…, K, N), the diagonal and what enters (…, K, N)."""
        K, N = self.blocks, self.block
        ahead = inputs.shape[:-1]
        shares = torch.softmax(self.shares(inputs).reshape(*ahead, K, DICTIONARY), -1)  # (…, K, M)
        mixed = torch.einsum("...km,kmji->...kji", shares, self.dictionary)  # (…, K, N, N)
        modulus, phase = torch.sigmoid(self.modulus(inputs)), torch.sigmoid(self.phase(inputs))  # (…, S) each
        d = torch.polar(modulus.float(), 2 * math.pi * phase.float()).reshape(*ahead, K, N)  # (…, K, N)
        entered = torch.complex(*self.enter(inputs).float().chunk(2, -1)).reshape(*ahead, K, N)  # (…, K, N)
        return torch.softmax(mixed, -1), mixed.argmax(-1), d, entered

    def _finish(self, states: Tensor, inputs: Tensor) -> Tensor:
        both = torch.cat([states.real, states.imag], -1).flatten(-2).to(inputs.dtype)  # (…, 2S)
        outputs: Tensor = self.out(both) + self.skip(inputs)  # (…, W)
        return outputs

    def run(self, inputs: Tensor) -> Tensor:
        """A scan over one-hot columns."""
        soft, rows, d, entered = self._parts(inputs)  # (B, T, K, N, N), (B, T, K, N) each
        states = onehot.scan(soft, rows, d, entered, self.start(len(inputs)))  # (B, T, K, N)
        return self._finish(states, inputs)  # (B, T, W)

    def start(self, batch: int) -> Tensor:
        """The learned first state, complex (B, K, N)."""
        return torch.complex(*self.begin.float()).expand(batch, -1, -1)  # (B, K, N)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """One step of the scan."""
        assert isinstance(state, Tensor)
        _, rows, d, entered = self._parts(inputs)  # (B, K, N) each
        state = entered + onehot.moved(rows, d * state)  # (B, K, N)
        return self._finish(state, inputs), state  # (B, W), (B, K, N)
