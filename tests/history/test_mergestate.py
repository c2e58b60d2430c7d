from __future__ import annotations

import os

import pytest

from memento import codec
from memento.errors import CorruptRecord, NewerFormat, StoreError
from memento.history import MergeState, Repository

STATE = MergeState(
    "rebase", "main", "1" * 40, "2" * 40, ("3" * 40, "4" * 40), 1, {1: {"c1": {"choice": "ours"}}}, (0,), "5" * 40,
    {"names": ["exp"], "policy": "ours"},
)  # fmt: skip


def test_the_state_of_a_merge_is_saved_loaded_and_cleared(repository: Repository) -> None:
    assert repository.load_merge() is None
    repository.save_merge(STATE)
    assert repository.load_merge() == STATE
    with Repository.open(repository.root) as other:
        assert other.load_merge() == STATE
    repository.clear_merge()
    repository.clear_merge()
    assert repository.load_merge() is None


@pytest.mark.parametrize(
    "data", [b"", b"x", codec.encode({"format": 1}), codec.encode({"format": 2}), codec.encode([1])]
)
def test_a_corrupt_state_is_told(repository: Repository, data: bytes) -> None:
    (repository.path / "memento" / "merge").write_bytes(data)
    with pytest.raises(CorruptRecord) as caught:
        repository.load_merge()
    assert "--abort" in caught.value.hint


def test_a_newer_state_is_refused(repository: Repository) -> None:
    (repository.path / "memento" / "merge").write_bytes(codec.encode({"format": 99}))
    with pytest.raises(NewerFormat):
        repository.load_merge()


def test_a_state_that_cannot_be_written_leaves_the_old_one(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.save_merge(STATE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(StoreError, match="the disk is full"):
        repository.save_merge(MergeState("merge", "x", "1" * 40, "2" * 40, ()))
    monkeypatch.undo()
    assert repository.load_merge() == STATE
    assert not list((repository.path / "memento").glob("tmp_*"))


def test_a_state_of_the_first_format_is_read(repository: Repository) -> None:
    ours, theirs = "1" * 40, "2" * 40
    value = {
        "format": 1, "branch": "main", "ours": ours, "theirs": theirs, "bases": ["3" * 40], "message": "merge exp",
        "resolutions": {"c1": {"id": "c1", "choice": "ours", "value": None}},
        "options": {"other": "exp", "policy": "theirs"},
    }  # fmt: skip
    (repository.path / "memento" / "merge").write_bytes(codec.encode(value))
    state = repository.load_merge()
    assert state == MergeState(
        "merge", "main", ours, ours, (theirs,), 0, {0: value["resolutions"]}, (), "",
        {"message": "merge exp", "policy": "theirs", "names": ["exp"]},
    )  # fmt: skip
