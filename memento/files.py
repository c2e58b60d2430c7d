"""Files for people and programs outside: written whole or not at all, and never through a link or a device.

What the repository keeps for itself is written by `memento.history.files`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from memento.errors import StoreError, UsageError

_HINTS = {
    errno.ENOSPC: "the disk is full; free some space and run it again, what was there is as it was",
    errno.EDQUOT: "your quota is used up; free some space and run it again, what was there is as it was",
    errno.EACCES: "check who owns the folder and whether it may be written",
    errno.EPERM: "check who owns the folder and whether it may be written",
    errno.EROFS: "that file system is read-only; name a file elsewhere",
}


_DESCRIPTORS = "/proc/self/fd"


def checked(path: str | os.PathLike[str]) -> Path:
    """`path`, where a file can be put.

    Raises `UsageError` for a folder, one that is not there, a device or a pipe, a name that is too
    long; `StoreError` where the path cannot be looked at.
    """
    place = Path(path)
    if not place.name:
        raise UsageError(f"{str(place)!r} names no file", "name a file in a folder that is there")
    try:
        if not place.parent.is_dir():
            raise UsageError(
                f"there is no folder {place.parent}", f"make it first: `mkdir -p {shlex.quote(str(place.parent))}`"
            )
        mode = os.stat(place).st_mode if place.exists() else stat.S_IFREG
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError(f"the name {place.name[:40]}… is too long", "name a shorter one") from None
        raise _failed(place, error) from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{place} is a folder", "name a file in it")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{place} is no regular file", "name a file; a device or a pipe is never replaced")
    return place


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A new file that takes the place of `path` when the block ends well, and leaves no trace otherwise.

    It is written beside `path`, without a name where the system can, so that a kill leaves nothing, synced, then
    renamed over it; a link is replaced, not followed. Raises `UsageError` as `checked` does, `StoreError` where the
    machine fails.
    """
    place = checked(path)
    temporary = place.parent / f".memento-{secrets.token_hex(8)}.part"
    try:
        try:
            handle = _nameless(place.parent)
            named = handle is None
            if handle is None:
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if not named:
                    _name(file.fileno(), temporary)
            os.replace(temporary, place)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(place.parent)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _failed(place, error) from None


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Puts `data` in the place of `path`, as `replacing` does."""
    with replacing(path) as file:
        file.write(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Puts a text as UTF-8 in the place of `path`, as `replacing` does."""
    write_bytes(path, text.encode())


@contextlib.contextmanager
def all_or_none(*paths: str | os.PathLike[str]) -> Iterator[None]:
    """Files that belong together: where the block fails, those that were not there before are taken away.

    So are folders of theirs that were not there, where nothing else lies in them by then.
    """
    new = [Path(path) for path in paths if not Path(path).exists()]
    folders = {folder for place in new for folder in place.parents if not folder.exists()}
    try:
        yield
    except BaseException:
        for place in new:
            with contextlib.suppress(OSError):
                place.unlink(missing_ok=True)
        for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _failed(place: Path, error: OSError) -> StoreError:
    hint = _HINTS.get(error.errno or 0, "what was there is as it was")
    return StoreError(f"cannot write {place}: {error.strerror or error}", hint)


def _nameless(folder: Path) -> int | None:
    """A new file of a folder that has no name yet, to be written; None where the system has no such files."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir(_DESCRIPTORS):
        return None
    try:
        return os.open(folder, os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT):
            return None
        raise


def _name(descriptor: int, path: Path) -> None:
    """Gives a file without a name one."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.link(f"{_DESCRIPTORS}/{descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
