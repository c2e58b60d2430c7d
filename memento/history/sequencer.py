"""Going on with a list of merge steps over several commands, to its end in one operation.

No branch moves before the last step is done. What is open is not kept but worked out again from the
commits and the answers, so that it is always true of them; `MergeState` holds no more than that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from memento.errors import ConflictError, MementoError, StaleBranch, StoreError, UsageError
from memento.history import wording
from memento.history.batch import Batch
from memento.history.mergestate import MergeState, Verb
from memento.history.remembered import Answer, Remembered
from memento.history.replay import JOINING, Replay, Replayed
from memento.history.repository import Repository
from memento.world.objects import MemoryObjects, ObjectStore

if TYPE_CHECKING:
    from memento.changes.conflict import Resolution
    from memento.changes.merge import MergeResult
    from memento.changes.three_way import Stat
    from memento.history.remembered import Item

log = logging.getLogger("memento")


@dataclass(frozen=True)
class Preview:
    """What a branch would be: the trees before and after, both read from `store`."""

    store: ObjectStore
    before: str
    after: str

    @cached_property
    def records(self) -> Stat:
        """How many records differ, by table."""
        from memento.changes.diff import diff_trees

        return diff_trees(self.store, self.before, self.after).stat()


@dataclass(frozen=True)
class Merge:
    """A merge, pick, revert, rebase or squash, done or not.

    `kind` is ``up to date``, ``fast-forward``, ``merged`` (for a merge) or ``done`` (for the other
    verbs), or ``open``; `commit` the branch's tip after it, empty while it is open or for a dry run;
    `result` the three-way merge of the step it is at, or of the last. `theirs` is the commit of that
    step; `sides` what its two sides are called, `what` and `title` what comes in and the whole in
    words. Of `total` steps `done` are behind. `made` are the commits made, `dropped` those left out
    since their change is there already. `remembered` are earlier answers to what is open, by its id;
    `preview` is what a dry run would make of the branch.
    """

    kind: str
    branch: str
    ours: str
    theirs: str
    commit: str = ""
    result: MergeResult | None = None
    verb: Verb = "merge"
    what: str = ""
    title: str = ""
    sides: tuple[str, str] = ("ours", "theirs")
    done: int = 0
    total: int = 1
    made: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    remembered: Mapping[str, Answer] = field(default_factory=dict)
    preview: Preview | None = None


class Sequencer:
    """What is in progress in a repository, at most one thing at a time.

    `gate` is called with a branch and the tree it would have, right before it moves; it raises
    where that must not be, and nothing has moved then. Without one every merge is let in.
    """

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.gate: Callable[[str, str], None] = repository.permit
        self.remembered = Remembered(repository.path / "memento" / "remembered", repository.refs.durable)

    # ── going on ─────────────────────────────────────────────────────────────────────────────────

    def in_progress(self) -> Merge | None:
        """What is in progress, worked out again with the answers given so far; or None."""
        state = self.repository.load_merge()
        return None if state is None or self._landed(state) else self._open(state)

    def resolve(self, resolutions: Iterable[Resolution]) -> Merge:
        """Adds answers to the step that is open; returns what is open then."""
        with self.repository.exclusive():
            state = self._state()
            known = {**state.answers.get(state.at, {}), **{r.id: r.to_map() for r in resolutions}}
            state = replace(state, answers={**state.answers, state.at: known})
            merge = self._open(state)
            self.repository.save_merge(state)
        return merge

    def finish(self, verb: Verb | None = None) -> Merge:
        """Goes on with what is in progress: to its end, or to the next step with something open.

        Raises `ConflictError` while something is open, `StaleBranch` where the branch has moved since
        it began, `UsageError` where nothing, or something other than `verb`, is in progress.
        """
        state = self._state(verb)
        tip = self._tip(state)
        if self._landed(state):
            self.repository.clear_merge()
            return self._told(state, _done(state), tip)
        self._check_tip(state, tip)
        work = self._replay(state)
        if work.at <= state.at < len(state.todo):
            self.repository.objects.discard()
            items = (work.result.conflicts, work.result.violations) if work.result else ((), ())
            left = counted(len(items[0]), "conflict"), counted(len(items[1]), "violation")
            raise ConflictError(
                f"{' and '.join(filter(None, left))} still open", "`memento conflicts` lists what is open"
            )
        done = self._go_on(state, work, state)
        self._learn(state, work)
        return done

    def skip(self, verb: Verb | None = None) -> Merge:
        """Leaves out the commit that is open and goes on. Raises as `finish`."""
        state = self._state(verb)
        if self._landed(state):
            return self.finish(verb)
        if state.verb in JOINING:
            raise UsageError(f"a {state.verb} has nothing to skip", f"`memento {state.verb} --abort` gives it up")
        self._check_tip(state, self._tip(state))
        rest = replace(state, at=state.at + 1, skipped=(*state.skipped, state.at))
        return self._go_on(rest, self._replay(rest), state)

    def abort(self, verb: Verb | None = None) -> None:
        """Forgets what is in progress, one that cannot be read too; no branch has moved.

        Raises `UsageError` where there is nothing to give up, or it is done.
        """
        try:
            state = self._state(verb)
        except StoreError:
            self.repository.clear_merge()
            return
        self.repository.clear_merge()
        if self._landed(state):
            raise UsageError(
                f"the {state.verb} of {state.branch} is committed already, as {self._tip(state)[:10]}",
                "`memento undo` takes back the last change",
            )

    def _state(self, verb: Verb | None = None) -> MergeState:
        state = self.repository.load_merge()
        if state is None:
            raise UsageError(
                f"no {verb or 'merge'} is in progress", f"`memento {verb or 'merge'} --help` says how to begin one"
            )
        if verb is not None and state.verb != verb:
            raise UsageError(
                f"a {state.verb} is in progress, not a {verb}",
                f"`memento {state.verb} --continue` goes on with it, `memento {state.verb} --abort` gives it up",
            )
        return state

    def _refuse_another(self) -> None:
        state = self.repository.load_merge()
        if state is not None and not self._landed(state):
            raise ConflictError(
                f"a {state.verb} is in progress: {wording.title(state)}",
                f"`memento status` says how far it is; `memento {state.verb} --abort` gives it up",
            )

    def _landed(self, state: MergeState) -> bool:
        """Whether the branch has it all already: it was committed by a process that was killed before
        it could clear the state away."""
        tip, repository = self._tip(state), self.repository
        if tip in ("", state.before):
            return False
        if state.landing:
            known = tip == state.landing or repository.objects.contains(state.landing)
            return known and repository.is_ancestor(state.landing, tip)
        return state.verb == "merge" and all(repository.is_ancestor(c, tip) for c in (state.before, *state.todo))

    def _check_tip(self, state: MergeState, tip: str) -> None:
        if tip != state.before:
            raise StaleBranch(
                f"branch {state.branch} has moved since the {state.verb} began",
                f"`memento {state.verb} --abort`, then begin the {state.verb} again",
            )

    # ── working ──────────────────────────────────────────────────────────────────────────────────

    def _branch(self, name: str | None) -> tuple[str, str]:
        """A branch that is there, and its tip."""
        branch = name or self.repository.head
        self.repository.require_branch(branch)
        return branch, self._tip_of(branch)

    def _tip_of(self, branch: str) -> str:
        return self.repository.refs.read(f"refs/heads/{branch}")

    def _tip(self, state: MergeState) -> str:
        return self._tip_of(state.branch)

    def _replay(self, state: MergeState) -> Replayed:
        """Works out what is left, with remembered answers where those are to be given by themselves."""
        recall = self._recall if self._rerere() == "auto" else None
        try:
            return Replay(self.repository, state, self.repository.objects, recall).run()
        except BaseException:
            self.repository.objects.discard()
            raise

    def _begin(self, state: MergeState, dry_run: bool) -> Merge:
        if dry_run:
            store = MemoryObjects(self.repository.objects)
            recall = self._recall if self._rerere() == "auto" else None
            work = Replay(self.repository, state, store, recall).run()
            kind = self._outcome(state, work)[0] if work.at == len(state.todo) else "open"
            return replace(self._told(state, kind, "", work), preview=self._preview(state, work.tree, store))
        self._refuse_another()
        return self._go_on(state, self._replay(state), None)

    def _go_on(self, state: MergeState, work: Replayed, stored: MergeState | None) -> Merge:
        """Finishes what has no open step left, and keeps the rest; `stored` is what was read from the file."""
        repository = self.repository
        if work.at == len(state.todo):
            return self._finish(state, work, stored)
        merge = self._told(state, "open", "", work)
        repository.objects.discard()
        with repository.exclusive():
            if stored is None:
                self._refuse_another()
            self._keep(stored, replace(state, at=work.at, answers=work.answers))
        return merge

    def _open(self, state: MergeState) -> Merge:
        """The step that is open; the provisional tree is not kept."""
        work = Replay(self.repository, state, MemoryObjects(self.repository.objects)).run(state.at)
        return self._told(state, "open", "", work)

    def _outcome(self, state: MergeState, work: Replayed) -> tuple[str, str]:
        """The kind of what is done; and where no commit has to be made, the one to move to."""
        idle = state.verb == "squash" and work.tree == self.repository.tree_of(state.before)
        if not idle and any(not made.ready for made in work.made):
            return _done(state), ""
        last = work.made[-1].source if work.made and not idle else state.onto
        return ("up to date" if last == state.before else "fast-forward"), last

    def _keep(self, stored: MergeState | None, state: MergeState) -> None:
        """Writes a state in place of the one that was read. Raises `ConflictError` where that is another by now."""
        with self.repository.exclusive():
            if stored is not None and self.repository.load_merge() != stored:
                raise ConflictError(
                    f"the {state.verb} of {state.branch} was answered or ended meanwhile",
                    "`memento status` says how far",
                )
            self.repository.save_merge(state)

    def _finish(self, state: MergeState, work: Replayed, stored: MergeState | None) -> Merge:
        repository = self.repository
        kind, last = self._outcome(state, work)
        told = self._told(state, kind, last, work)
        if last:
            repository.objects.discard()
            if last != state.before:
                self._move(state, last, stored)
            repository.clear_merge()
            return told
        self._ask_gate(state.branch, work.tree)
        with repository.exclusive(), repository.batch(wording.description(state)) as batch:
            made = self._write(batch, state, work)
            if stored is not None:
                self._keep(stored, replace(state, landing=made[-1]))
            batch.move(state.branch, made[-1], state.before)
        repository.clear_merge()
        return replace(told, commit=made[-1], made=tuple(made))

    def _move(self, state: MergeState, commit: str, stored: MergeState | None = None) -> None:
        """Moves the branch to a commit that is there."""
        self._ask_gate(state.branch, self.repository.tree_of(commit))
        with self.repository.exclusive():
            if stored is not None:
                self._keep(stored, replace(state, landing=commit))
            self.repository.move_branch(state.branch, commit, state.before, wording.description(state))

    def _ask_gate(self, branch: str, tree_id: str) -> None:
        """Asks the gate, which may change the repository; what is staged is staged after it too."""
        objects = self.repository.objects
        staged = dict(objects.staged)
        try:
            self.gate(branch, tree_id)
        except BaseException:
            objects.discard()
            raise
        objects.staged.update(staged)

    def _write(self, batch: Batch, state: MergeState, work: Replayed) -> list[str]:
        """Stages the commits; returns their ids."""
        repository, options, branch = self.repository, state.options, state.branch
        names = [str(name) for name in options.get("names") or ()]
        message = str(options.get("message") or "")
        if state.verb == "merge":
            parents = [*([] if options.get("subsumed") else [state.before]), *state.todo]
            return [batch.write(work.tree, message or wording.merge_message(names, branch), parents)]
        if state.verb == "squash":
            commits = repository.between([state.before], state.todo)
            message = message or wording.squash_message(f"Squash {wording.some(names)} into {branch}", commits)
            return [batch.write(work.tree, message, [state.before])]
        at, made = state.onto, []
        for step in work.made:
            at = step.source if step.ready else self._write_one(batch, state, step.source, step.tree, at, message)
            made += [] if step.ready else [at]
        return made

    def _write_one(self, batch: Batch, state: MergeState, source: str, tree_id: str, parent: str, message: str) -> str:
        commit = self.repository.commit_of(source)
        if state.verb == "revert":
            text = message or wording.revert_message(commit, int(state.options.get("mainline") or 0))
            return batch.write(tree_id, text, [parent])
        text = message or wording.pick_message(commit, bool(state.options.get("origin")))
        return batch.write(tree_id, text, [parent], author=commit.author, written=commit.time)

    def _told(self, state: MergeState, kind: str, commit: str, work: Replayed | None = None) -> Merge:
        """What is said of a state and how far it came."""
        total = len(state.todo)
        step = min(work.at, total - 1) if work else total - 1
        return Merge(
            kind, state.branch, state.before, state.todo[step] if total else state.onto, commit,
            work.result if work else None, state.verb, wording.what_of(state), wording.title(state),
            wording.sides(state, max(step, 0)), work.at if work else total, total, (), work.dropped if work else (),
            self._known(work.result if work else None),
        )  # fmt: skip

    def _preview(self, state: MergeState, after: str, store: ObjectStore | None = None) -> Preview:
        return Preview(store or self.repository.objects, self.repository.tree_of(state.before), after)

    def _rerere(self) -> str:
        """What is done with remembered answers: offer, auto or off. Raises `UsageError` for anything else."""
        value = self.repository.config.get("memento.rerere", "offer").lower()
        if value not in ("offer", "auto", "off"):
            raise UsageError(f"memento.rerere = {value!r} is none of offer, auto and off", "set it to offer")
        return value

    def _recall(self, item: Item) -> Resolution | None:
        known = self.remembered.answer(item)
        return known.resolution(item) if known else None

    def _known(self, result: MergeResult | None) -> dict[str, Answer]:
        """Earlier answers to what is open, by its id."""
        if result is None or result.clean or self._rerere() == "off":
            return {}
        items: list[Item] = [*result.conflicts, *result.violations]
        found = {item.id: self.remembered.answer(item) for item in items}
        return {name: answer for name, answer in found.items() if answer is not None}

    def _learn(self, state: MergeState, work: Replayed) -> None:
        """Remembers what was answered to the steps that are done now; they are done whether or not that works."""
        try:
            if work.passed and self._rerere() != "off":
                with self.repository.exclusive():
                    self.remembered.learn(work.passed, wording.title(state))
        except MementoError as error:
            log.warning("the answers were not remembered: %s", error.message)


def counted(count: int, word: str) -> str:
    """``3 conflicts``, ``1 conflict``, or the empty string for none."""
    return f"{count} {word}{'' if count == 1 else 's'}" if count else ""


def _done(state: MergeState) -> str:
    return "merged" if state.verb == "merge" else "done"
