"""Events for TensorBoard."""

from __future__ import annotations

import math
import sys
import warnings
from pathlib import Path

import pytest

from memento.errors import StoreError, UsageError
from memento.train import Epoch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from memento.train.events import Events

    Events("unused", 0.1)  # whatever TensorBoard warns of is not ours


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    found = accumulator.EventAccumulator(str(folder))
    found.Reload()
    return {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_epochs_are_drawn(tmp_path: Path) -> None:
    with Events(tmp_path, 0.1) as events:
        events.add(0, Epoch(0, 0.5, math.nan), 2)
        events.add(0, Epoch(1, 0.25, 0.75), 2)
    found = scalars(tmp_path)
    assert found["loss"] == [(1, 0.5), (2, 0.25)]
    assert found["ndcg"] == [(2, 0.75)]
    assert len(found["rate"]) == 2


def test_each_of_several_seeds_has_a_folder(tmp_path: Path) -> None:
    with Events(tmp_path, 0.1, several=True) as events:
        events.add(3, Epoch(0, 0.5, 0.5), 2)
        events.add(4, Epoch(0, 0.25, 0.5), 2)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["seed-3", "seed-4"]
    assert scalars(tmp_path / "seed-4")["loss"] == [(1, 0.25)]


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UsageError) as caught:
        Events(tmp_path, 0.1)
    assert "memento-worlds[tensorboard]" in caught.value.hint


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Events(tmp_path / "file", 0.1) as events, pytest.raises(StoreError, match="cannot write events"):
        events.add(0, Epoch(0, 0.5, 0.5), 1)
