"""Several trainings, side by side: seeds of one, or of several recipes; what is trained on is shared.

Each seed gives the weights that it gives alone, bit for bit: nothing that a training draws or sums hangs on
what runs beside it. Seeds are trained in forks of this process, which share its memory: threads of Python
would wait for each other between the small steps that a training is made of.
"""

from __future__ import annotations

import ctypes
import functools
import multiprocessing
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, TypeVar

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
T = TypeVar("T")
Work = Callable[[int, Told], T]
"""Trains the one at a place, counted from 0, and gives what is kept of it."""


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

    `states` are the files in which each is kept after each epoch. At most `workers` are trained at once; if left out,
    as many as torch takes threads, and all of them on CUDA. All begin at the weights of `initial` where it is given.
    `device` and `compiled` are as in `memento.train.train`; on CUDA, which forks cannot share, seeds take their steps
    in turns, and compiled ones are trained one after the other.
    """
    configs = [Config.of(model, {**options, "seed": seed}) for seed in seeds]
    here = device_of(device, configs[0])
    if compiled:
        members = team()
        check_compile(configs[0], members.size if members else 1)
    count = at_once(len(seeds), workers) if here.type == "cpu" and not compiled else 1
    with one_thread():
        material = Material(sources, configs[0].fit, configs[0].validation, revisions, initial, here, compiled)
        kept = [State(path, config, material.sources, initial) for path, config in zip(states or (), configs)]

        def work(place: int, told: Told) -> Run:
            return material.train(configs[place], told, kept[place] if kept else None)

        def told(place: int, epoch: Epoch, total: int) -> None:
            if progress is not None:
                progress(configs[place].seed, epoch, total)

        if here.type == "cuda" and not compiled:
            watches = [functools.partial(told, place) for place in range(len(seeds))]
            return material.train_in_turns(configs, watches, kept, workers or 0)
        if count > 1:
            material.prepare(configs[0])
        return side_by_side(work, len(seeds), count, told)


def at_once(places: int, workers: int | None = None) -> int:
    """How many of so many trainings run at once: `workers` at most, as many as torch takes threads if left out.

    One where processes cannot be forked.
    """
    return min(workers or torch.get_num_threads(), places) if sys.platform == "linux" else 1


def side_by_side(
    work: Work[T],
    places: int,
    count: int,
    told: Callable[[int, Epoch, int], None] = lambda place, epoch, total: None,
    moved: Callable[[int, int], None] = lambda place, done: None,
) -> list[T]:
    """What `work` gives for each of the places, in their order, `count` forks at a time; with one none is made.

    `told` is called after each epoch of a place, `moved` before and after a place is trained, with it and the number
    of places that are done. The first error stops all.
    """
    if count > 1:
        return _forked(work, places, count, told, moved)
    found: list[T] = []
    for place in range(places):
        moved(place, len(found))
        found.append(work(place, functools.partial(told, place)))
        moved(place, len(found))
    return found


def _forked(
    work: Work[T],
    places: int,
    count: int,
    told: Callable[[int, Epoch, int], None],
    moved: Callable[[int, int], None],
) -> list[T]:
    found: dict[int, T] = {}
    running: dict[Connection, tuple[int, multiprocessing.process.BaseProcess]] = {}
    left = iter(range(places))
    try:
        while len(found) < places:
            while len(running) < count and (place := next(left, None)) is not None:
                moved(place, len(found))
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
                    moved(place, len(found))
                    process.join()
                    del running[ready]
    finally:
        for ours, (_, process) in running.items():
            process.terminate()
            process.join()
            ours.close()
    return [found[place] for place in range(places)]


def _fork(work: Work[Any], place: int) -> tuple[Connection, multiprocessing.process.BaseProcess]:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(work, place, theirs), daemon=True)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of forks beside threads: a fork here takes one, and no lock
        process.start()
    theirs.close()
    return ours, process


def _serve(work: Work[Any], place: int, out: Connection) -> None:
    """In a fork: trains, and tells epochs, then what is kept or the error."""

    _die_with(os.getppid())

    def say(kind: str, content: Any) -> None:
        out.send_bytes(pickle.dumps((kind, content)))  # plain: torch would have tensors fetched from here later

    try:
        say("run", work(place, lambda epoch, total: say("epoch", (epoch, total))))
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException as error:
        say("error", (type(error), error.args, error.__dict__))


def _die_with(parent: int) -> None:
    """In a fork on Linux: a kill of the process that forked it ends it, too; it trains for nobody then."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


def _error(kind: type[BaseException], arguments: tuple[Any, ...], fields: dict[str, Any]) -> BaseException:
    """An error of a fork as it was; no constructor is called, since some take other arguments."""
    made = kind.__new__(kind)
    made.args = arguments
    made.__dict__.update(fields)
    return made
