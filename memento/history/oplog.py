"""The operation log: every change of references as one record, which makes it atomic and undoable.

An operation is a commit under ``refs/memento/operations``: its tree holds one blob ``operation``,
its first parent is the operation before, and its other parents are the commits that it moved
references from and to, so that git's housekeeping keeps what was undone. Before anything moves, the
operation's id is written to the file ``memento/pending``, and that is the commit point: from then
on the operation is completed, by whoever comes next if its writer is killed.

Operations form a line of what is in force. An undo steps back along it, over one operation or
several, and a redo forth; anything else is put at its end, and what was undone before is left aside.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from memento import codec
from memento.errors import CorruptRecord, MementoError, NotFound, UsageError
from memento.history.commit import Commit, commit_bytes, next_time, parse_commit, parse_tag
from memento.history.files import remove_temporary, write_new
from memento.history.lock import Lock
from memento.history.objects import Objects
from memento.history.packfile import remove_keeps
from memento.history.refs import Move, Refs
from memento.world.objects import Entry

REF = "refs/memento/operations"
AUTHOR = "memento <memento@localhost>"
_NONE = b"0" * 40 + b"\n"
_MAX_PARENTS = 64
_DIGITS = re.compile(r"[0-9a-f]{4,40}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One mutating call.

    `changes` are (ref, before, after): commit or tag ids, the empty string for absence, and for
    ``HEAD`` the branch's ref. `undoes` is the id of the oldest operation that it steps back over,
    `redoes` of the newest that it brings back, and `reverts` of an earlier one that it takes back
    while those after it stay; else they are empty. `kept` are tag objects by id, which no commit can
    keep alive.
    """

    id: str
    parent: str
    description: str
    changes: tuple[tuple[str, str, str], ...]
    undoes: str = ""
    redoes: str = ""
    kept: Mapping[str, bytes] | None = None
    reverts: str = ""
    shows: str = ""

    @property
    def steps(self) -> bool:
        """Whether it is an undo or a redo: a step along what was done, nothing new."""
        return bool(self.undoes or self.redoes)


class OperationLog:
    """The log of one repository."""

    def __init__(self, path: Path, objects: Objects, refs: Refs) -> None:
        self.pending = str(path / "memento" / "pending")
        self.objects = objects
        self.refs = refs

    @property
    def tip(self) -> str:
        """The id of the last operation, or empty."""
        return self.refs.read(REF)

    def read(self, operation_id: str) -> Operation:
        """One operation. Raises `CorruptRecord`."""
        commit = self._commit(operation_id)
        entry = next((e for e in self.objects.tree(commit.tree) if e.name == "operation"), None)
        if entry is None:
            raise CorruptRecord("not an operation", operation_id)
        value = codec.decode(self.objects.blob(entry.id, "operation"), object_id=entry.id, path="operation")
        try:
            parent = commit.parents[0] if value["previous"] and commit.parents else ""
            changes = _unpack(value["changes"])
            reverts, shows = value.get("reverts", ""), value.get("shows", "")
            return Operation(
                operation_id, parent, value["description"], changes,
                value["undoes"], value["redoes"], value["kept"], reverts, shows,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError):
            raise CorruptRecord("not an operation", entry.id, "operation") from None

    def walk(self) -> Iterator[Operation]:
        """All operations, newest first."""
        at = self.tip
        while at:
            operation = self.read(at)
            yield operation
            at = operation.parent

    def find(self, digits: str) -> Operation:
        """The operation whose id begins with some digits, at least four.

        Raises `UsageError` for digits that begin several ids, `NotFound` where none does.
        """
        hint = "`memento oplog` lists the operations"
        if not _DIGITS.fullmatch(digits):
            raise UsageError(f"{digits!r} names no operation: an id is 4 to 40 of 0-9 a-f", hint)
        found = [name for name in self.objects.prefixed(digits) if self._is_operation(name)]
        if len(found) > 1:
            raise UsageError(f"{digits!r} is ambiguous: {len(found)} operations begin with it", hint)
        if not found:
            raise NotFound("operation", digits, [op.id[:8] for op in islice(self.walk(), 50)], hint)
        return self.read(found[0])

    def in_force(self, operation: Operation | None) -> Operation | None:
        """The newest operation in force after `operation`: itself, or for an undo the one before what
        it stepped back over, or for a redo what it brought back."""
        while operation is not None and operation.steps:
            if operation.shows:
                return self.read(operation.shows)
            if operation.redoes:
                return self.read(operation.redoes)
            operation = self._before(self.read(operation.undoes))
        return operation

    def shown(self) -> Iterator[Operation]:
        """The operations in force, newest first: what `undo` takes back, one after the other."""
        tip = self.tip
        operation = self.in_force(self.read(tip) if tip else None)
        while operation is not None:
            yield operation
            operation = self.in_force(self._before(operation))

    def undone(self) -> list[Operation]:
        """What `redo` brings back, one after the other: stepped back over, and nothing done since."""
        tip = self.tip
        operation = self.read(tip) if tip else None
        shown = self.in_force(operation)
        while operation is not None and operation.steps:
            operation = self._before(operation)
        aside: list[Operation] = []
        while operation is not None and operation.id != (shown.id if shown else ""):
            aside.append(operation)
            operation = self.in_force(self._before(operation))
        return aside[::-1] if (operation and operation.id) == (shown and shown.id) else []

    def stage(
        self,
        description: str,
        moves: Sequence[Move],
        undoes: str = "",
        redoes: str = "",
        reverts: str = "",
        shows: str = "",
    ) -> Operation:
        """Stages the record of an operation that moves references; `shows` is the operation in force
        after an undo or a redo."""
        previous = self.tip
        kept: dict[str, bytes] = {}
        led: dict[str, Commit] = {}
        for value in dict.fromkeys(v for move in moves for v in (move.after, move.before)):
            if value and not value.startswith("refs/"):
                commit = self._keep(value, kept)
                if commit is not None:
                    led[commit.id] = commit
        record = {
            "description": description,
            "changes": "\n".join(f"{m.ref} {m.before} {m.after}" for m in moves),
            "previous": bool(previous),
            "undoes": undoes,
            "redoes": redoes,
            "kept": kept,
        }
        record |= {name: value for name, value in (("reverts", reverts), ("shows", shows)) if value}
        tree = self.objects.add_tree([Entry("operation", self.objects.add_blob(codec.encode(record)), False)])
        before = [self._commit(previous)] if previous else []
        parents = [*before, *self._bundled(list(led.values()))]
        content = commit_bytes(tree, [commit.id for commit in parents], AUTHOR, next_time(0, parents), description)
        changes = tuple((m.ref, m.before, m.after) for m in moves)
        name = self.objects.add("commit", content)
        return Operation(name, previous, description, changes, undoes, redoes, kept, reverts, shows)

    # ── the commit point ─────────────────────────────────────────────────────────────────────────

    def announce(self, operation_id: str) -> None:
        """Makes an operation certain: from now on it is completed, whatever happens."""
        self._mark(operation_id.encode() + b"\n", self.refs.durable)

    def settle(self) -> None:
        """Notes that nothing is pending."""
        with suppress(OSError):
            self._mark(_NONE, False)

    def unsettled(self) -> str:
        """The id of an operation that was announced and not settled, or empty."""
        try:
            with open(self.pending, "rb") as file:
                text = file.read(41)
        except FileNotFoundError:
            return ""
        if len(text) != 41 or text == _NONE or set(text[:40]) - set(b"0123456789abcdef"):
            return ""
        return text[:40].decode()

    def recover(self, lock: Lock) -> None:
        """Completes an operation whose writer was killed, and clears up behind it; call it under the
        lock."""
        if lock.abandoned:
            self.refs.clear(lock)
            for folder in (self.objects.folder, os.path.dirname(self.pending)):
                remove_temporary(folder)
            remove_keeps(self.objects.folder)
            lock.cleared()
        pending = self.unsettled()
        if not pending:
            return
        try:
            operation = self.read(pending)
        except MementoError:
            operation = None
        if operation is not None and self.tip in (operation.parent, pending):
            moves = [Move(REF, operation.parent, pending), *(Move(*change) for change in operation.changes)]
            todo = [move for move in moves if self.refs.read(move.ref) == move.before != move.after]
            if todo:
                for content in (operation.kept or {}).values():
                    self.objects.add("tag", content)
                self.objects.flush()
                prepared = self.refs.prepare(todo, lock)
                try:
                    prepared.finish()
                except OSError:
                    prepared.abandon()
                    raise
                self.objects.release()
        self.settle()

    def _mark(self, text: bytes, durable: bool) -> None:
        try:
            fd = os.open(self.pending, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            write_new(self.pending, text, durable)
            return
        try:
            if os.pwrite(fd, text, 0) != len(text):
                raise OSError(28, "the disk is full")
            if durable:
                os.fdatasync(fd)
        finally:
            os.close(fd)

    def _before(self, operation: Operation) -> Operation | None:
        return self.read(operation.parent) if operation.parent else None

    def _is_operation(self, object_id: str) -> bool:
        """Whether an object is an operation of this log; times grow along the log."""
        kind, data = self.objects.read(object_id)
        if kind != "commit":
            return False
        wanted, at = parse_commit(object_id, data), self.tip
        if [entry.name for entry in self.objects.tree(wanted.tree)] != ["operation"]:
            return False
        while at:
            commit = self._commit(at)
            if at == object_id:
                return True
            at = commit.parents[0] if commit.parents and commit.time > wanted.time else ""
        return False

    def _bundled(self, commits: list[Commit]) -> list[Commit]:
        """At most 64 commits whose ancestors `commits` are: themselves, or ones made to hold them."""
        while len(commits) > _MAX_PARENTS:
            tree = self.objects.add_tree([])
            bundles = []
            for first in range(0, len(commits), _MAX_PARENTS):
                held = commits[first : first + _MAX_PARENTS]
                time = next_time(0, held)
                content = commit_bytes(tree, [commit.id for commit in held], AUTHOR, time, "held by an operation")
                name = self.objects.add("commit", content)
                bundles.append(Commit(name, tree, (), AUTHOR, time, ""))
            commits = bundles
        return commits

    def _commit(self, commit_id: str) -> Commit:
        kind, data = self.objects.read(commit_id)
        if kind != "commit":
            raise CorruptRecord(f"a {kind} where a commit belongs", commit_id)
        return parse_commit(commit_id, data)

    def _keep(self, value: str, kept: dict[str, bytes]) -> Commit | None:
        """The commit that a reference's value leads to; tags on the way are put into `kept`."""
        while True:
            kind, data = self.objects.read(value)
            if kind == "commit":
                return parse_commit(value, data)
            if kind != "tag":
                return None
            kept[value] = data
            value = parse_tag(value, data)[0]


def _unpack(text: str) -> tuple[tuple[str, str, str], ...]:
    changes = []
    for line in text.split("\n") if text else ():
        ref, before, after = line.split(" ")
        changes.append((ref, before, after))
    return tuple(changes)
