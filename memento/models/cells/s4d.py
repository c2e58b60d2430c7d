"""S4D (Gu et al. 2022, arXiv 2206.11893): a diagonal state space whose transitions never change, as a convolution."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from memento.models.cells.cell import Cell, State

FASTEST, SLOWEST = 0.1, 0.001


class S4D(Cell):
    """Each of W channels has `state` / 2 complex numbers with their conjugates, initially -1/2 + i pi n (S4D-Lin).

    The convolution goes through a Fourier transform; then GELU and a gated linear readout. What it keeps cannot hang
    on what it reads: it is linear and time-invariant.
    """

    name: ClassVar[str] = "s4d"
    fixed: ClassVar[str] = "its transitions lie within the complex unit disc and never change"

    def __init__(self, width: int, state: int = 64, transition: str | None = None) -> None:
        super().__init__(width, state, transition)
        N = max(1, state // 2)
        steps = torch.empty(width).uniform_(math.log(SLOWEST), math.log(FASTEST))  # (W,)
        self.log_step = nn.Parameter(steps)
        self.log_decay = nn.Parameter(torch.full((width, N), math.log(0.5)))  # (W, N)
        self.turn = nn.Parameter((math.pi * torch.arange(N)).repeat(width, 1))  # (W, N)
        self.readout = nn.Parameter(torch.randn(width, N, 2) * 0.5**0.5)  # (W, N, 2)
        self.skip = nn.Parameter(torch.randn(width))
        self.out = nn.Linear(width, 2 * width)

    def _parts(self) -> tuple[Tensor, Tensor, Tensor]:
        """Exponents, and the weights of inputs and of the readout: complex (W, N) each."""
        poles = torch.complex(-self.log_decay.exp(), self.turn)  # (W, N)
        exponents = poles * self.log_step.exp().unsqueeze(-1)  # (W, N)
        return exponents, (exponents.exp() - 1) / poles, torch.view_as_complex(self.readout)

    def _finish(self, read: Tensor, inputs: Tensor) -> Tensor:
        hidden = functional.gelu(read.to(inputs.dtype) + self.skip * inputs)  # (…, W)
        return functional.glu(self.out(hidden), -1)  # (…, W)

    def run(self, inputs: Tensor) -> Tensor:
        """A convolution with the kernel of all T steps."""
        length = inputs.shape[1]
        exponents, into, readout = self._parts()  # (W, N) each
        places = torch.arange(length, device=inputs.device)  # (T,)
        powers = torch.exp(exponents.unsqueeze(-1) * places)  # (W, N, T)
        kernel = 2 * torch.einsum("wn,wnt->wt", readout * into, powers).real  # (W, T)
        told = inputs.to(kernel.dtype).transpose(1, 2)  # (B, W, T)
        spectrum = torch.fft.rfft(told, 2 * length) * torch.fft.rfft(kernel, 2 * length)  # (B, W, T + 1)
        read = torch.fft.irfft(spectrum, 2 * length)[..., :length].transpose(1, 2)  # (B, T, W)
        return self._finish(read, inputs)  # (B, T, W)

    def start(self, batch: int) -> Tensor:
        """Nought, complex (B, W, N)."""
        W, N = self.turn.shape
        return torch.view_as_complex(self.readout.new_zeros(batch, W, N, 2))  # (B, W, N)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """The recurrence of which the kernel is the response."""
        assert isinstance(state, Tensor)
        exponents, into, readout = self._parts()  # (W, N) each
        state = exponents.exp() * state + into * inputs.unsqueeze(-1)  # (B, W, N)
        return self._finish(2 * (state * readout).sum(-1).real, inputs), state  # (B, W), (B, W, N)
