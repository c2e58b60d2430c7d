"""Several seeds of one training, side by side: what is trained on is shared, and every core takes seeds.

Each seed gives the weights that it gives alone, bit for bit: nothing that a training draws or sums hangs on
what runs beside it. Seeds are trained in forks of this process, which share its memory: threads of Python
would wait for each other between the small steps that a training is made of.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import pickle
import sys
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

import torch

from memento.errors import StoreError
from memento.train.config import Config
from memento.train.device import check_compile, device_of
from memento.train.run import Epoch, Run
from memento.train.state import State
from memento.train.team import team
from memento.train.threads import one_thread
from memento.train.trainer import Material

if TYPE_CHECKING:
    from memento.render.rendering import Rendering

SeedProgress = Callable[[int, Epoch, int], None]
"""Called after each epoch of a seed with the seed, the epoch, and the number of epochs at most."""
Told = Callable[[Epoch, int], None]
Work = Callable[[int, Told], Run]


def train_seeds(
    sources: Sequence[tuple[Rendering, float]],
    seeds: Sequence[int],
    model: str = "interaction",
    progress: SeedProgress | None = None,
    revisions: Sequence[str] = (),
    states: Sequence[str | os.PathLike[str]] | None = None,
    workers: int | None = None,
    initial: Run | None = None,
    device: str = "cpu",
    compiled: bool = False,
    **options: Any,
) -> list[Run]:
    """The runs of `seeds`, in their order, each as `memento.train.train` gives it.

    `states` are the files in which each is kept after each epoch. At most `workers` are trained at once;
    as many as torch takes threads, if left out. All begin at the weights of `initial` where it is given.
    `device` and `compiled` are as in `memento.train.train`; with CUDA, which forks cannot share, or compiled, seeds
    are trained one after the other.
    """
    configs = [Config.of(model, {**options, "seed": seed}) for seed in seeds]
    here = device_of(device, configs[0])
    if compiled:
        members = team()
        check_compile(configs[0], members.size if members else 1)
    forks = sys.platform == "linux" and here.type == "cpu" and not compiled
    count = min(workers or torch.get_num_threads(), len(seeds)) if forks else 1
    with one_thread():
        material = Material(sources, configs[0].fit, configs[0].validation, revisions, initial, here, compiled)
        kept = [State(path, config, material.sources) for path, config in zip(states or (), configs)]

        def work(place: int, told: Told) -> Run:
            return material.train(configs[place], told, kept[place] if kept else None)

        def told(place: int, epoch: Epoch, total: int) -> None:
            if progress is not None:
                progress(configs[place].seed, epoch, total)

        if count < 2:
            return [work(place, functools.partial(told, place)) for place in range(len(seeds))]
        material.prepare(configs[0])
        return _forked(work, len(seeds), count, told)


def _forked(work: Work, places: int, count: int, told: Callable[[int, Epoch, int], None]) -> list[Run]:
    """What `work` gives for each place, `count` forks at a time; the first error stops all."""
    found: dict[int, Run] = {}
    running: dict[Connection, tuple[int, multiprocessing.process.BaseProcess]] = {}
    left = iter(range(places))
    try:
        while len(found) < places:
            while len(running) < count and (place := next(left, None)) is not None:
                ours, process = _fork(work, place)
                running[ours] = place, process
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                place, process = running[ready]
                try:
                    kind, content = pickle.loads(ready.recv_bytes())
                except EOFError:
                    process.join()
                    raise StoreError(f"a training ended with exit code {process.exitcode}, without a word") from None
                if kind == "epoch":
                    told(place, *content)
                elif kind == "error":
                    raise _error(*content)
                else:
                    found[place] = content
                    process.join()
                    del running[ready]
    finally:
        for ours, (_, process) in running.items():
            process.terminate()
            process.join()
            ours.close()
    return [found[place] for place in range(places)]


def _fork(work: Work, place: int) -> tuple[Connection, multiprocessing.process.BaseProcess]:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(work, place, theirs), daemon=True)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of forks beside threads: a fork here takes one, and no lock
        process.start()
    theirs.close()
    return ours, process


def _serve(work: Work, place: int, out: Connection) -> None:
    """In a fork: trains, and tells epochs, then the run or the error."""

    def say(kind: str, content: Any) -> None:
        out.send_bytes(pickle.dumps((kind, content)))  # plain: torch would have tensors fetched from here later

    try:
        say("run", work(place, lambda epoch, total: say("epoch", (epoch, total))))
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException as error:
        say("error", (type(error), error.args, error.__dict__))


def _error(kind: type[BaseException], arguments: tuple[Any, ...], fields: dict[str, Any]) -> BaseException:
    """An error of a fork as it was; no constructor is called, since some take other arguments."""
    made = kind.__new__(kind)
    made.args = arguments
    made.__dict__.update(fields)
    return made
