"""Beginning a merge, pick, revert, rebase or squash; each is a list of three-way merges.

See `memento.history.replay` for the steps and `memento.history.sequencer` for what happens over
several commands, where one of them is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from memento.errors import UsageError
from memento.history import todo, wording
from memento.history.commit import check_message
from memento.history.mergestate import MergeState, Verb
from memento.history.sequencer import Merge, Sequencer, counted
from memento.world import tree

if TYPE_CHECKING:
    from memento.changes.merge import Policy

__all__ = ["Merge", "Merges", "counted"]


class Merges(Sequencer):
    """What merges in a repository; at most one is in progress at a time."""

    def start(
        self,
        others: str | Sequence[str],
        into: str | None = None,
        policy: Policy | None = None,
        dry_run: bool = False,
        message: str = "",
    ) -> Merge:
        """Merges revisions into a branch (default: the current one), many of them as one commit.

        Where conflicts or violations are open, nothing is committed: the merge is kept, `conflicts`
        lists what is open, `resolve` answers, `finish` ends it. `policy` decides conflicts
        for one side. A dry run keeps nothing. Several revisions are joined pairwise in the order
        of their ids, so that neither result nor commit depends on the order they are named in.
        """
        return self._join("merge", others, into, policy, dry_run, message)

    def squash(
        self,
        others: str | Sequence[str],
        into: str | None = None,
        policy: Policy | None = None,
        dry_run: bool = False,
        message: str = "",
    ) -> Merge:
        """Takes what revisions changed into a branch as one plain commit (``git merge --squash``)."""
        return self._join("squash", others, into, policy, dry_run, message)

    def _join(
        self,
        verb: Verb,
        others: str | Sequence[str],
        into: str | None,
        policy: Policy | None,
        dry_run: bool,
        message: str,
    ) -> Merge:
        repository = self.repository
        names = [others] if isinstance(others, str) else list(dict.fromkeys(others))
        branch, ours = self._branch(into)
        if message:
            check_message(message)
        named: dict[str, str] = {}
        for name in names:
            named.setdefault(repository.resolve(name), name)
        for commit in named:
            tree.read_manifest(repository.objects, repository.tree_of(commit))  # stock git may have committed no world
        heads, subsumed = list(named), False
        if len(heads) > 1:
            heads, subsumed = todo.independent(repository, ours, heads)
        what = [named[head] for head in heads]
        options = _options(names=what, message=message, policy=policy, subsumed=subsumed)
        state = MergeState(verb, branch, ours, ours, tuple(heads), options=options)
        if not dry_run:
            self._refuse_another()
        if not heads:
            return self._told(replace(state, todo=tuple(named), options=_options(names=names)), "up to date", ours)
        if len(heads) == 1:
            bases = repository.merge_bases(ours, heads[0])
            if heads[0] in bases:
                return self._told(state, "up to date", ours)
            if ours in bases and verb == "merge":
                if not dry_run:
                    self._move(state, heads[0])
                told = self._told(state, "fast-forward", "" if dry_run else heads[0])
                return replace(told, preview=self._preview(state, repository.tree_of(heads[0]))) if dry_run else told
        return self._begin(state, dry_run)

    def cherry_pick(
        self,
        revisions: str | Sequence[str],
        onto: str | None = None,
        mainline: int = 0,
        policy: Policy | None = None,
        dry_run: bool = False,
        message: str = "",
        origin: bool = False,
    ) -> Merge:
        """Makes the changes of commits again on a branch (default: the current one), one commit each.

        `revisions` may be ranges ``A..B``. A merge needs `mainline`, the parent (from 1) that it is
        compared with. Authors and messages are kept; with `origin` a message names the commit it
        comes from. A change that is there already is left out. Else as `start`.
        """
        return self._each("cherry-pick", revisions, onto, mainline, policy, dry_run, message, origin)

    def revert(
        self,
        revisions: str | Sequence[str],
        onto: str | None = None,
        mainline: int = 0,
        policy: Policy | None = None,
        dry_run: bool = False,
        message: str = "",
    ) -> Merge:
        """Takes the changes of commits back on a branch, one commit each, a range newest first.

        The first commit cannot be reverted. Else as `cherry_pick`.
        """
        return self._each("revert", revisions, onto, mainline, policy, dry_run, message)

    def _each(
        self,
        verb: Verb,
        revisions: str | Sequence[str],
        onto: str | None,
        mainline: int,
        policy: Policy | None,
        dry_run: bool,
        message: str,
        origin: bool = False,
    ) -> Merge:
        names = [revisions] if isinstance(revisions, str) else list(revisions)
        branch, ours = self._branch(onto)
        commits = todo.named(self.repository, names, mainline, revert=verb == "revert")
        if message and len(commits) > 1:
            raise UsageError(f"one message for {len(commits)} commits", "leave it out: each has a message of its own")
        if message:
            check_message(message)
        options = _options(names=names, mainline=mainline, message=message, policy=policy, origin=origin)
        return self._begin(MergeState(verb, branch, ours, ours, tuple(commits), options=options), dry_run)

    def rebase(
        self,
        upstream: str,
        branch: str | None = None,
        onto: str | None = None,
        policy: Policy | None = None,
        dry_run: bool = False,
    ) -> Merge:
        """Makes the commits that a branch (default: the current one) has and `upstream` has not again
        on top of `onto` (default: `upstream`), and moves the branch there.

        Merges are left out, as are changes that `upstream` has too; commits that stand where they
        would be put are kept. For `policy` ``ours`` is the new base. Else as `start`.
        """
        repository = self.repository
        branch, before = self._branch(branch)
        above, start = repository.resolve(upstream), repository.resolve(onto or upstream)
        tree.read_manifest(repository.objects, repository.tree_of(start))
        options = _options(names=[onto or upstream], policy=policy)
        commits = todo.replayed(repository, above, before)
        return self._begin(MergeState("rebase", branch, before, start, tuple(commits), options=options), dry_run)

    def fold(
        self, branch: str | None = None, since: str = "", count: int = 0, dry_run: bool = False, message: str = ""
    ) -> Merge:
        """Makes one commit of a branch's commits after `since`, or of its last `count`.

        The world stays as it is; the author is that of the first of them.
        """
        repository = self.repository
        branch, before = self._branch(branch)
        if not dry_run:
            self._refuse_another()
        base = self._below(branch, before, since, count)
        commits = repository.between([base] if base else [], [before])
        names = [f"{len(commits)} commits" if len(commits) != 1 else "1 commit"]
        state = MergeState("squash", branch, before, base, (before,), options=_options(names=names))
        if len(commits) < 2:
            return self._told(state, "up to date", before)
        text = check_message(message or wording.squash_message(commits[0].subject, commits))
        tip = repository.commit_of(before)
        if dry_run:
            return replace(self._told(state, "done", ""), preview=self._preview(state, tip.tree))
        self._ask_gate(branch, tip.tree)
        with repository.batch(f"squash {names[0]} of {branch}") as batch:
            first = commits[0]
            parents = [base] if base else []
            made = batch.write(tip.tree, text, parents, author=first.author, written=first.time)
            batch.move(branch, made, before)
        return replace(self._told(state, "done", made), made=(made,))

    def _below(self, branch: str, tip: str, since: str, count: int) -> str:
        """The commit that the folded ones stand on, empty where they are all there are."""
        repository = self.repository
        if since:
            base = repository.resolve(since)
            if not repository.is_ancestor(base, tip):
                raise UsageError(f"{since} is not in the history of {branch}", f"`memento log {branch}` lists it")
            return base
        base = tip
        for done in range(count):
            if not base:
                raise UsageError(f"{branch} has {done} commits, not {count}", f"`memento log {branch}` lists them")
            base = next(iter(repository.commit_of(base).parents), "")
        return base


def _options(**values: Any) -> dict[str, Any]:
    """Those that say something."""
    return {name: value for name, value in values.items() if value}
