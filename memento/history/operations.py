"""Everything that changes a repository: under one lock, in one pack, as one operation, all or none."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from memento.errors import MementoError, StaleBranch, StoreError, UsageError
from memento.history.commit import Commit, check_message, commit_bytes, next_time, tag_bytes
from memento.history.config import Config
from memento.history.files import storing
from memento.history.lock import Lock
from memento.history.names import HEADS, TAGS, check_name, check_new
from memento.history.objects import Objects
from memento.history.oplog import REF, Operation, OperationLog, in_force, to_redo
from memento.history.refs import Move, Refs, short, stale
from memento.history.walk import Walker
from memento.world import tree as world_tree

MAX_FORK = 1_000_000
log = logging.getLogger("memento")


class Operations:
    """The mutating half of a repository; `author` signs commits and tags."""

    def __init__(self, path: Path, config: Config, objects: Objects, refs: Refs, walker: Walker, author: str) -> None:
        self.path = path
        self.config = config
        self.objects = objects
        self.refs = refs
        self.walker = walker
        self.author = author
        self.lock = Lock(str(path / "memento" / "lock"))
        self.log = OperationLog(path, objects, refs)

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
                self._perform(description, batch.moves())
        except BaseException:
            self.objects.discard()
            raise

    def _perform(self, description: str, moves: Sequence[Move], undoes: str = "", redoes: str = "") -> Operation | None:
        moves = [move for move in moves if move.before != move.after]
        if not moves:
            self.objects.discard()
            return None
        try:
            operation = self.log.stage(_line(description), moves, undoes, redoes)
            self._move(operation, moves)
        finally:
            self.objects.discard()
            self.objects.release()
        try:
            self.objects.tidy()
        except (MementoError, OSError) as error:
            log.warning("packs were not consolidated: %s", error)
        return operation

    def _move(self, operation: Operation, moves: Sequence[Move]) -> None:
        """Writes an operation's objects, and then moves its references, all of them or none."""
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

    # ── single changes ───────────────────────────────────────────────────────────────────────────

    def fork(self, base: str, start: str, new: str, count: int | None) -> list[str]:
        """Branch `new`, or `count` numbered ones, at commit `start`; `base` is for the log."""
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
            self._perform(f"fork {base} to {what}", [Move(HEADS + name, "", start) for name in names])
        return names

    def rename(self, old: str, new: str, head: str) -> None:
        """Renames a branch; `HEAD` follows."""
        with self.exclusive():
            existing = [ref.removeprefix(HEADS) for ref in self.refs.names(HEADS)]
            check_new([new], [name for name in existing if name != old])
            at = self.refs.read(HEADS + old)
            if new.startswith(f"{old}/") or old.startswith(f"{new}/"):
                raise UsageError(f"cannot rename {old!r} to {new!r}: one would be a folder of the other")
            moves = [Move(HEADS + old, at, ""), Move(HEADS + new, "", at)]
            if head == old:
                moves.append(Move("HEAD", HEADS + old, HEADS + new))
            self._perform(f"rename branch {old} to {new}", moves)

    def delete(self, refs: Sequence[str], description: str) -> None:
        """Deletes references that exist."""
        with self.exclusive():
            self._perform(description, [Move(ref, self.refs.read(ref), "") for ref in refs])

    def move(self, ref: str, after: str, expected: str | None, description: str) -> None:
        """Moves a reference to another value."""
        with self.exclusive():
            before = self.refs.read(ref)
            check_expected(ref, before, expected)
            self._perform(description, [Move(ref, before, after)])

    def tag(self, name: str, commit: Commit, message: str) -> None:
        """Tags a commit; with a message the tag is an object of its own."""
        with self.exclusive():
            check_new([name], [ref.removeprefix(TAGS) for ref in self.refs.names(TAGS)], "tag")
            value = commit.id
            if message:
                text = check_message(message)
                value = self.objects.add("tag", tag_bytes(commit.id, name, self.author, commit.time, text))
            self._perform(f"tag {name}", [Move(TAGS + name, "", value)])

    def undo(self) -> Operation:
        """Takes back the operation whose outcome is shown."""
        with self.exclusive():
            tip = self.log.tip
            operation = in_force(self.log, self.log.read(tip) if tip else None)
            if operation is None:
                raise UsageError("there is nothing to undo", "`memento undo --list` lists what was done")
            back = [Move(ref, after, before) for ref, before, after in operation.changes]
            self._replay(f"undo: {operation.description}", back, operation, undoes=operation.id)
            return operation

    def redo(self) -> Operation:
        """Brings back what the last undo took back."""
        with self.exclusive():
            operation = to_redo(self.log)
            if operation is None:
                raise UsageError(
                    "there is nothing to redo: the last operation was no undo",
                    "`memento undo --list` lists what was done",
                )
            forth = [Move(*change) for change in operation.changes]
            self._replay(f"redo: {operation.description}", forth, operation, redoes=operation.id)
            return operation

    def _replay(
        self, description: str, moves: list[Move], operation: Operation, undoes: str = "", redoes: str = ""
    ) -> None:
        many = {**self.refs.values("refs/"), "HEAD": self.refs.read("HEAD")}
        moved = [short(move.ref) for move in moves if many.get(move.ref, "") != move.before]
        if moved:
            raise StaleBranch(
                f"cannot {description}; moved since by something else: {', '.join(moved[:5])}",
                "`memento log --all` shows where things are; `memento fork COMMIT NAME` starts a branch at any of them",
            )
        stay = many.keys() - {move.ref for move in moves if not move.after}
        folders = {folder for ref in stay for folder in _folders(ref)}
        taken = [m.ref for m in moves if m.after and (m.ref in folders or not stay.isdisjoint(_folders(m.ref)))]
        if taken:
            raise StaleBranch(
                f"cannot {description!r}: {short(taken[0])} would be a name and a folder of names",
                "rename or delete what was made since",
            )
        for content in (operation.kept or {}).values():
            self.objects.add("tag", content)
        self._perform(description, moves, undoes, redoes)


class Batch:
    """Changes that become visible together, when their context ends without an exception."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._before: dict[str, str] = {}
        self._after: dict[str, str] = {}

    def tip(self, branch: str) -> str | None:
        """The branch's tip as this batch has moved it, None where there is no such branch."""
        return self._tip(HEADS + check_name(branch)) or None

    def commit(
        self,
        branch: str,
        tree: str,
        message: str,
        *,
        parents: Sequence[str] | None = None,
        time: int | None = None,
        expected: str | None = None,
    ) -> str:
        """As `Repository.commit`; the parent is the branch's tip as this batch has moved it."""
        operations = self._operations
        ref = HEADS + check_name(branch)
        tip = self._tip(ref)
        check_expected(ref, tip, expected)
        if not tip:
            heads = {name.removeprefix(HEADS) for name in operations.refs.names(HEADS)}
            made = {name.removeprefix(HEADS) for name in self._after if name.startswith(HEADS)}
            check_new([branch], heads | made)
        operations.objects.tree(tree)
        if parents is None:
            parents = [tip] if tip else []
        before = [operations.walker.commit(parent) for parent in parents]
        if time is None:
            time = world_tree.read_manifest(operations.objects, tree).clock
        text = check_message(message)
        ids = list(dict.fromkeys(commit.id for commit in before))
        content = commit_bytes(tree, ids, operations.author, next_time(time, before), text)
        self._after[ref] = operations.objects.add("commit", content)
        return self._after[ref]

    def moves(self) -> list[Move]:
        """The references that this batch moves, and how."""
        return [Move(ref, self._before[ref], after) for ref, after in self._after.items()]

    def _tip(self, ref: str) -> str:
        if ref not in self._before:
            self._before[ref] = self._operations.refs.read(ref)
        return self._after.get(ref, self._before[ref])


def check_expected(ref: str, tip: str, expected: str | None) -> None:
    """Raises `StaleBranch` where a reference is not where its reader saw it."""
    if expected is not None and tip != expected:
        raise stale(ref, tip, expected)


def _folders(ref: str) -> list[str]:
    """The names of the folders that a reference lies in."""
    parts = ref.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


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
