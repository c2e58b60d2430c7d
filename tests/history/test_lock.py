from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from memento.errors import LockHeld
from memento.history.lock import Lock


def test_the_lock_is_re_entrant(tmp_path: Path) -> None:
    lock = Lock(str(tmp_path / "lock"))
    with lock, lock:
        assert lock.held
    assert not lock.held
    assert (tmp_path / "lock").read_text() == ""


def test_a_second_holder_waits_and_is_told_who_holds_it(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with Lock(path), pytest.raises(LockHeld, match=f"process {os.getpid()}"), Lock(path, timeout=0.01):
        pass
    with Lock(path, timeout=0.01):
        pass


def test_threads_take_turns(tmp_path: Path) -> None:
    lock, inside, most = Lock(str(tmp_path / "lock")), [0], [0]

    def work() -> None:
        for _ in range(20):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_trying_does_not_wait(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    first, second = Lock(path), Lock(path)
    assert first.try_now()
    assert not second.try_now()
    first.__exit__(None, None, None)
    assert second.try_now()
    second.__exit__(None, None, None)


def test_what_a_dead_holder_noted_is_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("process 1 (gone)\n/x/refs/heads/main.lock")
    lock = Lock(str(path))
    for _ in range(2):
        with lock:
            assert lock.abandoned
            assert lock.left == ["/x/refs/heads/main.lock"]
    with lock:
        lock.cleared()
    with lock:
        assert not lock.abandoned


def test_a_lock_whose_note_cannot_be_written_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    lock = Lock(str(tmp_path / "lock"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space"), lock:
            pass
    with Lock(str(tmp_path / "lock"), timeout=0.01):
        pass
