from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from memento.errors import StoreError, UsageError
from memento.models import LEARNERS
from memento.render.rendering import Rendering
from memento.train import Epoch, checkpoint, train, train_seeds

Toys = Callable[..., Rendering]


@pytest.fixture(scope="module")
def part(rendering: Rendering) -> Rendering:
    return rendering.select(np.arange(30))


@pytest.mark.parametrize("model", LEARNERS)
def test_each_seed_gives_the_bytes_that_it_gives_alone(part: Rendering, model: str) -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    together = train_seeds([(part, 1.0)], [2, 0, 1], model, epochs=2, workers=3)
    assert torch.equal(torch.rand(3), expected)
    assert [run.config.seed for run in together] == [2, 0, 1]
    for run in together:
        alone = train([(part, 1.0)], model, seed=run.config.seed, epochs=2)
        assert checkpoint.digest(run) == checkpoint.digest(alone)


def test_the_number_of_workers_changes_nothing(part: Rendering) -> None:
    one, two = (train_seeds([(part, 1.0)], [0, 1, 2], epochs=1, workers=workers) for workers in (1, 2))
    assert [checkpoint.digest(run) for run in one] == [checkpoint.digest(run) for run in two]


def test_progress_names_the_seed(part: Rendering) -> None:
    told: list[tuple[int, int]] = []
    train_seeds([(part, 1.0)], [4, 7], "linear", lambda seed, epoch, total: told.append((seed, epoch.number)), epochs=2)
    assert sorted(told) == [(4, 0), (4, 1), (7, 0), (7, 1)]


def test_torch_keeps_its_threads(part: Rendering) -> None:
    before = torch.get_num_threads()
    train_seeds([(part, 1.0)], [0, 1], "linear", epochs=1, workers=2)
    assert torch.get_num_threads() == before


def test_what_one_seed_meets_stops_all(part: Rendering) -> None:
    spoiled = replace(part, labels=np.full_like(part.labels, np.nan))
    with pytest.raises(UsageError, match="diverged"):
        train_seeds([(spoiled, 1.0)], [0, 1, 2], epochs=2, workers=2)
    assert not multiprocessing.active_children()


def test_a_training_that_dies_is_told(part: Rendering) -> None:
    """As where the system kills it for want of memory."""

    def die(seed: int, epoch: Epoch, total: int) -> None:
        for child in multiprocessing.active_children():
            child.kill()

    with pytest.raises(StoreError, match="ended with exit code -9"):
        train_seeds([(part, 1.0)], [0, 1], epochs=30, patience=30, progress=die, workers=2)


def test_an_error_of_a_fork_is_what_it_was(part: Rendering) -> None:
    with pytest.raises(UsageError) as caught:
        train_seeds([(part, 1.0)], [0, 1], model="signet", contrast="cl4srec", epochs=1, workers=2)
    assert caught.value.hint


@pytest.mark.parametrize("workers", [1, 2])
def test_every_seed_goes_on_from_where_it_was_stopped(part: Rendering, tmp_path: Path, workers: int) -> None:
    states = [tmp_path / name for name in "ab"]

    def stop(seed: int, epoch: Epoch, total: int) -> None:
        if (seed, epoch.number) == (0, 1):
            raise KeyboardInterrupt

    options = {"epochs": 4, "batch": 8, "workers": workers}
    with pytest.raises(KeyboardInterrupt):
        train_seeds([(part, 1.0)], [0, 1], progress=stop, states=states, **options)  # type: ignore[arg-type]
    assert states[0].exists()
    told: list[int] = []
    resumed = train_seeds(
        [(part, 1.0)], [0, 1], states=states, progress=lambda seed, epoch, _: told.append(epoch.number), **options,  # type: ignore[arg-type]
    )  # fmt: skip
    assert len(told) < 8
    whole = train_seeds([(part, 1.0)], [0, 1], **options)  # type: ignore[arg-type]
    assert [checkpoint.digest(run) for run in resumed] == [checkpoint.digest(run) for run in whole]


def test_a_source_without_sessions_is_refused(part: Rendering) -> None:
    bare = part.select(np.arange(0))
    with pytest.raises(UsageError, match="bare has no session"):
        train_seeds([(bare, 1.0), (part, 1.0)], [0], "linear", revisions=["bare", "part"], epochs=1)
    with pytest.raises(UsageError, match="no session to train on"):
        train_seeds([(bare, 1.0)], [0], "linear", epochs=1)


@pytest.mark.skipif(sys.platform != "linux", reason="seeds are trained in forks on Linux alone")
def test_forks_end_with_the_process_that_is_killed(part: Rendering) -> None:
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        told = lambda seed, epoch, total: os.write(write, f"{os.getpid()} ".encode())  # noqa: E731
        try:
            os.close(read)
            train_seeds([(part, 1.0)], [0, 1], "linear", told, epochs=10_000, patience=10_000, workers=2)
        finally:
            os._exit(1)
    os.close(write)
    os.read(read, 64)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read(1 << 20) is not None  # ends once no fork holds the other end
