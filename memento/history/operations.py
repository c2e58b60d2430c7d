"""Everything that changes a repository: under one lock, in one pack, as one operation, all or none."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from memento.errors import MementoError, ProtectedBranch, StaleBranch, StoreError, UsageError
from memento.history.batch import Batch
from memento.history.commit import Commit, check_message, tag_bytes
from memento.history.config import Config
from memento.history.files import storing
from memento.history.lock import Lock
from memento.history.names import HEADS, TAGS, check_new
from memento.history.objects import Objects
from memento.history.oplog import REF, Operation, OperationLog
from memento.history.refs import Move, Refs, check_expected, short
from memento.history.walk import Walker

MAX_FORK = 1_000_000
MANY = 32
log = logging.getLogger("memento")


class Operations:
    """The mutating half of a repository; `author` signs commits and tags.

    `permits` are trees by the protected branch that they were let into; see `Repository.permit`.
    """

    def __init__(self, path: Path, config: Config, objects: Objects, refs: Refs, walker: Walker, author: str) -> None:
        self.path = path
        self.config = config
        self.objects = objects
        self.refs = refs
        self.walker = walker
        self.author = author
        self.lock = Lock(str(path / "memento" / "lock"))
        self.log = OperationLog(path, objects, refs)
        self.permits: dict[str, str] = {}

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """The lock, with everything settled that a killed process left behind."""
        with storing(self.path), self.lock:
            self.objects.refresh()
            if self.lock.abandoned or self.log.unsettled():
                staged, self.objects.staged = self.objects.staged, {}
                try:
                    self.log.recover(self.lock)
                finally:
                    self.objects.staged = staged
            yield

    def recover(self) -> None:
        """Settles what a killed process left behind, unless some process is at work."""
        if not self.log.unsettled():
            return
        with suppress(OSError, StoreError):
            if self.lock.try_now():
                try:
                    with self.exclusive():
                        pass
                finally:
                    self.lock.__exit__(None, None, None)

    @contextmanager
    def batch(self, description: str) -> Iterator[Batch]:
        """Many changes as one operation; nothing happens where the context ends in an exception.

        The lock is taken at the end only: a branch that another writer has moved since the batch
        read it raises `StaleBranch` there.
        """
        batch = Batch(self)
        try:
            yield batch
            with self.exclusive():
                self.perform(description, batch.moves())
        except BaseException:
            self.objects.discard()
            raise

    def perform(self, description: str, moves: Sequence[Move], **step: str) -> Operation | None:
        """Moves references as one operation, and writes what is staged; call it under the lock.

        None where nothing moves, unless it is a `step` (see `OperationLog`).
        """
        moves = [move for move in moves if move.before != move.after]
        if not moves and not step:
            self.objects.discard()
            return None
        if not step:
            self._guard(moves)
        try:
            operation = self.log.stage(_line(description), moves, **step)
            self._move(operation, moves)
        finally:
            self.objects.discard()
            self.objects.release()
        try:
            self.objects.tidy()
        except (MementoError, OSError) as error:
            log.warning("packs were not consolidated: %s", error)
        return operation

    def _guard(self, moves: Sequence[Move]) -> None:
        """Raises `ProtectedBranch` where a protected branch would move to anything but what was let in."""
        self.config.refresh()
        for move in moves:
            branch = move.ref.removeprefix(HEADS)
            if not move.before or branch == move.ref or not self.config.protected(branch):
                continue
            permitted = self.permits.pop(branch, "")
            if not move.after:
                raise _protected(branch, "it cannot be deleted or renamed")
            if self.walker.commit(move.after).tree != permitted:
                raise _protected(branch, "it cannot be changed directly")
            if not self.walker.is_ancestor(move.before, move.after):
                raise _protected(branch, "its history cannot be rewritten")

    def _move(self, operation: Operation, moves: Sequence[Move]) -> None:
        """Writes an operation's objects, and then moves its references, all of them or none."""
        self.objects.require(move.after for move in moves if not move.after.startswith("refs/"))
        self.objects.flush()
        prepared = self.refs.prepare([Move(REF, operation.parent, operation.id), *moves], self.lock)
        with _uninterrupted():
            try:
                self.log.announce(operation.id)
            except BaseException:
                self.log.settle()
                prepared.abandon()
                raise
            try:
                prepared.finish()
            except OSError as error:
                prepared.abandon()
                with suppress(MementoError, OSError):
                    self.log.recover(self.lock)
                raise StoreError(
                    f"{operation.description}: recorded, but the disk did not confirm it: {error.strerror}",
                    "check the disk; the operation is there, and `memento undo` takes it back",
                ) from error
            self.log.settle()

    def receive(
        self, description: str, plan: Callable[[], Sequence[Move]], arrive: Callable[[Objects], None] | None = None
    ) -> Operation | None:
        """Moves references to what has come from another repository, as one operation.

        `arrive` puts checked objects into the store; `plan` then tells the moves, which may rest on
        objects that it stages. Raises `StaleBranch` where a reference is elsewhere than it says.
        """
        with self.exclusive():
            try:
                if arrive is not None:
                    arrive(self.objects)
                moves = plan()
                for move in moves:
                    check_expected(move.ref, self.refs.read(move.ref), move.before)
                return self.perform(description, moves)
            finally:
                self.objects.discard()
                self.objects.release()

    def forget(self) -> None:
        """Ends the operation log; the next operation begins a new one. Undo cannot go back beyond that,
        and housekeeping may take away what the log alone led to."""
        with self.exclusive():
            tip = self.log.tip
            if tip:
                self.refs.prepare([Move(REF, tip, "")], self.lock).finish()

    # ── single changes ───────────────────────────────────────────────────────────────────────────

    def fork(self, base: str, start: str, new: str, count: int | None, switch: bool = False) -> list[str]:
        """Branch `new`, or `count` numbered ones, at commit `start`; `base` is for the log. `switch` makes
        the first the current branch."""
        if count is None:
            names = [new]
        else:
            if not 1 <= count <= MAX_FORK:
                raise UsageError(f"cannot make {count} branches", f"the count is 1 to {MAX_FORK}")
            width = len(str(count))
            names = [f"{new}-{number:0{width}d}" for number in range(1, count + 1)]
        with self.exclusive():
            check_new(names, [ref.removeprefix(HEADS) for ref in self.refs.names(HEADS)])
            what = new if count is None else f"{names[0]} to {names[-1]}"
            moves = [Move(HEADS + name, "", start) for name in names]
            if switch:
                moves.append(Move("HEAD", self.refs.read("HEAD"), HEADS + names[0]))
            self.perform(f"fork {base} to {what}", moves)
        return names

    def rename(self, old: str, new: str, head: str) -> None:
        """Renames a branch; `HEAD` follows."""
        with self.exclusive():
            existing = [ref.removeprefix(HEADS) for ref in self.refs.names(HEADS)]
            check_new([new], [name for name in existing if name != old])
            at = self._there(HEADS + old)
            if new.startswith(f"{old}/") or old.startswith(f"{new}/"):
                raise UsageError(f"cannot rename {old!r} to {new!r}: one would be a folder of the other")
            moves = [Move(HEADS + old, at, ""), Move(HEADS + new, "", at)]
            if head == old:
                moves.append(Move("HEAD", HEADS + old, HEADS + new))
            self.perform(f"rename branch {old} to {new}", moves)

    def _there(self, ref: str) -> str:
        """The value of a branch that was there a moment ago. Raises `StaleBranch` where it is gone."""
        value = self.refs.read(ref)
        if not value:
            raise StaleBranch(f"{short(ref)} is gone: it was deleted meanwhile", "run the command again")
        return value

    def delete(self, refs: Sequence[str], description: str) -> None:
        """Deletes references that exist."""
        with self.exclusive():
            now = self.refs.values("refs/") if len(refs) > MANY else {ref: self.refs.read(ref) for ref in refs}
            self.perform(description, [Move(ref, now.get(ref, ""), "") for ref in refs])

    def move(self, ref: str, after: str, expected: str | None, description: str) -> None:
        """Moves a reference to another value."""
        with self.exclusive():
            before = self.refs.read(ref)
            check_expected(ref, before, expected)
            self.perform(description, [Move(ref, before, after)])

    def tag(self, name: str, commit: Commit, message: str) -> None:
        """Tags a commit; with a message the tag is an object of its own."""
        with self.exclusive():
            check_new([name], [ref.removeprefix(TAGS) for ref in self.refs.names(TAGS)], "tag")
            value = commit.id
            if message:
                text = check_message(message)
                value = self.objects.add("tag", tag_bytes(commit.id, name, self.author, commit.time, text))
            self.perform(f"tag {name}", [Move(TAGS + name, "", value)])


def _protected(branch: str, what: str) -> ProtectedBranch:
    return ProtectedBranch(
        f"branch {branch} is protected: {what}",
        f"`memento fork {branch} NAME`, change that one, then `memento merge NAME --into {branch}`; "
        f"`memento config --unset protected.{branch}` lifts it",
    )


def _line(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())[:500].encode("utf-8", "replace").decode() or "change"


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Holds back Ctrl-C for the few renames that must happen together.

    By handlers of its own: a signal masked in this thread would reach the process through another.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, frame: object) -> None:
        came.append(number)

    handlers = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
    held = [(number, handler) for number, handler in handlers if callable(handler)]
    try:
        for number, _ in held:
            signal.signal(number, note)
        yield
    finally:
        for number, handler in held:
            signal.signal(number, handler)
        for late in dict.fromkeys(came):
            signal.raise_signal(late)
