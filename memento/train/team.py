"""Several processes that train one model together, as torchrun starts them.

Every process cuts the same batches and takes its own sessions of each; gradients are added up, so that all
take the same step. What dropouts draw is drawn for the whole batch and cut, so that the result is that of one
process but for the order in which numbers are added.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed
from torch import Tensor

from memento.errors import StoreError, UsageError
from memento.models.base import Batch


class Team:
    """This process among `size` that train together; `rank` 0 speaks and writes."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank = rank
        self.size = size

    @property
    def leads(self) -> bool:
        """Whether this is the one that speaks and writes."""
        return self.rank == 0

    def rows(self, sessions: int, window: int = 1) -> Tensor:
        """The rows of a batch that this process takes, shape (b,): every `size`-th window of it."""
        windows = torch.arange(sessions).reshape(-1, window)  # (B/w, w)
        return windows[self.rank :: self.size].reshape(-1)  # (b,)

    def add_up(self, parameters: Iterable[Tensor], loss: Tensor) -> Tensor:
        """Adds up the gradients of all processes, and gives the sum of their losses.

        A parameter that none has a gradient of is left without one.
        """
        held = list(parameters)
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in held]
        known = [loss.new_tensor(0.0 if p.grad is None else 1.0) for p in held]
        flat = torch.cat([part.reshape(-1).to(loss) for part in (*parts, *known, loss.detach())])  # (P + n + 1,)
        torch.distributed.all_reduce(flat)
        start = 0
        met = flat[-1 - len(held) : -1]  # (n,)
        for place, (parameter, part) in enumerate(zip(held, parts)):
            if met[place] > 0:
                parameter.grad = flat[start : start + part.numel()].reshape(part.shape).to(part)
            start += part.numel()
        return flat[-1]

    def agree(self, value: float) -> float:
        """What the process that leads found, for all."""
        told = torch.tensor([value], dtype=torch.float64)
        torch.distributed.broadcast(told, 0)
        return float(told)

    def wait(self) -> None:
        """Until all have come here."""
        torch.distributed.barrier()


def team() -> Team | None:
    """This process among those that train together; None where it trains alone."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return None
    size = torch.distributed.get_world_size()
    return Team(torch.distributed.get_rank(), size) if size > 1 else None


def join(device: str = "cpu") -> Team | None:
    """Meets the other processes that torchrun started; None where there are none.

    On a `device` of CUDA gradients are added up by NCCL, else by gloo.

    Raises `UsageError` where the environment is half of torchrun's, `StoreError` where they do not meet.
    """
    size = os.environ.get("WORLD_SIZE", "1")
    if size == "1":
        return None
    lacking = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    if lacking or not size.isdecimal():
        raise UsageError(
            f"WORLD_SIZE is {size!r}, and {', '.join(lacking) or 'that is no number'} is not set",
            "torchrun sets all of them: `torchrun --nproc-per-node 2 -m memento train main --out FILE`",
        )
    if team() is None:
        try:
            if device == "cuda" and torch.distributed.is_nccl_available():
                torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
                torch.distributed.init_process_group("cpu:gloo,cuda:nccl")
            else:
                torch.distributed.init_process_group("gloo")
        except (RuntimeError, ValueError, OSError) as error:
            raise StoreError(f"the {size} processes did not meet: {error}", "start all of them by torchrun") from None
    return team()


def leave() -> None:
    """Parts from the others."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def share(batch: Batch, rows: Tensor) -> Batch:
    """Some sessions of a batch, (b,), with all that it holds of each.

    Raises `UsageError` for one whose sessions are held against each other: a share of it is another batch.
    """
    if getattr(batch, "views", None) is not None:
        raise UsageError(
            "a contrast holds the sessions of a batch against each other, and several processes share them out",
            "leave out --contrast, or train in one process",
        )
    found: dict[str, Any] = {}
    for field in dataclasses.fields(batch):
        value = getattr(batch, field.name)
        found[field.name] = value[rows.to(value.device)] if isinstance(value, Tensor) else value
    return type(batch)(**found)
