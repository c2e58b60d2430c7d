"""Many commits and moves of branches as one operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memento.history.commit import check_message, commit_bytes, next_time
from memento.history.names import HEADS, Taken, check_name
from memento.history.refs import Move, check_expected
from memento.world import tree as world_tree

if TYPE_CHECKING:
    from memento.history.operations import Operations


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

    def switch(self, branch: str) -> None:
        """Makes a branch the current one; it may be one that this batch makes."""
        self._tip("HEAD")
        self._after["HEAD"] = HEADS + check_name(branch)

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
