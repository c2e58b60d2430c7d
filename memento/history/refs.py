"""References: names that lead to commits, read strictly and moved all together.

A reference is a file of 40 hexadecimal digits (``HEAD``: of ``ref: `` and a name), or a line of
``packed-refs`` (see `memento.history.packedrefs`). To move some, git's own ``.lock`` files are taken
and filled first; what follows is renames alone, so a full disk is found out before anything has
moved. Absence is the empty string, a symbolic value is the name that it leads to.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from memento.errors import CorruptRecord, StaleBranch, StoreError
from memento.history.files import make_folders, sync_folder, write_into, write_new
from memento.history.lock import Lock
from memento.history.packedrefs import PackedRefs

_ID = re.compile(r"[0-9a-f]{40}")
_NAME = re.compile(r"HEAD|refs/(?!.*(\.\.|//|/\.|\.lock(/|$)))[!-~]{1,300}")
_BULK = 32
_PATIENCE = 5.0
log = logging.getLogger("memento")


@dataclass(frozen=True, slots=True)
class Move:
    """One reference from one value to another; the empty string is absence."""

    ref: str
    before: str
    after: str


class Refs:
    """The references of a bare repository in folder `path`."""

    def __init__(self, path: Path, durable: bool = True) -> None:
        self.path = str(path)
        self.durable = durable
        self.packed = PackedRefs(self.path)
        self._own: set[str] = set()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def read(self, ref: str) -> str:
        """The value of one reference. Raises `CorruptRecord` for a file that is not one."""
        if not _NAME.fullmatch(ref):
            return ""
        try:
            fd = os.open(f"{self.path}/{ref}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return self.packed.read().value(ref.encode()) if ref != "HEAD" else ""
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise CorruptRecord("it is a link to another file", path=ref, hint=_way_back(ref)) from None
            if error.errno != errno.ENAMETOOLONG:
                raise
            return self.packed.read().value(ref.encode())
        try:
            value = _value(os.read(fd, 400), ref)
        except IsADirectoryError:
            return self.packed.read().value(ref.encode())
        finally:
            os.close(fd)
        return value if ref == "HEAD" or not value.startswith("refs/") else self._followed(ref, value)

    def _followed(self, ref: str, target: str) -> str:
        """What a symbolic reference other than ``HEAD`` leads to, as git makes one for a remote's ``HEAD``."""
        if not ref.startswith("refs/remotes/") or target.endswith("/HEAD"):
            raise CorruptRecord(f"it leads to {target}, not to a commit", path=ref, hint=_way_back(ref))
        return self.read(target)

    def values(self, prefix: str) -> dict[str, str]:
        """All references whose name begins with `prefix` (``refs/heads/``, ``refs/heads/trial-``), sorted by name."""
        found = {ref: value for value, ref in self.packed.read().lines if ref.startswith(prefix)}
        for ref in self.loose(prefix.rpartition("/")[0]):
            if ref.startswith(prefix):
                value = self.read(ref)
                if value:
                    found[ref] = value
        return dict(sorted(found.items()))

    def names(self, prefix: str) -> list[str]:
        """As `values`, the names alone and without reading every file."""
        found = set(self.packed.read().names(prefix))
        return sorted(found.union(ref for ref in self.loose(prefix.rpartition("/")[0]) if ref.startswith(prefix)))

    def loose(self, folder: str) -> Iterator[str]:
        """The names of the references in a folder that are files of their own, in order."""
        try:
            entries = sorted(os.scandir(f"{self.path}/{folder}"), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            name = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from self.loose(name)
            elif not entry.name.endswith(".lock"):
                yield name

    def foreign(self) -> dict[str, str]:
        """What else git keeps, by place: references whose names memento does not take, and the commits that
        work trees of git stand on. Raises `CorruptRecord` for a file that is not a reference."""
        names = [ref for ref in self.loose("refs") if not _NAME.fullmatch(ref) and "/." not in ref]
        names += [ref for ref in self.loose("worktrees") if ref.endswith("/HEAD") and "/logs/" not in ref]
        found = {}
        for ref in names:
            shown = ref.encode("utf-8", "replace").decode()
            try:
                fd = os.open(f"{self.path}/{ref}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            except FileNotFoundError:  # gone since it was listed
                continue
            try:
                data = os.read(fd, 400)
            finally:
                os.close(fd)
            if not data.startswith(b"ref: "):
                found[shown] = _value(data, shown)
        return found

    # ── moving ───────────────────────────────────────────────────────────────────────────────────

    def prepare(self, moves: Sequence[Move], lock: Lock) -> Prepared:
        """Takes the locks of all references that move and writes their new values beside the old.

        Compares each with its `before` under its lock: raises `StaleBranch` where it has moved,
        `StoreError`/`OSError` where that cannot be written; nothing has changed then.
        """
        assert lock.held
        loose, packed = self._plan(moves)
        files = [f"{self.path}/{move.ref}.lock" for move in loose]
        lock.note([*files, f"{self.path}/packed-refs.lock"] if packed else files)
        prepared = Prepared(self, loose, packed)
        try:
            for move in loose:
                self._take(f"{move.ref}.lock", _content(move.after), prepared)
            if packed:
                self._take("packed-refs.lock", b"", prepared)
                write_into(
                    prepared.locks[-1],
                    self.packed.read().changed({move.ref: move.after for move in packed}),
                    self.durable,
                )
            many = self.values("refs/") if len(moves) > _BULK else None
            for move in moves:
                now = many.get(move.ref, "") if many is not None and move.ref != "HEAD" else self.read(move.ref)
                if now != move.before:
                    raise stale(move.ref, now, move.before)
        except BaseException:
            prepared.abandon()
            raise
        return prepared

    def _plan(self, moves: Sequence[Move]) -> tuple[list[Move], list[Move]]:
        """Which references to write as files of their own, and which lines of packed-refs to change."""
        created = [m for m in moves if m.after and m.ref != "HEAD"]
        bulk = len(created) > _BULK
        gone = [m for m in moves if not m.after]
        lines = {name for _, name in self.packed.read().lines} if gone else set()
        packed = [m for m in gone if m.ref in lines] + (created if bulk else [])
        in_packed = {m.ref for m in packed}
        files = set(self.loose("refs")) if in_packed else set()
        loose = [m for m in moves if m.ref not in in_packed or m.ref in files]
        return loose, packed

    def _take(self, name: str, content: bytes, prepared: Prepared) -> None:
        path = f"{self.path}/{name}"
        deadline = time.monotonic() + _PATIENCE
        while True:
            self._refuse_links(name)
            try:
                write_new(path, content, self.durable)
                prepared.locks.append(path)
                return
            except FileNotFoundError:
                make_folders(os.path.dirname(path), self.durable)
            except NotADirectoryError:
                raise StoreError(
                    f"{short(name.removesuffix('.lock'))} cannot be made: part of its name is taken",
                    "choose another name",
                ) from None
            except FileExistsError:
                before = _from_before_the_machine_started(path)
                if time.monotonic() < deadline and not before:
                    time.sleep(0.01)
                    continue
                why = "the machine has started since" if before else f"its holder has not finished in {_PATIENCE:g} s"
                log.warning("removing %s: %s", path, why)
                with suppress(FileNotFoundError):
                    os.unlink(path)

    def _refuse_links(self, name: str) -> None:
        """Raises `StoreError` where a folder on the way to a reference is a link; looks at each once."""
        folder = os.path.dirname(name)
        if folder not in self._own:
            if os.path.realpath(f"{self.path}/{folder}") != f"{os.path.realpath(self.path)}/{folder}".rstrip("/"):
                raise StoreError(
                    f"{short(name.removesuffix('.lock'))} lies behind a link to another folder",
                    "clone the repository instead: `git clone --mirror` takes its history alone",
                )
            self._own.add(folder)

    def clear(self, lock: Lock) -> None:
        """Removes the ``.lock`` files that a killed holder of `lock` left behind."""
        for path in lock.left:
            if path.startswith(self.path + "/") and path.endswith(".lock"):
                with suppress(FileNotFoundError, NotADirectoryError):
                    os.unlink(path)
                    log.warning("removed %s, left by a process that was killed", path)

    def sweep(self) -> None:
        """Removes all ``.lock`` files from before the machine started; call it under the lock."""
        for folder, _, names in os.walk(f"{self.path}/refs"):
            for path in (f"{folder}/{name}" for name in names if name.endswith(".lock")):
                if _from_before_the_machine_started(path):
                    with suppress(FileNotFoundError):
                        os.unlink(path)
                        log.warning("removed %s: the machine has started since", path)


class Prepared:
    """Moves of which all is written but nothing done: `finish` or `abandon` them."""

    def __init__(self, refs: Refs, loose: Sequence[Move], packed: Sequence[Move]) -> None:
        self.refs = refs
        self.loose = loose
        self.packed = packed
        self.locks: list[str] = []

    def abandon(self) -> None:
        """Gives the locks back; nothing has moved."""
        for path in self.locks:
            with suppress(OSError):
                os.unlink(path)

    def finish(self) -> None:
        """Moves everything: renames and removals, then the folders are synced."""
        root = self.refs.path
        folders = dict.fromkeys(os.path.dirname(f"{root}/{move.ref}") for move in self.loose)
        in_packed = {move.ref for move in self.packed}
        if self.packed:
            os.rename(f"{root}/packed-refs.lock", f"{root}/packed-refs")
            folders[root] = None
        for move in self.loose:
            path = f"{root}/{move.ref}"
            if move.after and move.ref not in in_packed:
                _replace(path + ".lock", path)
            else:
                with suppress(FileNotFoundError):
                    os.unlink(path)
                os.unlink(path + ".lock")
        if self.refs.durable:
            for folder in folders:
                sync_folder(folder)
        for move in self.loose:
            if not move.after:
                _remove_empty(os.path.dirname(f"{root}/{move.ref}"), root)


def short(ref: str) -> str:
    """A reference as people call it."""
    for prefix, what in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
        if ref.startswith(prefix):
            return f"{what} {ref.removeprefix(prefix)}"
    return ref


def stale(ref: str, now: str, before: str) -> StaleBranch:
    """The error for a reference that is `now` elsewhere than its reader saw it; empty: not there."""
    if not before:
        what = f"is at {now[:10]}, and was not there before: it was made meanwhile"
    elif not now:
        what = f"is gone, and was at {before[:10]}: it was deleted meanwhile"
    else:
        what = f"is at {now[:10]}, not at {before[:10]}: it was moved meanwhile"
    return StaleBranch(f"{short(ref)} {what}", "something else changed it; run the command again")


def check_expected(ref: str, tip: str, expected: str | None) -> None:
    """Raises `StaleBranch` where a reference is not where its reader saw it."""
    if expected is not None and tip != expected:
        raise stale(ref, tip, expected)


def _value(data: bytes, ref: str) -> str:
    text = data.decode("latin-1").removesuffix("\n")
    if _ID.fullmatch(text):
        return text
    target = text.removeprefix("ref: ")
    if target != text and target != "HEAD" and _NAME.fullmatch(target):
        return target
    raise CorruptRecord(
        "it is empty" if not data else "it is neither a commit id nor a name",
        path=ref,
        hint=_way_back(ref),
    )


def _way_back(ref: str) -> str:
    if ref == "HEAD":
        return "`echo ref: refs/heads/main > .memento/HEAD` makes main the current branch again"
    if ref == "refs/memento/operations":
        return f"`rm .memento/{ref}` begins a new operation log; branches and tags stay as they are"
    return f"`memento oplog --json` has its last values; `echo COMMIT > .memento/{ref}` puts one back"


def _content(value: str) -> bytes:
    return f"ref: {value}\n".encode() if value.startswith("refs/") else f"{value}\n".encode()


def _from_before_the_machine_started(path: str) -> bool:
    """Whether a file is older than the machine's last start, so that no process can hold it any more."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is None:
        return False
    try:
        return os.stat(path).st_mtime < time.time() - time.clock_gettime(clock)
    except FileNotFoundError:
        return False


def _replace(source: str, target: str) -> None:
    try:
        os.rename(source, target)
    except IsADirectoryError:
        for folder, _, _ in os.walk(target, topdown=False):
            os.rmdir(folder)
        os.rename(source, target)


def _remove_empty(folder: str, root: str) -> None:
    keep = (root, f"{root}/refs", f"{root}/refs/heads", f"{root}/refs/tags", f"{root}/refs/memento")
    while folder not in keep:
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)
