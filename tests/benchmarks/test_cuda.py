"""Training on a CUDA device: steps as graphs beside plain ones and beside what launching alone takes.

Run with ``pytest -o addopts= tests/benchmarks/test_cuda.py --benchmark-only``; without a device nothing runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.worlds import arbitrary
from memento.render.rendering import Rendering
from memento.train.config import Config
from memento.train.graphs import in_turns
from memento.train.loop import Loop
from memento.train.trainer import Material

SESSIONS, CANDIDATES, MEMORIES, DIMENSION, SEEDS, ROUNDS = 2048, 50, 2000, 64, 5, 3
NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
CUDA = torch.device("cuda", 0)


@pytest.fixture(scope="module")
def rendering() -> Rendering:
    return arbitrary(SESSIONS, CANDIDATES, MEMORIES, DIMENSION)


@NO_CUDA
@pytest.mark.parametrize("kind", ["plain", "bfloat16", "compiled"])
@pytest.mark.parametrize("batch", [16, 256])
@pytest.mark.parametrize("name", ["interaction", "sequence", "signet"])
@pytest.mark.benchmark(group="cuda")
def test_an_epoch_on_cuda(benchmark: Any, rendering: Rendering, name: str, batch: int, kind: str) -> None:
    """A pass over all sessions; `share_of_launches` holds it against as many kernels that do nothing, in a graph."""
    precision = "bfloat16" if kind == "bfloat16" else "float32"
    options = {"batch": batch, "precision": precision, "fit": 1.0, "validation": 0.0}
    held = Material([(rendering, 1.0)], 1.0, 0.0, device=CUDA, compiled=kind == "compiled")
    loops = [
        held.loop(Config.of(name, {**options, "seed": seed})) for seed in range(1 if kind == "compiled" else SEEDS)
    ]
    loop, graphs = loops[0], loops[0].graphs
    for other in loops:
        other.step_through(0)
    steps = SESSIONS // batch
    benchmark.pedantic(lambda: loop.step_through(0), rounds=5)
    taken = benchmark.stats.stats.median / steps
    kernels, busy = launched(loop, batch)
    loop.graphs = None
    plain = seconds(lambda: loop.step_through(0), 1) / steps
    loop.graphs = graphs
    benchmark.extra_info |= {
        "device": torch.cuda.get_device_name(CUDA),
        "sessions_a_second": round(batch / taken),
        "microseconds_a_step": round(taken * 1e6, 1),
        "times_plain_steps": round(plain / taken, 2),
        "kernels_a_step": kernels,
        "share_of_launches": round(nothing(kernels) / taken, 3),
        "share_in_kernels": round(busy / taken, 3),
    }
    if kind != "compiled":
        together = seconds(lambda: in_turns([(each.stepping(0), each.stream) for each in loops]), 3) / steps
        benchmark.extra_info["five_seeds_by_one"] = round(together / taken, 2)


def seconds(work: Callable[[], Any], rounds: int) -> float:
    """The median time of some work, after one round that is not timed."""
    times = []
    for _ in range(rounds + 1):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return float(np.median(times[1:]))


def launched(loop: Loop, batch: int) -> tuple[int, float]:
    """How many kernels a step starts, and the sum of their times in seconds."""
    sessions, numbers = torch.arange(batch, device=CUDA), torch.tensor([1e-3, 0.1], device=CUDA)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        for _ in range(ROUNDS):
            loop.recorded(sessions, numbers)
        torch.cuda.synchronize()
    kernels = [event for event in profile.events() if event.device_type == torch.autograd.DeviceType.CUDA]
    return len(kernels) // ROUNDS, sum(event.device_time for event in kernels) / 1e6 / ROUNDS


def nothing(kernels: int) -> float:
    """The time of a graph of as many kernels on one number each, one after the other, in seconds."""
    one = torch.zeros(1, device=CUDA)
    one.add_(1)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(kernels):
            one.add_(1)
    return seconds(lambda: [graph.replay() for _ in range(20)], 5) / 20
