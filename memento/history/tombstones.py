"""What was pruned on purpose: a record of every branch taken away, which outlives its objects.

``refs/memento/tombstones`` leads to a chain of commits, one for each prune. The tree of each holds one
blob ``pruned``: a JSON line for each branch, sorted by name. None of them has a pruned commit as its
parent, so that housekeeping may take the commits away; their ids stay and can be verified.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from memento.errors import CorruptRecord, ProtectedBranch, StaleBranch, UsageError
from memento.history.commit import Commit, commit_bytes, next_time, parse_commit
from memento.history.names import HEADS
from memento.history.operations import Operations
from memento.history.oplog import AUTHOR
from memento.history.refs import Move
from memento.world.objects import Entry

REF = "refs/memento/tombstones"
_FIELDS = {"branch": str, "commit": str, "tree": str, "parents": list, "subject": str, "time": int, "why": str}


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A branch that was pruned: its name, the commit it led to, that one's tree, parents, subject and time
    (s UTC), and why it went."""

    branch: str
    commit: str
    tree: str
    parents: tuple[str, ...]
    subject: str
    time: int
    why: str


def prune(operations: Operations, branches: Sequence[str], why: str) -> list[Tombstone]:
    """Deletes branches and leaves a tombstone for each, as one operation; returns the tombstones.

    Raises `UsageError` for the current branch and `ProtectedBranch` for a protected one; nothing is
    deleted then.
    """
    names = sorted(dict.fromkeys(branches))
    with operations.exclusive():
        current = operations.refs.read("HEAD")
        values = operations.refs.values(HEADS)
        made, moves = [], []
        for name in names:
            if HEADS + name not in values:
                raise StaleBranch(f"branch {name} is gone: it was deleted meanwhile", "run the command again")
            if HEADS + name == current:
                raise UsageError(f"cannot prune {name!r}: it is the current branch", "`memento switch NAME` first")
            if operations.config.protected(name):
                raise ProtectedBranch(f"cannot prune {name!r}: it is protected", "leave it out of the expression")
            made.append(_of(name, operations.walker.commit(values[HEADS + name]), why))
            moves.append(Move(HEADS + name, values[HEADS + name], ""))
        if not made:
            return []
        objects, before = operations.objects, operations.refs.read(REF)
        text = "".join(json.dumps(asdict(stone), sort_keys=True, ensure_ascii=False) + "\n" for stone in made)
        tree = objects.add_tree([Entry("pruned", objects.add_blob(text.encode()), False)])
        last = [operations.walker.commit(before)] if before else []
        time = next_time(max(stone.time for stone in made), last)
        what = f"prune {len(made)} branch{'' if len(made) == 1 else 'es'}: {why}"
        after = objects.add("commit", commit_bytes(tree, [before] if before else [], AUTHOR, time, what))
        operations.perform(what, [*moves, Move(REF, before, after)])
    return made


def tombstones(operations: Operations) -> Iterator[Tombstone]:
    """Every branch that was pruned, the last first. Raises `CorruptRecord`."""
    at = operations.refs.read(REF)
    objects = operations.objects
    while at:
        kind, data = objects.read(at)
        commit = parse_commit(at, data) if kind == "commit" else None
        entry = next((e for e in objects.tree(commit.tree) if e.name == "pruned"), None) if commit else None
        if commit is None or entry is None:
            raise CorruptRecord("not a record of what was pruned", at, REF)
        yield from _read(objects.blob(entry.id, "pruned"), entry.id)
        at = commit.parents[0] if commit.parents else ""


def _of(name: str, commit: Commit, why: str) -> Tombstone:
    return Tombstone(name, commit.id, commit.tree, commit.parents, commit.subject, commit.time, why)


def _read(data: bytes, object_id: str) -> Iterator[Tombstone]:
    for line in data.splitlines():
        try:
            value = json.loads(line)
            if {name: type(item) for name, item in value.items()} != _FIELDS:
                raise ValueError("fields")
            yield Tombstone(**{**value, "parents": tuple(value["parents"])})
        except (ValueError, AttributeError, TypeError, RecursionError):
            raise CorruptRecord("not a record of what was pruned", object_id, "pruned") from None
