"""Several processes that train one model."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torch.distributed

from memento.errors import UsageError
from memento.render.rendering import Rendering
from memento.train import checkpoint, train
from memento.train.batches import scores
from memento.train.team import Team, join

Toys = Callable[..., Rendering]
SIZE = 2


def _member(rank: int, folder: Path, work: Callable[[Path], Any]) -> None:
    torch.distributed.init_process_group("gloo", f"file://{folder}/met", rank=rank, world_size=SIZE)
    try:
        work(folder / str(rank))
    except UsageError as error:
        (folder / f"{rank}.error").write_text(error.message)
    finally:
        torch.distributed.destroy_process_group()


def meet(folder: Path, work: Callable[[Path], Any]) -> None:
    """Runs `work` in two processes that have met, each with a path of its own."""
    fork = multiprocessing.get_context("fork")
    members = [fork.Process(target=_member, args=(rank, folder, work)) for rank in range(SIZE)]
    for member in members:
        member.start()
    for member in members:
        member.join(120)
    assert [member.exitcode for member in members] == [0] * SIZE


def ranked(given: npt.NDArray[np.float32], part: Rendering) -> npt.NDArray[np.float32]:
    """Scores less the mean of their session: what all of a session share moves none, and has no gradient."""
    means = np.add.reduceat(given, part.offsets[:-1]) / np.diff(part.offsets)
    return given - np.repeat(means, np.diff(part.offsets))


@pytest.mark.parametrize("model", ["interaction", "signet"])
def test_two_processes_give_what_one_gives(toys: Toys, tmp_path: Path, model: str) -> None:
    """With dropout, with sessions of several lengths, and with batches that do not part evenly."""
    part = toys(sessions=31, candidates=(4, 9))
    options: dict[str, Any] = {"model": model, "epochs": 3, "batch": 5, "seed": 2}

    def work(path: Path) -> None:
        checkpoint.save(train([(part, 1.0)], state=f"{path}.partial", **options), path)

    meet(tmp_path, work)
    alone = train([(part, 1.0)], **options)
    first, second = (checkpoint.load(tmp_path / str(rank)) for rank in range(SIZE))
    assert checkpoint.digest(first) == checkpoint.digest(second)
    given, expected = (ranked(scores(run.scorer, part), part) for run in (first, alone))
    assert np.abs(given - expected).max() < 1e-4 * np.abs(expected).max()
    for mine, theirs in zip(alone.history, first.history, strict=True):
        assert mine.loss == pytest.approx(theirs.loss, rel=1e-5)
    assert [path.name for path in tmp_path.glob("*.partial")] == ["0.partial"]


def test_a_contrast_is_not_shared_out(toys: Toys, tmp_path: Path) -> None:
    part = toys(sessions=20)
    meet(tmp_path, lambda path: train([(part, 1.0)], epochs=1, contrast="cl4srec", model="interaction"))
    assert "a contrast holds the sessions of a batch against each other" in (tmp_path / "0.error").read_text()


def test_a_batch_is_parted_by_whole_windows() -> None:
    parts = [Team(rank, 2).rows(10, 2).tolist() for rank in (0, 1)]
    assert parts == [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7]]
    assert Team(1, 2).rows(1).tolist() == []


def test_alone_there_is_no_team(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join() is None
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    with pytest.raises(UsageError, match="MASTER_ADDR"):
        join()
