"""Events that TensorBoard draws: loss, validation NDCG@10 and the rate after each epoch."""

from __future__ import annotations

import math
import os
from types import TracebackType
from typing import Any, Self

from memento.errors import StoreError, UsageError
from memento.train.loop import share_of_rate
from memento.train.run import Epoch


class Events:
    """Writes the epochs of one or more seeds under a folder, a folder of its own for each where `several`.

    Raises `UsageError` where TensorBoard is not installed, `StoreError` where the folder cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str], rate: float, several: bool = False) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise UsageError(
                "events are written by TensorBoard, which is not installed", "pip install 'memento-worlds[tensorboard]'"
            ) from None
        self.folder = os.fspath(folder)
        self.rate = rate
        self.several = several
        self._writer = SummaryWriter
        self._open: dict[int, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._open.values():
            writer.close()

    def add(self, seed: int, epoch: Epoch, total: int) -> None:
        """One epoch of a seed, of `total` at most."""
        if seed not in self._open:
            folder = os.path.join(self.folder, f"seed-{seed}") if self.several else self.folder
            try:
                self._open[seed] = self._writer(folder)
            except OSError as problem:
                raise StoreError(f"cannot write events to {folder}: {problem.strerror or problem}") from None
        writer, step = self._open[seed], epoch.number + 1
        writer.add_scalar("loss", epoch.loss, step)
        if not math.isnan(epoch.ndcg):
            writer.add_scalar("ndcg", epoch.ndcg, step)
        writer.add_scalar("rate", self.rate * share_of_rate(epoch.number / total), step)
        writer.flush()
