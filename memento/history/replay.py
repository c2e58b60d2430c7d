"""Working out the steps of a merge, pick, revert, rebase or squash; each is a three-way merge.

| verb | base | ours | theirs |
| ---- | ---- | ---- | ------ |
| merge, squash | the best common ancestors of both | the branch, with the heads before | the head |
| cherry-pick, rebase | the commit's parent | the branch, with the picks before | the commit |
| revert | the commit | the branch, with the reverts before | the commit's parent |

No reference moves here and no commit is made: what comes out are trees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from memento.history.commit import Commit
from memento.history.mergestate import MergeState
from memento.history.repository import Repository
from memento.world.objects import ObjectStore

if TYPE_CHECKING:
    from memento.changes.conflict import Conflict, Resolution, Violation
    from memento.changes.merge import Base, MergeResult

    Item = Conflict | Violation
    Settled = tuple[tuple[Item, Resolution], ...]

JOINING = ("merge", "squash")
"""The verbs whose steps end in one commit; those of the others end in one commit each."""


@dataclass(frozen=True)
class Made:
    """What one step made: the `source` whose change it is, and the tree with it.

    `ready` where `source` itself can stand there, since nothing before it has changed.
    """

    source: str
    tree: str
    ready: bool = False


@dataclass(frozen=True)
class Replayed:
    """How far the steps of a state come.

    `at` counts the steps that are done, all of them or up to the first that is open; `result` is
    the merge of that one, or of the last, and tells what was answered at all steps. `tree` is the
    provisional tree. `dropped` are commits whose change is there already, `passed` the answers given
    to steps that are done now, and `answers` the state's with those that were remembered.
    """

    at: int
    tree: str
    made: tuple[Made, ...]
    dropped: tuple[str, ...]
    result: MergeResult | None
    passed: Settled
    answers: dict[int, dict[str, Any]]


class Replay:
    """The steps of one state. Trees are added to `store`, which reads the repository's too;
    `remembered` gives an earlier answer to what is open, or None."""

    def __init__(
        self,
        repository: Repository,
        state: MergeState,
        store: ObjectStore,
        remembered: Callable[[Item], Resolution | None] | None = None,
    ) -> None:
        self.repository = repository
        self.state = state
        self.store = store
        self.remembered = remembered
        self._known: set[str] = set()

    def run(self, through: int | None = None) -> Replayed:
        """Works the steps out, until one is open; no further than the step `through`, open or not."""
        state, repository = self.state, self.repository
        answers = {step: dict(given) for step, given in state.answers.items()}
        at, tree = state.onto, repository.tree_of(state.onto)
        made: list[Made] = []
        dropped: list[str] = []
        settled: list[tuple[Item, Resolution]] = []
        passed: list[tuple[Item, Resolution]] = []
        result: MergeResult | None = None

        def stopped(step: int, tree: str) -> Replayed:
            told = replace(result, settled=tuple(settled)) if result is not None else None
            kept = {number: given for number, given in answers.items() if given}
            return Replayed(step, tree, tuple(made), tuple(dropped), told, tuple(passed), kept)

        for step, commit_id in enumerate(state.todo):
            if step in state.skipped:
                continue
            commit = repository.commit_of(commit_id)
            if state.verb == "rebase" and commit.parents == (at,):
                at, tree = commit_id, commit.tree
                made.append(Made(commit_id, tree, True))
                continue
            given = answers.setdefault(step, {})
            result = self._step(step, commit, tree, given)
            settled += result.settled
            if not result.clean or step == through:
                return stopped(step, result.tree_id)
            if step >= state.at:
                passed += [(item, answer) for item, answer in result.settled if item.id in given]
            if state.verb not in JOINING:
                at = ""
                if result.tree_id == tree and not (state.verb == "rebase" and self._empty(commit)):
                    dropped.append(commit_id)
                    continue
            tree = result.tree_id
            made.append(Made(commit_id, tree))
        return stopped(len(state.todo), tree)

    def _step(self, step: int, commit: Commit, ours: str, given: dict[str, Any]) -> MergeResult:
        """Merges one step with the answers `given`, to which those remembered are added."""
        from memento.changes.conflict import Resolution
        from memento.changes.merge import merge_trees

        base, theirs = self._sides(step, commit)
        while True:
            resolutions = [Resolution.from_map(value) for value in given.values()]
            result = merge_trees(self.store, base, ours, theirs, resolutions, self.state.options.get("policy"))
            if self.remembered is None or step < self.state.at:
                return result
            items: list[Item] = [*result.conflicts, *result.violations]
            found = {item.id: self.remembered(item) for item in items if item.id not in given}
            again = {name: answer.to_map() for name, answer in found.items() if answer is not None}
            if not again:
                return result
            given.update(again)

    def _sides(self, step: int, commit: Commit) -> tuple[Base | list[str], str]:
        """The base and the other side of a step."""
        if self.state.verb in JOINING:
            return self._joined_base(step, commit), commit.tree
        parent = commit.parents[max(int(self.state.options.get("mainline") or 0), 1) - 1] if commit.parents else ""
        before = [self.repository.tree_of(parent)] if parent else []
        if self.state.verb != "revert":
            return before, commit.tree
        return [commit.tree], before[0]

    def _joined_base(self, step: int, commit: Commit) -> Base | list[str]:
        """The base of a head and of everything joined before it, which stands for one commit of all."""
        from memento.changes.merge import virtual_base

        repository = self.repository
        if step == 0:
            bases = repository.merge_bases(self.state.before, commit.id)
        else:
            bases = self._nearest(self.state.todo[step - 1], commit.id)
        if len(bases) < 2:
            return [repository.tree_of(base) for base in bases]
        return virtual_base(
            self.store,
            bases,
            lambda name: repository.commit_of(name).parents,
            lambda name: repository.commit_of(name).tree,
        )

    def _nearest(self, joined: str, head: str) -> list[str]:
        """The best common ancestors of a head and all joined before it, `joined` the last of them."""
        repository = self.repository
        if not self._known:
            self._known = repository.ancestors(self.state.before)
        self._walk(joined, self._known)
        met = self._walk(head, self._known, keep=False)
        return sorted(
            base for base in met if not any(other != base and repository.is_ancestor(base, other) for other in met)
        )

    def _walk(self, start: str, known: set[str], keep: bool = True) -> set[str]:
        """The known commits at which the walks from a commit end; the others become known, if kept."""
        seen: set[str] = set()
        met: set[str] = set()
        queue = [start]
        while queue:
            commit = queue.pop()
            if commit in known:
                met.add(commit)
            elif commit not in seen:
                seen.add(commit)
                queue += self.repository.commit_of(commit).parents
        if keep:
            known |= seen
        return met

    def _empty(self, commit: Commit) -> bool:
        """Whether a commit changed nothing when it was made."""
        return bool(commit.parents) and self.repository.tree_of(commit.parents[0]) == commit.tree
