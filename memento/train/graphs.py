"""Steps on a CUDA device as graphs, and several trainings on one device.

A step of a small model is some hundreds of kernels of a few microseconds, and starting each from Python takes longer
than running it. So all that a step starts, from cutting its batch to the mean of the weights, is recorded once for
each shape of batch and then started at once (CUDA graphs: NVIDIA 2019; whole-step capture as PyTorch's notes on CUDA
describe it). Trainings beside each other have streams of their own: the kernels of one fill what another leaves idle.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

WARM = 2
"""Steps of a shape that run plainly before one is recorded: they make what is made once, such as moments of Adam."""

Step = Callable[[Tensor, Tensor], None]
"""Takes a step on sessions, shape (B,) int64, with its numbers, shape (n,); both lie on the device."""


@dataclass(frozen=True)
class _Recorded:
    graph: torch.cuda.CUDAGraph
    sessions: Tensor  # (B,) int64
    numbers: Tensor  # (n,)


class Graphs:
    """A step that is replayed as one graph from the third of its shape on; `generator` is what its dropouts draw from.

    The step may not wait for the device, nor hang on anything but its two tensors and what lies on the device. It is
    recorded and replayed on `stream` alone: what libraries of a device keep for a stream, such as the workspace of
    matrix products, is a part of the graph, and two graphs that share it must not run at once.
    """

    def __init__(self, step: Step, generator: torch.Generator) -> None:
        self.step = step
        self.generator = generator
        self.stream = torch.cuda.Stream(generator.device)  # type: ignore[no-untyped-call]
        self._met: dict[int, int] = {}
        self._recorded: dict[int, _Recorded] = {}
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, sessions: Tensor, numbers: Tensor) -> None:
        """Takes the step; `stream` must be the current one."""
        size = len(sessions)
        met = self._met.get(size, 0)
        self._met[size] = met + 1
        if met < WARM:
            self.step(sessions, numbers)
            return
        if size not in self._recorded:
            self._recorded[size] = self._record(sessions, numbers)
        recorded = self._recorded[size]
        recorded.sessions.copy_(sessions)
        recorded.numbers.copy_(numbers)
        recorded.graph.replay()

    def _record(self, sessions: Tensor, numbers: Tensor) -> _Recorded:
        made = _Recorded(torch.cuda.CUDAGraph(), sessions.clone(), numbers.clone())
        made.graph.register_generator_state(self.generator)
        with torch.cuda.graph(made.graph, pool=self._pool, stream=self.stream):
            self.step(made.sessions, made.numbers)
        return made


Steps = Generator[None, None, None]
"""Takes a step whenever it is asked for the next."""
Training = tuple[Steps, torch.cuda.Stream | None]
"""What takes steps, and the stream that it does so on; the current one for None."""


def in_turns(trainings: Sequence[Training]) -> None:
    """Runs trainings to their ends, a step of each in turn. The first error ends all of them."""
    streams = [stream for _, stream in trainings if stream is not None]
    for stream in streams:
        stream.wait_stream(torch.cuda.current_stream(stream.device))
    left = list(trainings)
    try:
        while left:
            left = [(steps, stream) for steps, stream in left if _goes_on(steps, stream)]
    finally:
        for steps, _ in left:
            steps.close()
        for stream in streams:
            torch.cuda.current_stream(stream.device).wait_stream(stream)


def _goes_on(steps: Steps, stream: torch.cuda.Stream | None) -> bool:
    """Takes one step of a training; False where it had none left."""
    with torch.cuda.stream(stream):
        for _ in steps:
            return True
    return False
