"""Revisions as git writes them (gitrevisions(7)), led back to one commit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memento.errors import NotFound, UsageError
from memento.history.commit import Commit, parse_tag
from memento.history.names import HEADS, TAGS
from memento.history.objects import Objects
from memento.history.oplog import OperationLog
from memento.history.refs import Refs
from memento.history.walk import Walker

_STEPS = re.compile(r"(?:[~^][0-9]*|\^\{(?:commit)?\})*\Z")
_STEP = re.compile(r"([~^])([0-9]*)(\{(?:commit)?\})?")
_BEFORE = re.compile(r"(.*)@\{([0-9]{1,9})\}")
_ID = re.compile(r"[0-9a-f]{40}")
_SHORT = re.compile(r"[0-9a-f]{4,39}")
_SHOWN = 8


class Revisions:
    """Reads revisions against the references and objects of one repository."""

    def __init__(self, objects: Objects, refs: Refs, walker: Walker, operations: OperationLog) -> None:
        self.objects = objects
        self.refs = refs
        self.walker = walker
        self.operations = operations

    def resolve(self, revision: str) -> Commit:
        """The commit that a revision names. Raises `NotFound`, `UsageError`."""
        steps = _STEPS.search(revision)
        assert steps is not None
        base, tail = revision[: steps.start()], steps.group()
        commit = self._commit(self._base(base or "HEAD"), revision)
        for sign, digits, braces in _STEP.findall(tail):
            count = int(digits[:9]) if digits else 1
            if braces:
                continue
            if sign == "~":
                for done in range(count):
                    if not commit.parents:
                        raise UsageError(
                            f"{revision!r} goes beyond the first commit: {base or 'HEAD'} has {done} before it"
                            if tail == f"~{digits}"
                            else f"{revision!r} goes beyond the first commit"
                        )
                    commit = self.walker.commit(commit.parents[0])
            elif count:
                if count > len(commit.parents):
                    has = "no parent" if not commit.parents else f"{len(commit.parents)} parent(s)"
                    raise UsageError(f"{revision!r}: commit {commit.id[:10]} has {has}")
                commit = self.walker.commit(commit.parents[count - 1])
        return commit

    def branch_of_head(self) -> str:
        """The name of the current branch. Raises `UsageError` for a detached `HEAD`."""
        value = self.refs.read("HEAD")
        if not value.startswith(HEADS):
            raise UsageError("HEAD names no branch", "`memento switch main` makes main the current one")
        return value.removeprefix(HEADS)

    def _base(self, name: str) -> str:
        if name in ("HEAD", "@"):
            return self._head()
        earlier = _BEFORE.fullmatch(name)
        if earlier:
            return self._earlier(earlier[1], int(earlier[2]), name)
        if _ID.fullmatch(name.lower()):
            if not self.objects.contains(name.lower()):
                self.objects.refresh(force=True)
            if not self.objects.contains(name.lower()):
                raise NotFound("commit", name)
            return name.lower()
        exact = name if name.startswith("refs/") else f"refs/{name}"
        for ref in (exact, TAGS + name, HEADS + name, f"refs/remotes/{name}"):
            value = self.refs.read(ref)
            if value:
                return value
        if _SHORT.fullmatch(name.lower()):
            found = self._short(name.lower())
            if found:
                return found
        known = [ref.split("/", 2)[2] for prefix in (HEADS, TAGS) for ref in self.refs.names(prefix)]
        if not known and self.refs.read("HEAD") == HEADS + name:
            raise _no_commit(name, [])
        if not known:
            raise NotFound("revision", name, hint="there is no commit yet: `memento generate tiny` makes some")
        raise NotFound("revision", name, [*known, "HEAD"], "`memento branch` lists the branches")

    def _head(self) -> str:
        value = self.refs.read("HEAD")
        if _ID.fullmatch(value):
            return value
        at = self.refs.read(value)
        if not at:
            branch = value.removeprefix(HEADS)
            others = [ref.removeprefix(HEADS) for ref in self.refs.names(HEADS)]
            raise _no_commit(branch, others)
        return at

    def _short(self, digits: str) -> str:
        found = []
        for object_id in self.objects.prefixed(digits):
            kind, _ = self.objects.read(object_id)
            if kind in ("commit", "tag"):
                found.append(object_id)
        if len(found) > 1:
            lines = "".join(f"\n  {line}" for line in self._described(found[:_SHOWN]))
            raise UsageError(
                f"{digits!r} is ambiguous: {len(found)} commits begin with it{lines}", "give more digits of one of them"
            )
        return found[0] if found else ""

    def _described(self, ids: list[str]) -> Iterator[str]:
        for object_id in ids:
            commit = self._commit(object_id, object_id)
            yield f"{object_id[:12]} {commit.subject[:60]}"

    def _commit(self, object_id: str, revision: str) -> Commit:
        while True:
            kind, data = self.objects.read(object_id)
            if kind == "commit":
                return self.walker.commit(object_id)
            if kind != "tag":
                raise UsageError(f"{revision!r} names a {kind}, not a commit")
            object_id = parse_tag(object_id, data)[0]

    def _earlier(self, branch: str, count: int, revision: str) -> str:
        """Where a branch stood before its last `count` moves, from the operation log."""
        ref = HEADS + (branch if branch not in ("", "HEAD", "@") else self.branch_of_head())
        values = [self.refs.read(ref)]
        if count:
            for operation in self.operations.walk():
                values += [before for name, before, after in operation.changes if name == ref and before != after]
                if len(values) > count:
                    break
        if len(values) <= count or not values[count]:
            known = len([value for value in values if value]) - 1
            raise UsageError(f"{revision!r}: branch {ref.removeprefix(HEADS)} has moved {max(known, 0)} times only")
        return values[count]


def _no_commit(branch: str, others: list[str]) -> UsageError:
    hint = "`memento generate tiny` makes some"
    if others:
        hint = f"`memento switch {others[0]}` goes to a branch that has some"
    return UsageError(f"branch {branch!r} has no commit yet", hint)
