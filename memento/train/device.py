"""Where a model is trained: on which device, in which precision its forward pass runs, and whether it is compiled.

Weights, their moments, losses and metrics are 32 or 64 bits wide everywhere. What a training draws comes from
(seed, epoch), so no state of a device's generator is kept, and a state or a checkpoint of one device is taken up on
every other.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from memento.errors import StoreError, UsageError
from memento.models.base import Batch, Model
from memento.train.config import Config

DEVICES = ("cpu", "cuda", "auto")


def device_of(name: str, config: Config | None = None) -> torch.device:
    """The device that ``cpu``, ``cuda`` or ``auto`` names; under torchrun the one of LOCAL_RANK.

    ``auto`` is cuda where there is one and training can use it, else cpu. Raises `UsageError` for another name, for
    cuda without a device for this process, and for cuda with a model that is trained on the CPU alone.
    """
    if name not in DEVICES:
        raise UsageError(f"there is no device {name!r}", f"known: {', '.join(DEVICES)}")
    here = None if config is None else only_cpu(config)
    if name == "cpu" or (name == "auto" and (here is not None or not torch.cuda.is_available())):
        return torch.device("cpu")
    if here is not None:
        raise UsageError(f"{here} is trained on the CPU alone", "leave out --device")
    if not torch.cuda.is_available():
        build = "" if torch.version.cuda else f"; torch {torch.__version__} is built without CUDA"
        raise UsageError(f"no CUDA device is found{build}", "--device auto takes the CPU where there is none")
    rank, count = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if rank >= count:
        raise UsageError(
            f"process {rank} of this machine has no CUDA device of its own: there are {count}",
            f"start at most {count}: `torchrun --nproc-per-node {count}`",
        )
    return torch.device("cuda", rank)


def only_cpu(config: Config) -> str | None:
    """What is trained outside of torch's devices, in words; None where training goes through `Loop`."""
    if config.exact:
        return "the signet model with exact"
    return config.model if config.model == "lambdamart" else None


def check_compile(config: Config, processes: int = 1) -> None:
    """Raises `UsageError` where a forward pass cannot be compiled."""
    reason = None
    if (here := only_cpu(config)) is not None:
        reason = f"{here} has no forward pass to compile"
    elif config.contrast:
        reason = "a contrast looks into the forward pass, and a compiled one shows nothing of it"
    elif processes > 1:
        reason = "several processes cut what dropouts draw, and a compiled forward pass draws by itself"
    if reason is not None:
        raise UsageError(reason, "leave out --compile")


class Pass:
    """How training runs `scorer` forward: plain, in bfloat16 by autocast, or compiled.

    Inside of the context a call of the scorer runs so; logits come out in 32 bits.
    """

    def __init__(self, scorer: Model, precision: str = "float32", compiled: bool = False) -> None:
        self.scorer = scorer
        self.compiled = compiled
        self.low = precision == "bfloat16"
        self.device = next(scorer.parameters()).device
        self._forward: Any = scorer.forward
        if self.low:
            self._forward = self._autocast
        if compiled:
            self._forward = torch.compile(self._forward, dynamic=False)

    @property
    def plain(self) -> bool:
        """Whether a call of the scorer is left as it is."""
        return not (self.low or self.compiled)

    def _autocast(self, batch: Batch) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16):
            logits: Tensor = type(self.scorer).forward(self.scorer, batch)  # (B, C)
        return logits.float()

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Calls of the scorer run so inside. Raises `StoreError` where compiling fails."""
        if self.plain:
            yield
            return
        self.scorer.forward = self._forward
        try:
            yield
        except torch._dynamo.exc.TorchDynamoException as error:
            why = str(error).strip().splitlines()
            raise StoreError(
                f"the forward pass was not compiled: {why[0] if why else error}",
                "leave out --compile; on a CPU it takes a C++ compiler",
            ) from error
        finally:
            del self.scorer.forward
