"""The operation log: every change of references as one record, which makes it atomic and undoable.

An operation is a commit under ``refs/memento/operations``: its tree holds one blob ``operation``,
its first parent is the operation before, and its other parents are the commits that it moved
references from and to, so that git's housekeeping keeps what was undone. Before anything moves, the
operation's id is written to the file ``memento/pending``, and that is the commit point: from then
on the operation is completed, by whoever comes next if its writer is killed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from memento import codec
from memento.errors import CorruptRecord, MementoError
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


@dataclass(frozen=True, slots=True)
class Operation:
    """One mutating call.

    `changes` are (ref, before, after): commit or tag ids, the empty string for absence, and for
    ``HEAD`` the branch's ref. `undoes` and `redoes` are the id of the operation that it takes back
    or brings back, or empty. `kept` are tag objects by id, which no commit can keep alive.
    """

    id: str
    parent: str
    description: str
    changes: tuple[tuple[str, str, str], ...]
    undoes: str = ""
    redoes: str = ""
    kept: Mapping[str, bytes] | None = None


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
            return Operation(
                operation_id, parent, value["description"], changes, value["undoes"], value["redoes"], value["kept"]
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise CorruptRecord("not an operation", entry.id, "operation") from None

    def walk(self) -> Iterator[Operation]:
        """All operations, newest first."""
        at = self.tip
        while at:
            operation = self.read(at)
            yield operation
            at = operation.parent

    def stage(self, description: str, moves: Sequence[Move], undoes: str = "", redoes: str = "") -> Operation:
        """Stages the record of an operation that moves references."""
        previous = self.tip
        kept: dict[str, bytes] = {}
        parents: dict[str, Commit] = {previous: self._commit(previous)} if previous else {}
        for value in dict.fromkeys(v for move in moves for v in (move.after, move.before)):
            if value and not value.startswith("refs/") and len(parents) <= _MAX_PARENTS:
                commit = self._keep(value, kept)
                if commit is not None:
                    parents[commit.id] = commit
        record = {
            "description": description,
            "changes": "\n".join(f"{m.ref} {m.before} {m.after}" for m in moves),
            "previous": bool(previous),
            "undoes": undoes,
            "redoes": redoes,
            "kept": kept,
        }
        tree = self.objects.add_tree([Entry("operation", self.objects.add_blob(codec.encode(record)), False)])
        time = next_time(0, list(parents.values()))
        content = commit_bytes(tree, list(parents), AUTHOR, time, description)
        changes = tuple((m.ref, m.before, m.after) for m in moves)
        return Operation(self.objects.add("commit", content), previous, description, changes, undoes, redoes, kept)

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
                self.refs.prepare(todo, lock).finish()
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


def in_force(log: OperationLog, operation: Operation | None) -> Operation | None:
    """The operation whose outcome the repository shows after `operation`: itself, or for an undo the
    one before what it took back, or for a redo what it brought back."""
    while operation is not None and (operation.undoes or operation.redoes):
        if operation.redoes:
            return log.read(operation.redoes)
        undone = log.read(operation.undoes)
        operation = log.read(undone.parent) if undone.parent else None
    return operation


def to_redo(log: OperationLog) -> Operation | None:
    """What the last undo took back and nothing has replaced since, or None."""
    tip = log.tip
    operation = log.read(tip) if tip else None
    shown = in_force(log, operation)
    while operation is not None and (operation.undoes or operation.redoes):
        operation = log.read(operation.parent) if operation.parent else None
    while operation is not None and operation != shown:
        before = in_force(log, log.read(operation.parent)) if operation.parent else None
        if before == shown:
            return operation
        operation = before
    return None


def _unpack(text: str) -> tuple[tuple[str, str, str], ...]:
    changes = []
    for line in text.split("\n") if text else ():
        ref, before, after = line.split(" ")
        changes.append((ref, before, after))
    return tuple(changes)
