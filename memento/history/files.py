"""Files that are there wholly or not at all, even after a power cut.

`durable` decides whether bytes are forced to the disk (``full``) or left to the kernel (``fast``:
safe against a killed process, not against a power cut).
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from memento.errors import StoreError

_TEMPORARY = "tmp_memento_"
_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file grew over the size that this process may write",
}


@contextmanager
def storing(where: Path) -> Iterator[None]:
    """Turns what the operating system refuses into a `StoreError` that says what to do."""
    try:
        yield
    except OSError as error:
        why = _FULL.get(error.errno or 0) or error.strerror or str(error)
        hint = {
            errno.EACCES: "check who owns the folder and whether it may be written",
            errno.EROFS: "the file system is mounted read-only",
            errno.ENOENT: "check the path: the folder that it is to be in must be there",
            errno.ENOTDIR: "check the path: a part of it is no folder",
            errno.EISDIR: "there is a folder of that name; choose another",
            errno.EMFILE: "too many files are open: raise `ulimit -n`",
        }.get(error.errno or 0, "the repository is as it was; make room and try again")
        raise StoreError(f"cannot write to {where}: {why}", hint) from error


def write_all(fd: int, data: bytes) -> None:
    """Writes all of `data`."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _fill(fd: int, data: bytes, durable: bool) -> None:
    """Writes all of `data` to an open file, and closes it."""
    try:
        write_all(fd, data)
        if durable:
            os.fsync(fd)
    finally:
        os.close(fd)


def write_new(path: str, data: bytes, durable: bool, mode: int = 0o666) -> None:
    """Makes a file that must not exist; leaves none behind where it fails."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        _fill(fd, data, durable)
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise


def write_into(path: str, data: bytes, durable: bool) -> None:
    """Writes over a file that exists, from its start."""
    _fill(os.open(path, os.O_WRONLY | os.O_CLOEXEC), data, durable)


def write_atomic(path: str, data: bytes, durable: bool, mode: int = 0o666) -> None:
    """Puts a file in place of the old one, if any: temporary, sync, rename, sync the folder."""
    temporary = temporary_beside(path)
    write_new(temporary, data, durable, mode)
    try:
        os.rename(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    if durable:
        sync_folder(os.path.dirname(path))


def temporary_beside(path: str) -> str:
    """A name for a temporary file in the folder of `path`; git's housekeeping removes strays."""
    return os.path.join(os.path.dirname(path), f"{_TEMPORARY}{secrets.token_hex(8)}")


def remove_temporary(folder: str) -> None:
    """Removes temporary files of memento in a folder; nobody may be writing there."""
    with suppress(FileNotFoundError):
        for name in os.listdir(folder):
            if name.startswith(_TEMPORARY):
                os.unlink(os.path.join(folder, name))


def sync_folder(path: str) -> None:
    """Forces the names in a folder to the disk."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folders(path: str, durable: bool) -> None:
    """Makes a folder and those above it that are missing."""
    try:
        os.mkdir(path)
    except FileExistsError:
        return
    except FileNotFoundError:
        make_folders(os.path.dirname(path), durable)
        with suppress(FileExistsError):
            os.mkdir(path)
    if durable:
        sync_folder(os.path.dirname(path))
