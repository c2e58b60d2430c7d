"""Several seeds of one training, side by side: what is trained on is shared, and every core takes seeds.

Each seed gives the weights that it gives alone, bit for bit: nothing that a training draws or sums hangs on
what runs beside it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch

from memento.train.config import Config
from memento.train.run import Epoch, Run
from memento.train.state import State
from memento.train.threads import one_thread
from memento.train.trainer import Material

if TYPE_CHECKING:
    from memento.render.rendering import Rendering

SeedProgress = Callable[[int, Epoch, int], None]
"""Called after each epoch of a seed with the seed, the epoch, and the number of epochs at most."""


class _Stopped(BaseException):
    """Another seed failed, or the user stopped all of them."""


def train_seeds(
    sources: Sequence[tuple[Rendering, float]],
    seeds: Sequence[int],
    model: str = "interaction",
    progress: SeedProgress | None = None,
    revisions: Sequence[str] = (),
    states: Sequence[str | os.PathLike[str]] | None = None,
    workers: int | None = None,
    initial: Run | None = None,
    **options: Any,
) -> list[Run]:
    """The runs of `seeds`, in their order, each as `memento.train.train` gives it.

    `states` are the files in which each is kept after each epoch. At most `workers` are trained at once;
    as many as torch takes threads, if left out. All begin at the weights of `initial` where it is given.
    """
    configs = [Config.of(model, {**options, "seed": seed}) for seed in seeds]
    material = Material(sources, configs[0].fit, configs[0].validation, revisions, initial)
    kept = [State(path, config, material.sources) for path, config in zip(states or (), configs)]
    stop, telling = threading.Event(), threading.Lock()

    def one(place: int) -> Run:
        def told(epoch: Epoch, total: int) -> None:
            if stop.is_set():
                raise _Stopped
            if progress is not None:
                with telling:
                    progress(configs[place].seed, epoch, total)

        try:
            with one_thread():
                return material.train(configs[place], told, kept[place] if kept else None)
        except BaseException:
            stop.set()
            raise

    count = min(workers or torch.get_num_threads(), len(seeds))
    with one_thread(), ThreadPoolExecutor(count, "seed") as pool:
        running = [pool.submit(one, place) for place in range(len(seeds))]
        try:
            return [future.result() for future in running]
        except BaseException:
            stop.set()
            for future in running:
                future.cancel()
            errors = [future.exception() for future in running if not future.cancelled()]
            first = next((error for error in errors if error is not None and not isinstance(error, _Stopped)), None)
            raise first if first is not None else KeyboardInterrupt from None
