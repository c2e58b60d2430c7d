"""Recurrences whose transitions are column one-hot matrices times a diagonal: x_t = P_t D_t x_{t-1} + b_t.

P is held as `rows` (…, N): the row of the one in each column; so x'[rows[j]] += d[j] x[j], in O(N). Two such steps are
one: (q, e) after (p, d) is (q[p[j]], e[p[j]] d[j]), hence doubling (Terzic et al. 2025, PD-SSM). Gradients reach P
straight through the softmax from which its ones were taken.

Shapes: B sequences, T steps, N complex numbers a state.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from memento.models.cells.scan import choose


def scan(soft: Tensor, rows: Tensor, d: Tensor, b: Tensor, start: Tensor, method: str | None = None) -> Tensor:
    """States (B, T, N), T at least 1, complex, from a state (B, N).

    `soft` (B, T, N, N), columns before rows, is the softmax through which gradients go, `rows` (B, T, N) where it is
    largest, `d` and `b` (B, T, N) are complex. `method` is "sequential" or "doubling"; without one `choose`
    decides by device.
    """
    way = method or ("sequential" if b.device.type == "cpu" else choose(b.device.type, b.shape[1], start.numel()))
    found: Tensor = _Scan.apply(soft, rows, d, b, start, way)  # type: ignore[no-untyped-call]
    return found  # (B, T, N)


def moved(rows: Tensor, values: Tensor) -> Tensor:
    """P times values (…, N): each goes to its row, and those that meet are added."""
    return torch.zeros_like(values).scatter_add(-1, rows, values)  # (…, N)


class _Scan(torch.autograd.Function):
    """The scan, and its gradient, which reads where the scan wrote."""

    generate_vmap_rule = True

    @staticmethod
    def forward(soft: Tensor, rows: Tensor, d: Tensor, b: Tensor, start: Tensor, method: str) -> Tensor:
        return _doubled(rows, d, b, start) if method == "doubling" else _stepped(rows, d, b, start)  # (B, T, N)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, rows, d, _, start, ctx.method = inputs
        ctx.save_for_backward(rows, d, start, output)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        rows, d, start, states = ctx.saved_tensors  # (B, T, N), (B, T, N), (B, N), (B, T, N)
        back = _back_doubled if ctx.method == "doubling" else _back_stepped
        g = back(rows, d.conj(), grads[0])  # (B, T, N)
        before = torch.cat([start.unsqueeze(1), states[:, :-1]], 1)  # (B, T, N)
        there = g.gather(-1, rows)  # (B, T, N)
        flow, soft = d * before, None  # (B, T, N)
        if ctx.needs_input_grad[0]:
            soft = torch.stack([flow.real, flow.imag], -1) @ torch.stack([g.real, g.imag], -2)  # (B, T, N, N)
        return soft, None, there * before.conj(), g, (d.conj() * there)[:, 0], None


def _stepped(rows: Tensor, d: Tensor, b: Tensor, start: Tensor) -> Tensor:
    state, states = start, []  # (B, N)
    for places, factor, added in zip(rows.unbind(1), d.unbind(1), b.unbind(1), strict=True):
        state = added.scatter_add(-1, places, factor * state)  # (B, N)
        states.append(state)
    return torch.stack(states, 1)  # (B, T, N)


def _back_stepped(rows: Tensor, d: Tensor, grad: Tensor) -> Tensor:
    """What reaches each state: its own gradient, and that of the state after it, read from where it went."""
    g = grad[:, -1]  # (B, N)
    found = [g]
    parts = zip(rows.unbind(1)[:0:-1], d.unbind(1)[:0:-1], grad.unbind(1)[-2::-1], strict=True)
    for places, factor, own in parts:
        g = torch.addcmul(own, factor, g.gather(-1, places))  # (B, N)
        found.append(g)
    return torch.stack(found[::-1], 1)  # (B, T, N)


def _doubled(rows: Tensor, d: Tensor, b: Tensor, start: Tensor) -> Tensor:
    first = b[:, :1] + moved(rows[:, :1], d[:, :1] * start.unsqueeze(1))  # (B, 1, N)
    b = torch.cat([first, b[:, 1:]], 1)  # (B, T, N)
    reach, length = 1, rows.shape[1]
    while reach < length:
        late, early = slice(reach, None), slice(None, length - reach)
        joined = b[:, late] + moved(rows[:, late], d[:, late] * b[:, early])  # (B, T - r, N)
        b = torch.cat([b[:, :reach], joined], 1)  # (B, T, N)
        places = rows[:, early]  # (B, T - r, N)
        d = torch.cat([d[:, :reach], d[:, late].gather(-1, places) * d[:, early]], 1)  # (B, T, N)
        rows = torch.cat([rows[:, :reach], rows[:, late].gather(-1, places)], 1)  # (B, T, N)
        reach *= 2
    return b  # (B, T, N)


def _back_doubled(rows: Tensor, d: Tensor, grad: Tensor) -> Tensor:
    """As `_back_stepped`: here step t stands for the way from the state after it, t + 1, back to it."""
    same = torch.arange(rows.shape[-1], device=rows.device).expand_as(rows[:, :1])  # (B, 1, N)
    rows = torch.cat([rows[:, 1:], same], 1)  # (B, T, N)
    d = torch.cat([d[:, 1:], torch.zeros_like(d[:, :1])], 1)  # (B, T, N)
    reach, length = 1, rows.shape[1]
    while reach < length:
        late, early = slice(reach, None), slice(None, length - reach)
        places = rows[:, early]  # (B, T - r, N)
        joined = grad[:, early] + d[:, early] * grad[:, late].gather(-1, places)  # (B, T - r, N)
        grad = torch.cat([joined, grad[:, length - reach :]], 1)  # (B, T, N)
        further = d[:, early] * d[:, late].gather(-1, places)  # (B, T - r, N)
        d = torch.cat([further, d[:, length - reach :]], 1)  # (B, T, N)
        rows = torch.cat([rows[:, late].gather(-1, places), rows[:, length - reach :]], 1)  # (B, T, N)
        reach *= 2
    return grad  # (B, T, N)
