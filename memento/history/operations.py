"""Everything that changes a repository: under one lock, in one pack, as one operation, all or none."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from memento.errors import MementoError, ProtectedBranch, StaleBranch, StoreError, UsageError
from memento.history.commit import Commit, check_message, commit_bytes, next_time, tag_bytes
from memento.history.config import Config
from memento.history.files import storing
from memento.history.lock import Lock
from memento.history.names import HEADS, TAGS, Taken, check_name, check_new
from memento.history.objects import Objects
from memento.history.oplog import REF, Operation, OperationLog
from memento.history.refs import Move, Refs, short, stale
from memento.history.walk import Walker
from memento.world import tree as world_tree

MAX_FORK = 1_000_000
_MANY = 32
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
                self._perform(description, batch.moves())
        except BaseException:
            self.objects.discard()
            raise

    def _perform(self, description: str, moves: Sequence[Move], **step: str) -> Operation | None:
        """Moves references as one operation; none where nothing moves, unless it is a `step` (see `OperationLog`)."""
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
                return self._perform(description, moves)
            finally:
                self.objects.discard()
                self.objects.release()

    def move_all(self, description: str, moves: Sequence[Move]) -> Operation | None:
        """Moves references, and writes what is staged for that, as one operation; for a caller that holds the lock."""
        return self._perform(description, moves)

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
            self._perform(f"fork {base} to {what}", moves)
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
            self._perform(f"rename branch {old} to {new}", moves)

    def _there(self, ref: str) -> str:
        """The value of a branch that was there a moment ago. Raises `StaleBranch` where it is gone."""
        value = self.refs.read(ref)
        if not value:
            raise StaleBranch(f"{short(ref)} is gone: it was deleted meanwhile", "run the command again")
        return value

    def delete(self, refs: Sequence[str], description: str) -> None:
        """Deletes references that exist."""
        with self.exclusive():
            now = self.refs.values("refs/") if len(refs) > _MANY else {ref: self.refs.read(ref) for ref in refs}
            self._perform(description, [Move(ref, now.get(ref, ""), "") for ref in refs])

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

    def undo(self, count: int = 1) -> list[Operation]:
        """Takes back the last `count` operations in force, as one operation; returns them, newest first."""
        with self.exclusive():
            found = list(islice(self.log.shown(), count + 1))
            back, left = found[:count], found[count:]
            _enough(len(back), count, "undo")
            changes = [(ref, after, before) for operation in back for ref, before, after in operation.changes]
            step = {"undoes": back[-1].id, "shows": left[0].id if left else ""}
            self._replay(_many("undo", back), changes, back, step)
            return back

    def redo(self, count: int = 1) -> list[Operation]:
        """Brings back the last `count` operations taken back, as one operation; returns them, oldest first."""
        with self.exclusive():
            forth = self.log.undone()[:count]
            _enough(len(forth), count, "redo")
            changes = [change for operation in forth for change in operation.changes]
            self._replay(_many("redo", forth), changes, forth, {"redoes": forth[-1].id, "shows": forth[-1].id})
            return forth

    def take_back(self, digits: str) -> Operation:
        """Takes back one earlier operation, those after it staying; `digits` begin its id.

        Raises `UsageError` where it is not in force or a later operation moved what it moved.
        """
        with self.exclusive():
            operation = self.log.find(digits)
            later: list[Operation] = []
            for shown in self.log.shown():
                if shown.id == operation.id:
                    break
                later.append(shown)
            else:
                why = "is an undo or a redo itself" if operation.steps else "is not in force: it has been taken back"
                raise UsageError(
                    f"{operation.id[:8]} ({operation.description}) {why}", "`memento oplog` shows what is in force"
                )
            if not later:
                return self.undo()[0]
            self._refuse_touched(operation, later)
            changes = [(ref, after, before) for ref, before, after in operation.changes]
            self._replay(f"undo: {operation.description}", changes, [operation], {"reverts": operation.id})
            return operation

    def _refuse_touched(self, operation: Operation, later: Sequence[Operation]) -> None:
        """Raises `UsageError` where an operation after `operation` moved a reference that it moved."""
        own = {ref for ref, _, _ in operation.changes}
        for other in reversed(later):
            both = [ref for ref, _, _ in other.changes if ref in own]
            if both:
                since = "it has" if len(both) == 1 else f"{len(both):,} of its references have"
                raise UsageError(
                    f"cannot take back {operation.id[:8]} ({operation.description}) alone: {since} been moved since, "
                    f"{short(both[0])} by {other.id[:8]} ({other.description})",
                    f"`memento undo {len(later) + 1}` takes back everything since and it; "
                    f"`memento undo {other.id[:8]}` takes back that one first",
                )

    def _replay(
        self,
        description: str,
        changes: Iterable[tuple[str, str, str]],
        operations: Sequence[Operation],
        step: dict[str, str],
    ) -> None:
        """Moves references along `changes`, (ref, from, to) one after the other, as one operation."""
        moves: dict[str, Move] = {}
        broken: list[str] = []
        for ref, before, after in changes:
            known = moves.get(ref)
            if known is not None and known.after != before:
                broken.append(ref)
            moves[ref] = Move(ref, known.before if known else before, after)
        if len(moves) > _MANY:
            now = {**self.refs.values("refs/"), "HEAD": self.refs.read("HEAD")}
        else:
            now = {ref: self.refs.read(ref) for ref in moves}
        broken += [move.ref for move in moves.values() if now.get(move.ref, "") != move.before]
        if broken:
            raise StaleBranch(
                f"cannot {description}; moved since by something else: {', '.join(map(short, broken[:5]))}",
                "`memento log --all` shows where things are; `memento fork COMMIT NAME` starts a branch at any of them",
            )
        self._refuse_folders(description, list(moves.values()))
        for operation in operations:
            for content in (operation.kept or {}).values():
                self.objects.add("tag", content)
        self._perform(description, list(moves.values()), **step)

    def _refuse_folders(self, description: str, moves: Sequence[Move]) -> None:
        """Raises `StaleBranch` where a name that comes back would be a folder of names that stay."""
        come = [move.ref for move in moves if move.after and not move.before]
        if not come:
            return
        stay = set(self.refs.names("refs/")) - {move.ref for move in moves if not move.after}
        folders = {folder for ref in stay for folder in _folders(ref)}
        taken = [ref for ref in come if ref in folders or not stay.isdisjoint(_folders(ref))]
        if taken:
            raise StaleBranch(
                f"cannot {description}: {short(taken[0])} would be a name and a folder of names",
                "rename or delete what was made since",
            )


class Batch:
    """Changes that become visible together, when their context ends without an exception."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._before: dict[str, str] = {}
        self._after: dict[str, str] = {}
        self._taken: Taken | None = None

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
        ref = HEADS + check_name(branch)
        tip = self._tip(ref)
        check_expected(ref, tip, expected)
        if not tip:
            self._take(branch)
        if parents is None:
            parents = [tip] if tip else []
        self._after[ref] = self.write(tree, message, parents, time=time)
        return self._after[ref]

    def write(
        self,
        tree: str,
        message: str,
        parents: Sequence[str],
        *,
        time: int | None = None,
        author: str = "",
        written: int | None = None,
    ) -> str:
        """Stages a commit that no branch leads to yet; returns its id. See `commit` and `move`.

        `author` is who made the change, at `written` in s UTC, where that is not who commits it.
        """
        operations = self._operations
        operations.objects.tree(tree)
        before = [operations.walker.commit(parent) for parent in parents]
        if time is None:
            time = world_tree.read_manifest(operations.objects, tree).clock
        text = check_message(message)
        ids = list(dict.fromkeys(commit.id for commit in before))
        content = commit_bytes(tree, ids, operations.author, next_time(time, before), text, author, written)
        return operations.objects.add("commit", content)

    def start(self, branch: str, commit: str) -> None:
        """Makes a new branch at a commit, stored or staged. Raises `UsageError` for a name that cannot be taken."""
        self._take(branch)
        self._before[HEADS + branch], self._after[HEADS + branch] = "", commit

    def move(self, branch: str, commit: str, expected: str | None = None) -> None:
        """Makes a branch point at a commit, stored or staged. Raises `StaleBranch` as `commit` does."""
        ref = HEADS + check_name(branch)
        check_expected(ref, self._tip(ref), expected)
        self._after[ref] = commit

    def moves(self) -> list[Move]:
        """The references that this batch moves, and how."""
        return [Move(ref, self._before[ref], after) for ref, after in self._after.items()]

    def _take(self, branch: str) -> None:
        if self._taken is None:
            self._taken = Taken(name.removeprefix(HEADS) for name in self._operations.refs.names(HEADS))
        self._taken.add(branch)

    def _tip(self, ref: str) -> str:
        if ref not in self._before:
            self._before[ref] = self._operations.refs.read(ref)
        return self._after.get(ref, self._before[ref])


def _protected(branch: str, what: str) -> ProtectedBranch:
    return ProtectedBranch(
        f"branch {branch} is protected: {what}",
        f"`memento fork {branch} NAME`, change that one, then `memento merge NAME --into {branch}`; "
        f"`memento config --unset protected.{branch}` lifts it",
    )


def check_expected(ref: str, tip: str, expected: str | None) -> None:
    """Raises `StaleBranch` where a reference is not where its reader saw it."""
    if expected is not None and tip != expected:
        raise stale(ref, tip, expected)


def _enough(found: int, count: int, verb: str) -> None:
    """Raises `UsageError` where there are fewer operations to undo or redo than asked for."""
    hint = "`memento oplog` lists what was done"
    if not found and verb == "redo":
        raise UsageError("there is nothing to redo: the last operation was no undo", hint)
    if not found:
        raise UsageError("there is nothing to undo", hint)
    if found < count:
        raise UsageError(f"cannot {verb} {count} operations: there {'is 1' if found == 1 else f'are {found}'}", hint)


def _many(verb: str, operations: Sequence[Operation]) -> str:
    """What an undo or a redo does, on a line."""
    first = operations[0].description
    return f"{verb}: {first}" if len(operations) == 1 else f"{verb} {len(operations)} operations, from: {first}"


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
