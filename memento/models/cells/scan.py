"""Linear recurrences with a diagonal: h_t = a_t h_{t-1} + b_t over all steps of a sequence.

Three ways that give the same: step by step over unbound steps; step by step in many chunks at once; doubling (Hillis
and Steele 1986), log2 T rounds over the whole. None divides by a product of transitions, which may be nought. A
gradient is the same recurrence backwards, so that no graph of T nodes is kept. States are float32 at least.

Shapes: B sequences, T steps, S any shape of a state.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

CHUNK = 64
LONG, NARROW = 4 * CHUNK, 1024


def choose(device: str, length: int, numbers: int) -> str:
    """The way to scan `length` steps of `numbers` states in all on a kind of device, by name of `METHODS`.

    On a processor ("cpu") what counts is how often memory is walked through, and that is once step by step; a long
    sequence of few numbers is instead the price of calls, of which chunks need fewer (tests/benchmarks/test_cells.py).
    An accelerator waits for launches, of which doubling needs fewest.
    """
    if length <= 2:
        return "sequential"
    if device == "cpu":
        return "chunked" if length >= LONG and numbers <= NARROW else "sequential"
    return "doubling"


def scan(a: Tensor, b: Tensor, start: Tensor, method: str | None = None) -> Tensor:
    """States (B, T, S), T at least 1, of transitions and inputs (B, T, S) from a state (B, S), real or complex.

    `method` is a name of `METHODS`; `choose` decides without one.
    """
    if b.dtype in (torch.float16, torch.bfloat16):
        a, b, start = a.float(), b.float(), start.float()  # (B, T, S), (B, T, S), (B, S)
    found: Tensor = _Scan.apply(a, b, start, method or choose(b.device.type, b.shape[1], start.numel()))  # type: ignore[no-untyped-call]
    return found  # (B, T, S)


class _Scan(torch.autograd.Function):
    """A scan, and its gradient by a scan."""

    generate_vmap_rule = True

    @staticmethod
    def forward(a: Tensor, b: Tensor, start: Tensor, method: str) -> Tensor:
        return METHODS[method](a, b, start)  # (B, T, S)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor, str], output: Tensor) -> None:
        a, _, start, ctx.method = inputs
        ctx.save_for_backward(a, start, output)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        a, start, states = ctx.saved_tensors  # (B, T, S), (B, S), (B, T, S)
        g = _back(a, grads[0], ctx.method)  # (B, T, S)
        first = g[:, :1]  # (B, 1, S)
        for_a = torch.cat([first * start.unsqueeze(1).conj(), g[:, 1:] * states[:, :-1].conj()], 1)  # (B, T, S)
        return for_a, g, g[:, 0] * a[:, 0].conj(), None


def _back(a: Tensor, grad: Tensor, method: str) -> Tensor:
    """What reaches each state (B, T, S): its own gradient, and by a_{t+1} that of the state after it."""
    if method == "sequential":
        g = grad[:, -1]  # (B, S)
        found = [g]
        for factor, own in zip(a.conj().unbind(1)[:0:-1], grad.unbind(1)[-2::-1], strict=True):
            g = torch.addcmul(own, factor, g)  # (B, S)
            found.append(g)
        return torch.stack(found[::-1], 1)  # (B, T, S)
    after = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], 1).conj()  # (B, T, S)
    return METHODS[method](after.flip(1), grad.flip(1), torch.zeros_like(grad[:, 0])).flip(1)  # (B, T, S)


def sequential(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """One step after the other. Steps are unbound first: slicing one out at a time costs a gradient of T^2."""
    state, states = start, []  # (B, S)
    for factor, added in zip(a.unbind(1), b.unbind(1), strict=True):
        state = torch.addcmul(added, factor, state)  # (B, S)
        states.append(state)
    return torch.stack(states, 1)  # (B, T, S)


def doubling(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """ceil(log2 T) rounds; after the k-th each step holds the 2^k steps up to it."""
    b = torch.cat([torch.addcmul(b[:, :1], a[:, :1], start.unsqueeze(1)), b[:, 1:]], 1)  # (B, T, S)
    reach, length = 1, a.shape[1]
    while reach < length:
        b = torch.cat([b[:, :reach], torch.addcmul(b[:, reach:], a[:, reach:], b[:, :-reach])], 1)  # (B, T, S)
        a = torch.cat([a[:, :reach], a[:, reach:] * a[:, :-reach]], 1)  # (B, T, S)
        reach *= 2
    return b  # (B, T, S)


def chunked(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """All chunks of `CHUNK` steps at once, then from chunk to chunk: T / CHUNK + CHUNK rounds."""
    length, shape = a.shape[1], a.shape[2:]
    count = math.ceil(length / CHUNK)
    missing = count * CHUNK - length
    if missing:
        rest = (a.shape[0], missing, *shape)
        a = torch.cat([a, a.new_ones(rest)], 1)  # (B, N C, S)
        b = torch.cat([b, b.new_zeros(rest)], 1)  # (B, N C, S)
    a, b = (part.view(len(b), count, CHUNK, *shape) for part in (a.contiguous(), b.contiguous()))  # (B, N, C, S) each
    inside, product = b[:, :, 0], a[:, :, 0]  # (B, N, S) each
    states, products = [inside], [product]
    for factor, added in zip(a.unbind(2)[1:], b.unbind(2)[1:], strict=True):
        inside, product = torch.addcmul(added, factor, inside), product * factor  # (B, N, S) each
        states.append(inside)
        products.append(product)
    ends = sequential(product, inside, start)  # (B, N, S)
    begins = torch.cat([start.unsqueeze(1), ends[:, :-1]], 1).unsqueeze(2)  # (B, N, 1, S)
    found = torch.addcmul(torch.stack(states, 2), torch.stack(products, 2), begins)  # (B, N, C, S)
    return found.flatten(1, 2)[:, :length]  # (B, T, S)


METHODS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "sequential": sequential,
    "chunked": chunked,
    "doubling": doubling,
}
"""Every way to scan by name."""
