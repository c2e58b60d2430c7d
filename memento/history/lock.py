"""One lock for all that changes a repository, held by the kernel so that it dies with its owner.

The lock file says who holds the lock and which of git's ``.lock`` files it has taken. Whoever gets
the lock next and finds that note still there knows that the holder was killed, and clears up.
"""

from __future__ import annotations

import fcntl
import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from memento.errors import LockHeld
from memento.history.files import make_folders

TIMEOUT = 30.0
_POLL = 0.05


class Lock:
    """A re-entrant lock on a file, between processes and between threads.

    `timeout` is how long to wait for another holder, in s. Once the lock is taken, `abandoned` says
    whether the holder before was killed, and `left` which ``.lock`` files it may have left behind;
    call `cleared` when they are gone.
    """

    def __init__(self, path: str, timeout: float = TIMEOUT) -> None:
        self.path = path
        self.timeout = timeout
        self.abandoned = False
        self.left: list[str] = []
        self._fd = -1
        self._depth = 0
        self._thread = threading.RLock()

    def __enter__(self) -> Lock:
        if not self._thread.acquire(timeout=self.timeout):
            raise LockHeld(
                f"another thread of this process holds the lock for over {self.timeout:g} s",
                "open a repository in each thread",
            )
        try:
            if self._depth == 0:
                self._fd = self._take(self.timeout)
                self._look_back()
            self._depth += 1
        except BaseException:
            if self._depth == 0 and self._fd >= 0:
                self._give()
            self._thread.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        try:
            if self._depth == 0:
                if not self.abandoned:
                    with suppress(OSError):
                        os.ftruncate(self._fd, 0)
                self._give()
        finally:
            self._thread.release()

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._depth > 0

    def try_now(self) -> bool:
        """Takes the lock if nobody holds it; leave it with ``__exit__``."""
        timeout, self.timeout = self.timeout, 0.0
        try:
            self.__enter__()
        except LockHeld:
            return False
        finally:
            self.timeout = timeout
        return True

    def note(self, files: Sequence[str]) -> None:
        """Notes the ``.lock`` files about to be taken."""
        text = "\n".join([_holder(), *files]).encode()
        os.pwrite(self._fd, text, 0)
        os.ftruncate(self._fd, len(text))

    def cleared(self) -> None:
        """Notes that what a killed holder left behind is gone."""
        self.abandoned = False
        self.left = []
        self.note(())

    def _look_back(self) -> None:
        former = os.pread(self._fd, 1 << 22, 0).decode("utf-8", "replace")
        self.abandoned = bool(former)
        self.left = former.split("\n")[1:]
        if not self.abandoned:
            self.note(())

    def _give(self) -> None:
        os.close(self._fd)
        self._fd = -1

    def _take(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        delay = 0.0005
        while True:
            try:
                fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except FileNotFoundError:
                make_folders(os.path.dirname(self.path), False)
                continue
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return fd
            except BlockingIOError:
                holder = os.pread(fd, 200, 0).decode("utf-8", "replace").partition("\n")[0]
                os.close(fd)
            except BaseException:
                os.close(fd)
                raise
            if time.monotonic() >= deadline:
                raise LockHeld(
                    f"the repository is being changed by {holder or 'another process'}; waited {timeout:g} s",
                    "wait until it has finished, or end that process",
                )
            time.sleep(delay)
            delay = min(delay * 2, _POLL)


def _holder() -> str:
    command = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else "python"
    return f"process {os.getpid()} ({command})"
