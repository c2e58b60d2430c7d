"""Taking operations back, and bringing them back: each is an operation of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from memento.errors import StaleBranch, UsageError
from memento.history.operations import MANY, Operations
from memento.history.oplog import Operation
from memento.history.refs import Move, short


class Undoing:
    """Steps back and forth along the operations of a repository."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def undo(self, count: int = 1) -> list[Operation]:
        """Takes back the last `count` operations in force, as one operation; returns them, newest first."""
        with self._operations.exclusive():
            found = list(islice(self._operations.log.shown(), count + 1))
            back, left = found[:count], found[count:]
            _enough(len(back), count, "undo")
            changes = [(ref, after, before) for operation in back for ref, before, after in operation.changes]
            step = {"undoes": back[-1].id, "shows": left[0].id if left else ""}
            self._replay(_many("undo", back), changes, back, step)
            return back

    def redo(self, count: int = 1) -> list[Operation]:
        """Brings back the last `count` operations taken back, as one operation; returns them, oldest first."""
        with self._operations.exclusive():
            forth = self._operations.log.undone()[:count]
            _enough(len(forth), count, "redo")
            changes = [change for operation in forth for change in operation.changes]
            self._replay(_many("redo", forth), changes, forth, {"redoes": forth[-1].id, "shows": forth[-1].id})
            return forth

    def take_back(self, digits: str) -> Operation:
        """Takes back one earlier operation, those after it staying; `digits` begin its id.

        Raises `UsageError` where it is not in force or a later operation moved what it moved.
        """
        with self._operations.exclusive():
            operation = self._operations.log.find(digits)
            later: list[Operation] = []
            for shown in self._operations.log.shown():
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
        if len(moves) > MANY:
            now = {**self._operations.refs.values("refs/"), "HEAD": self._operations.refs.read("HEAD")}
        else:
            now = {ref: self._operations.refs.read(ref) for ref in moves}
        broken += [move.ref for move in moves.values() if now.get(move.ref, "") != move.before]
        if broken:
            raise StaleBranch(
                f"cannot {description}; moved since by something else: {', '.join(map(short, broken[:5]))}",
                "`memento log --all` shows where things are; `memento fork COMMIT NAME` starts a branch at any of them",
            )
        self._refuse_folders(description, list(moves.values()))
        for operation in operations:
            for content in (operation.kept or {}).values():
                self._operations.objects.add("tag", content)
        self._operations.perform(description, list(moves.values()), **step)

    def _refuse_folders(self, description: str, moves: Sequence[Move]) -> None:
        """Raises `StaleBranch` where a name that comes back would be a folder of names that stay."""
        come = [move.ref for move in moves if move.after and not move.before]
        if not come:
            return
        stay = set(self._operations.refs.names("refs/")) - {move.ref for move in moves if not move.after}
        folders = {folder for ref in stay for folder in _folders(ref)}
        taken = [ref for ref in come if ref in folders or not stay.isdisjoint(_folders(ref))]
        if taken:
            raise StaleBranch(
                f"cannot {description}: {short(taken[0])} would be a name and a folder of names",
                "rename or delete what was made since",
            )


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
