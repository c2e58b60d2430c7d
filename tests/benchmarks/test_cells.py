"""Scans beside the plain loops, forward and backward, and cells by step and in parallel; ratios in one run.

``of_unbound`` is the time by that of a loop over unbound steps with its own graph, ``of_slicing`` by a loop that slices
steps out, whose gradient costs T^2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from memento.models.cells import CATALOG
from memento.models.cells.scan import METHODS, choose, scan
from memento.train.threads import one_thread

SHAPES = [(32, 256, 64), (16, 256, 64, 16), (1, 1024, 64)]


def unbound(a: Tensor, b: Tensor, state: Tensor) -> Tensor:
    states = []
    for factor, added in zip(a.unbind(1), b.unbind(1), strict=True):
        state = factor * state + added
        states.append(state)
    return torch.stack(states, 1)


def slicing(a: Tensor, b: Tensor, state: Tensor) -> Tensor:
    states = []
    for t in range(a.shape[1]):
        state = a[:, t] * state + b[:, t]
        states.append(state)
    return torch.stack(states, 1)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.benchmark(group="scans")
def test_scans(
    benchmark: Any, median_of: Callable[[Callable[[int], Any], int], float], shape: tuple[int, ...], method: str
) -> None:
    draw = torch.Generator().manual_seed(0)
    a, b = torch.rand(shape, generator=draw), torch.randn(shape, generator=draw)
    start = torch.zeros(shape[:1] + shape[2:])

    def both(way: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        given = a.clone().requires_grad_(), b.clone().requires_grad_()
        way(*given, start).sum().backward()

    with one_thread():
        benchmark.pedantic(lambda: both(lambda a, b, s: scan(a, b, s, method)), rounds=5, warmup_rounds=1)
        taken = benchmark.stats.stats.median
        benchmark.extra_info["of_unbound"] = round(taken / median_of(lambda _: both(unbound), 3), 2)
        if len(shape) == 3:
            benchmark.extra_info["of_slicing"] = round(taken / median_of(lambda _: both(slicing), 3), 3)
    benchmark.extra_info["chosen"] = choose("cpu", shape[1], start.numel()) == method


@pytest.mark.parametrize("name", list(CATALOG))
@pytest.mark.benchmark(group="cells")
def test_cells(benchmark: Any, median_of: Callable[[Callable[[int], Any], int], float], name: str) -> None:
    """32 sequences of 64 steps, width 32, state 64: forward and backward, and what one step of one sequence takes."""
    torch.manual_seed(0)
    cell = CATALOG[name](32)
    inputs = torch.randn(32, 64, 32)
    with one_thread():
        benchmark.pedantic(lambda: cell(inputs).sum().backward(), rounds=5, warmup_rounds=1)
        with torch.inference_mode():
            state = cell.start(1)
            step = median_of(lambda _: cell.step(inputs[:1, 0], state), 50)
    benchmark.extra_info["parameters"] = cell.size
    benchmark.extra_info["steps_a_second"] = round(32 * 64 / benchmark.stats.stats.median)
    benchmark.extra_info["one_step_us"] = round(1e6 * step)
