from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from memento.errors import CorruptRecord, StoreError, UsageError
from memento.render import storage

ARRAYS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.array([1, 2**40], np.int64),
    "text": np.frombuffer(b"odd", np.uint8),
    "empty": np.zeros((0, 4), np.int32),
}
METADATA = {name: name.upper() for name in "hgfedcba"}


def test_the_safetensors_library_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    storage.write(path, ARRAYS, METADATA)
    found = load_file(path)
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    with safe_open(path, framework="numpy") as file:
        assert file.metadata() == METADATA
    arrays, metadata = storage.read(path)
    assert metadata == METADATA
    np.testing.assert_array_equal(arrays["b"], ARRAYS["b"])


def test_equal_content_is_equal_bytes(tmp_path: Path) -> None:
    storage.write(tmp_path / "1", ARRAYS, METADATA)
    storage.write(tmp_path / "2", dict(reversed(ARRAYS.items())), dict(reversed(METADATA.items())))
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_a_file_of_the_library_is_read(tmp_path: Path) -> None:
    save_file({"a": ARRAYS["a"]}, tmp_path / "x", metadata={"k": "v"})
    arrays, metadata = storage.read(tmp_path / "x")
    assert metadata == {"k": "v"}
    np.testing.assert_array_equal(arrays["a"], ARRAYS["a"])


@pytest.mark.parametrize("keep", [0, 4, 8, 60, -1])
def test_a_file_cut_short_is_corrupt(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "x"
    storage.write(path, ARRAYS, METADATA)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CorruptRecord, match="not a safetensors file"):
        storage.read(path)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        storage.read(tmp_path / "x")
    with pytest.raises(UsageError, match="there is no folder"):
        storage.write(tmp_path / "none" / "x", ARRAYS, {})
    with pytest.raises(UsageError, match="is a folder"):
        storage.write(tmp_path, ARRAYS, {})


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    storage.write(path, ARRAYS, {})
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        storage.write(path, {"a": ARRAYS["a"]}, {})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]
