"""Merging one branch into another over several commands: begun, answered, finished or given up.

What is open is not kept but worked out again from the two commits and the answers, so that it is
always true of them; `MergeState` holds no more than that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from memento.errors import ConflictError, StaleBranch, StoreError, UsageError
from memento.history.commit import check_message
from memento.history.merging import MergeState
from memento.history.repository import Repository
from memento.world import tree

if TYPE_CHECKING:
    from memento.changes.conflict import Resolution
    from memento.changes.merge import Base, MergeResult, Policy


@dataclass(frozen=True)
class Merge:
    """A merge, done or not.

    `kind` is ``up to date``, ``fast-forward``, ``merged`` or ``open``; `commit` the tip after it,
    empty while it is open or for a dry run; `result` what the merge found (None for the first two).
    """

    kind: str
    branch: str
    ours: str
    theirs: str
    commit: str = ""
    result: MergeResult | None = None


class Merges:
    """The merges of a repository; at most one is open at a time."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def start(
        self,
        other: str,
        into: str | None = None,
        policy: Policy | None = None,
        dry_run: bool = False,
        message: str = "",
    ) -> Merge:
        """Merges revision `other` into a branch (default: the current one).

        Where conflicts or violations are open, nothing is committed: the merge is kept, `conflicts`
        lists what is open, `resolve` answers, `finish` ends it. `policy` decides conflicts
        for one side. A dry run keeps nothing.
        """
        repository = self.repository
        branch = into or repository.head
        text = check_message(message or f"Merge {other} into {branch}")
        repository.require_branch(branch)
        if not dry_run:
            self._refuse_another()
        ours, theirs = repository.resolve(f"refs/heads/{branch}"), repository.resolve(other)
        tree.read_manifest(repository.objects, repository.tree_of(theirs))  # stock git may have committed no world
        bases = repository.merge_bases(ours, theirs)
        if theirs in bases:
            return Merge("up to date", branch, ours, theirs, ours)
        if ours in bases:
            if not dry_run:
                repository.move_branch(branch, theirs, expected=ours, description=f"merge {other} into {branch}")
            return Merge("fast-forward", branch, ours, theirs, "" if dry_run else theirs)
        options = {"other": other} | ({"policy": policy} if policy else {})
        state = MergeState(branch, ours, theirs, tuple(bases), text, {}, options)
        result = self._merge(state)
        if dry_run or not result.clean:
            repository.objects.discard()
        if dry_run:
            return Merge("merged" if result.clean else "open", branch, ours, theirs, "", result)
        if result.clean:
            return self._finish(state, result)
        with repository.exclusive():
            self._refuse_another()
            repository.save_merge(state)
        return Merge("open", branch, ours, theirs, "", result)

    def _refuse_another(self) -> None:
        state = self.repository.load_merge()
        if state is not None and not self._landed(state):
            raise ConflictError(
                "a merge is in progress",
                "`memento status` says how far it is; `memento merge --abort` gives it up",
            )

    def in_progress(self) -> Merge | None:
        """The merge that is open, worked out again with the answers given so far; or None."""
        state = self.repository.load_merge()
        return None if state is None or self._landed(state) else self._open(state)

    def resolve(self, resolutions: Iterable[Resolution]) -> Merge:
        """Adds answers to the open merge; returns what is open then."""
        with self.repository.exclusive():
            state = self._open_merge()
            known = {**state.resolutions, **{r.id: r.to_map() for r in resolutions}}
            state = replace(state, resolutions=known)
            merge = self._open(state)
            self.repository.save_merge(state)
        return merge

    def finish(self) -> Merge:
        """Commits the open merge. Raises `ConflictError` while something is open, `StaleBranch` where
        the branch has moved since the merge began."""
        state = self._open_merge()
        tip = self._tip(state)
        if self._landed(state):
            self.repository.clear_merge()
            return Merge("merged", state.branch, state.ours, state.theirs, tip)
        if tip != state.ours:
            raise StaleBranch(
                f"branch {state.branch} has moved since the merge began",
                "`memento merge --abort`, then begin the merge again",
            )
        result = self._merge(state)
        if not result.clean:
            left = counted(len(result.conflicts), "conflict"), counted(len(result.violations), "violation")
            raise ConflictError(
                f"{' and '.join(filter(None, left))} still open", "`memento conflicts` lists what is open"
            )
        return self._finish(state, result)

    def abort(self) -> None:
        """Forgets the open merge, one that cannot be read too; no branch has moved.

        Raises `UsageError` where there is none to give up.
        """
        try:
            state = self._open_merge()
        except StoreError:
            self.repository.clear_merge()
            return
        self.repository.clear_merge()
        if self._landed(state):
            raise UsageError(
                f"the merge into {state.branch} is committed already, as {self._tip(state)[:10]}",
                "`memento undo` takes back the last change",
            )

    def _open(self, state: MergeState) -> Merge:
        """What is open in a merge; the provisional tree is not kept."""
        result = self._merge(state)
        self.repository.objects.discard()
        return Merge("open", state.branch, state.ours, state.theirs, "", result)

    def _open_merge(self) -> MergeState:
        state = self.repository.load_merge()
        if state is None:
            raise UsageError("no merge is in progress", "`memento merge OTHER --into BRANCH` begins one")
        return state

    def _tip(self, state: MergeState) -> str:
        return self.repository.refs.read(f"refs/heads/{state.branch}")

    def _landed(self, state: MergeState) -> bool:
        """Whether the branch has both sides already: the merge was committed by a process that was
        killed before it could clear the state away."""
        tip, repository = self._tip(state), self.repository
        return tip not in ("", state.ours) and all(
            repository.is_ancestor(side, tip) for side in (state.ours, state.theirs)
        )

    def _merge(self, state: MergeState) -> MergeResult:
        from memento.changes.conflict import Resolution
        from memento.changes.merge import merge_trees, virtual_base

        repository, objects = self.repository, self.repository.objects
        base: Base | list[str]
        if len(state.bases) > 1:
            base = virtual_base(
                objects,
                state.bases,
                lambda commit: repository.commit_of(commit).parents,
                lambda commit: repository.commit_of(commit).tree,
            )
        else:
            base = [repository.tree_of(commit) for commit in state.bases]
        return merge_trees(
            objects,
            base,
            repository.tree_of(state.ours),
            repository.tree_of(state.theirs),
            resolutions=[Resolution.from_map(value) for value in state.resolutions.values()],
            policy=state.options.get("policy"),
        )

    def _finish(self, state: MergeState, result: MergeResult) -> Merge:
        commit = self.repository.commit(
            state.branch,
            result.tree_id,
            state.message,
            parents=[state.ours, state.theirs],
            expected=state.ours,
            description=f"merge {state.options.get('other') or state.theirs[:10]} into {state.branch}",
        )
        self.repository.clear_merge()
        return Merge("merged", state.branch, state.ours, state.theirs, commit, result)


def counted(count: int, word: str) -> str:
    """``3 conflicts``, ``1 conflict``, or the empty string for none."""
    return f"{count} {word}{'' if count == 1 else 's'}" if count else ""
