"""Revisions as git writes them (gitrevisions(7)), led back to one commit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from memento.errors import NotFound, UsageError
from memento.history.commit import Commit, parse_tag
from memento.history.names import HEADS, TAGS
from memento.history.objects import Objects
from memento.history.oplog import OperationLog
from memento.history.refs import Refs
from memento.history.walk import Walker
from memento.language.matching import compile_pattern, within
from memento.world import tree
from memento.world.values import format_time, parse_time

if TYPE_CHECKING:
    from memento.history.repository import Repository

_STEPS = re.compile(r"(?:[~^][0-9]*|\^\{(?:commit|/[^{}]*)?\})*\Z")
_STEP = re.compile(r"([~^])([0-9]*)(\{(?:commit|/[^{}]*)?\})?")
_AT = re.compile(r"(.*)@\{([^{}]*)\}")
_COUNT = re.compile(r"-?[0-9]{1,9}")
_ID = re.compile(r"[0-9a-f]{40}")
_SHORT = re.compile(r"[0-9a-f]{4,39}")
_SHOWN = 8
_PATIENCE = 10.0
_LONGEST = 1000


class Revisions:
    """Reads revisions against the references and objects of one repository."""

    def __init__(self, objects: Objects, refs: Refs, walker: Walker, operations: OperationLog) -> None:
        self.objects = objects
        self.refs = refs
        self.walker = walker
        self.operations = operations

    def resolve(self, revision: str) -> Commit:
        """The commit that a revision names. Raises `NotFound`, `UsageError`."""
        if len(revision) > _LONGEST:
            raise UsageError(f"no revision has {len(revision):,} characters", f"at most {_LONGEST:,} are read")
        if revision.startswith(":/"):
            return self._told(self._tips(), revision[2:], revision)
        steps = _STEPS.search(revision)
        assert steps is not None
        base, tail = revision[: steps.start()], steps.group()
        commit = self._commit(self._base(base or "HEAD"), revision)
        for sign, digits, braces in _STEP.findall(tail):
            count = int(digits[:9]) if digits else 1
            if braces:
                if braces.startswith("{/"):
                    commit = self._told([commit.id], braces[2:-1], revision)
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
        at = _AT.fullmatch(name)
        if at:
            return self._at(at[1], at[2], name)
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

    def _at(self, before: str, inside: str, revision: str) -> str:
        """What ``BEFORE@{INSIDE}`` names: an earlier value, a branch left behind, or a moment."""
        if not _COUNT.fullmatch(inside):
            return self.at_time(self.resolve(before), _moment(inside, revision)).id
        count = int(inside)
        if count < 0 or inside.startswith("-"):
            if before:
                raise UsageError(f"{revision!r}: only @{{-N}} alone names the branch that was current before")
            return self._base(HEADS + self.left_branch(-count))
        return self._earlier_head(count, revision) if before == "HEAD" else self._earlier(before, count, revision)

    def at_time(self, tip: Commit, time: int) -> Commit:
        """The last commit along the first parents of `tip` whose world's clock is at or before `time`
        (s UTC); where a commit holds no world its own time counts. Raises `UsageError`."""
        commit = tip
        clocks: dict[str, int] = {}
        while (clock := self._clock(commit, clocks)) > time:
            if not commit.parents:
                raise UsageError(
                    f"no world of {tip.id[:10]} is as early as {format_time(time)}",
                    f"the first one has its clock at {format_time(clock)}",
                )
            commit = self.walker.commit(commit.parents[0])
        return commit

    def _clock(self, commit: Commit, known: dict[str, int]) -> int:
        manifest = next((entry.id for entry in self.objects.tree(commit.tree) if entry.name == "manifest"), None)
        if manifest is None:
            return commit.time
        if manifest not in known:
            known[manifest] = tree.read_manifest(self.objects, commit.tree).clock
        return known[manifest]

    def left_branch(self, count: int = 1) -> str:
        """The branch that was current before the last `count` switches. Raises `UsageError`."""
        left = 0
        for operation in self.operations.walk() if count > 0 else ():
            moved = {name: before for name, before, after in operation.changes if before != after}
            renamed = any(name == moved.get("HEAD") and not after for name, _, after in operation.changes)
            if moved.get("HEAD", "").startswith(HEADS) and not renamed:
                left += 1
                if left == count:
                    return moved["HEAD"].removeprefix(HEADS)
        times = "never" if not left else "once" if left == 1 else f"{left} times"
        raise UsageError(f"'@{{-{count}}}': the current branch was switched {times}", "`memento branch` lists branches")

    def _earlier(self, branch: str, count: int, revision: str) -> str:
        """Where a branch stood before its last `count` moves, from the operation log."""
        name = self.branch_of_head() if branch in ("", "@") else branch
        ref = name if name.startswith("refs/") else HEADS + name
        values = [self.refs.read(ref)]
        if count:
            for operation in self.operations.walk():
                values += [before for name, before, after in operation.changes if name == ref and before != after]
                if len(values) > count:
                    break
        return _nth(values, count, revision, f"branch {ref.removeprefix(HEADS)}")

    def _earlier_head(self, count: int, revision: str) -> str:
        """Where HEAD stood before its last `count` moves: its branch moved, or it went to another one."""
        at = self.refs.read("HEAD")
        past: dict[str, str] = {}

        def stood() -> str:
            return past[at] if at in past else self.refs.read(at) if at.startswith("refs/") else at

        values = [stood()]
        for operation in self.operations.walk() if count else ():
            past.update((name, before) for name, before, _ in operation.changes)
            at = past.get("HEAD", at)
            if stood() != values[-1] or any(name == "HEAD" for name, _, _ in operation.changes):
                values.append(stood())
                if len(values) > count:
                    break
        return _nth(values, count, revision, "HEAD")

    def _tips(self) -> list[str]:
        """The commits of all branches, tags and HEAD."""
        refs = [*self.refs.names(HEADS), *self.refs.names(TAGS)]
        tips = [self._commit(self.refs.read(ref), ref).id for ref in refs]
        head = self.refs.read("HEAD")
        return list(dict.fromkeys([*tips, head] if _ID.fullmatch(head) else tips))

    def _told(self, starts: list[str], words: str, revision: str) -> Commit:
        """The newest commit reachable from some whose message matches; ``!-WORDS`` is one that does
        not, ``!!`` stands for a leading exclamation mark."""
        wanted = not words.startswith("!-")
        if words.startswith("!"):
            if words[1:2] not in ("-", "!"):
                raise UsageError(f"{revision!r}: after '!' comes '-' for messages that do not match, or '!' for itself")
            words = words[2:] if words[1] == "-" else words[1:]
        pattern = compile_pattern(words)
        with within(_PATIENCE, pattern):
            for commit in self.walker.log(starts):
                if bool(pattern.search(commit.message)) == wanted:
                    return commit
        raise NotFound("commit message", words, hint="`memento log --all` lists messages")


def apart(repository: Repository, revisions: Sequence[str], role: str = "") -> list[str]:
    """The commits of some revisions; `role` is the option that names them, if any.

    Raises `UsageError` where two of them are one commit, and as `Repository.resolve` does.
    """
    seen: dict[str, str] = {}
    for revision in revisions:
        commit = repository.resolve(revision)
        if commit in seen:
            other = seen[commit]
            what = f"{revision} is named twice" if revision == other else f"{other} and {revision} are one commit"
            raise UsageError(what + (f" as {role}" if role else ""), "name every revision once")
        seen[commit] = revision
    return list(seen)


def _moment(text: str, revision: str) -> int:
    """An instant, s UTC, from ISO 8601 (a day alone is its beginning) or 10 and more digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 13 else parse_time(text, repr(revision))


def _nth(values: list[str], count: int, revision: str, what: str) -> str:
    if len(values) <= count or not values[count]:
        known = len([value for value in values if value]) - 1
        raise UsageError(f"{revision!r}: {what} has moved {max(known, 0)} times only")
    return values[count]


def _no_commit(branch: str, others: list[str]) -> UsageError:
    hint = "`memento generate tiny` makes some"
    if others:
        hint = f"`memento switch {others[0]}` goes to a branch that has some"
    return UsageError(f"branch {branch!r} has no commit yet", hint)
