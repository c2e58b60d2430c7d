"""A workspace: one repository and its cache of renderings. What programs and the command line call.

Each method that changes something is one operation, which `undo` takes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from memento.errors import NotFound, StaleBranch, UsageError
from memento.history.merges import Merge, Merges
from memento.history.remotes import Remotes
from memento.history.repository import Repository
from memento.history.runs import Runs
from memento.measure.gate import Gate
from memento.world import tree

if TYPE_CHECKING:
    from memento.causes import Timelines
    from memento.causes.effect import Effect
    from memento.causes.explain import Explanation
    from memento.causes.rendered import Seen
    from memento.causes.timelines import Placebo
    from memento.changes.conflict import Conflict, Resolution, Violation
    from memento.changes.diff import Diff
    from memento.changes.merge import Policy
    from memento.changes.operations import Operation
    from memento.changes.snapshot import Snapshot
    from memento.find.grep import Match
    from memento.find.search import Hit
    from memento.history.sequencer import Preview
    from memento.preference import Experiments
    from memento.render.flips import Flips
    from memento.render.rendering import Rendering, Spec
    from memento.scenario import Scenario
    from memento.train import Run
    from memento.world.records import Record
    from memento.world.threads import Threads
    from memento.world.tree import Delta
    from memento.world.world import World

_TRIES = 3

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what) during long work; total 0 where it is not known."""


@dataclass(frozen=True)
class Step:
    """One commit to come: its message, its time (s UTC) and its change of the state before it."""

    message: str
    time: int
    delta: Delta


@dataclass(frozen=True)
class Edited:
    """An edit: the commit, or the tip where nothing changed, and the difference."""

    commit: str
    diff: Diff


class Workspace:
    """One repository. Use as a context manager or call `close`.

    For one thread at a time: what is being written is staged in it. Other threads and processes open
    one of their own; they may all change the same repository.
    """

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.merges = Merges(repository)
        self.remotes = Remotes(repository, self.merges)
        self.runs = Runs(repository)
        self.gate = self.merges.gate = Gate(repository)
        self._worlds: dict[str, World] = {}

    @classmethod
    def init(cls, directory: str | Path = ".") -> Workspace:
        """Makes ``directory/.memento`` and opens it; opens it where it exists."""
        return cls(Repository.init(directory))

    @classmethod
    def open(cls, start: str | Path | None = None) -> Workspace:
        """Opens the repository of `start` or of the nearest folder above; see `Repository.open`."""
        return cls(Repository.open(start))

    def close(self) -> None:
        """Releases files; the workspace must not be used afterwards."""
        self.repository.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def snapshot(self, revision: str = "HEAD") -> Snapshot:
        """The state at a revision, read record by record."""
        from memento.changes.snapshot import Snapshot

        return Snapshot(self.repository.objects, self.repository.tree_of(revision))

    def record(self, revision: str, table: str, key: str) -> Record:
        """One record at a revision; raises `NotFound` with the nearest keys."""
        try:
            return self.snapshot(revision).record(table, key)
        except NotFound as error:
            error.hint = error.hint or f"`memento show {revision} --table {table}` lists what there is"
            raise

    def world_at(self, revision: str = "HEAD") -> World:
        """The whole world at a revision; the last one read is kept."""
        tree_id = self.repository.tree_of(revision)
        if tree_id not in self._worlds:
            self._worlds = {tree_id: tree.read(self.repository.objects, tree_id)}
        return self._worlds[tree_id]

    def rendering_at(self, revision: str = "HEAD", spec: Spec | None = None, cached: bool = True) -> Rendering:
        """The rendering of a revision, from the cache where it is there.

        Without a `spec` it is the default one with the labels that the world has (`labels_of`).
        """
        from memento.render.cache import Cache
        from memento.render.rendering import Spec, render

        commit = self.repository.commit_of(revision)
        spec = spec or Spec(labels=self.labels_of(commit.id))
        if not cached:
            return render(self.world_at(commit.id), spec, commit=commit.id, tree=commit.tree)
        cache = Cache(self.repository.path / "cache" / "renderings")
        return cache.rendering(commit.tree, spec, lambda: self.world_at(commit.id), commit.id)

    def labels_of(self, revision: str = "HEAD") -> str:
        """The labels that a world has: planted where patterns are planted, else observed."""
        return "planted" if self.snapshot(revision).manifest.patterns else "observed"

    def diff(self, old: str, new: str | None = None) -> Diff:
        """The difference of two revisions; ``a...b`` is from their merge base to b, ``a..b`` is a to b.

        Raises `UsageError` where ``a...b`` have no merge base, or more than one.
        """
        if new is None:
            old, dots, new = old.partition("..." if "..." in old else "..")
            if not dots:
                raise UsageError(f"{old!r} is one revision; a difference needs two", "`memento diff A B`")
            old, new = old or "HEAD", new or "HEAD"
            if dots == "...":
                bases = self.repository.merge_bases(old, new)
                if len(bases) != 1:
                    how_many = "no merge base" if not bases else f"{len(bases)} merge bases"
                    raise UsageError(f"{old} and {new} have {how_many}", f"`memento diff {old} {new}` compares them")
                old = bases[0]
        from memento.changes.diff import diff_trees

        return diff_trees(self.repository.objects, self.repository.tree_of(old), self.repository.tree_of(new))

    # ── finding ──────────────────────────────────────────────────────────────────────────────────

    def grep(self, pattern: str, revision: str = "HEAD", fixed: bool = False, ignore_case: bool = False) -> list[Match]:
        """The lines of all texts at a revision that match a regular expression; see `memento.find.grep`."""
        from memento.find.grep import Grep, text_fields
        from memento.language.matching import compile_pattern

        found = Grep(self.repository.objects, compile_pattern(pattern, fixed, ignore_case), text_fields())
        return found.matches(self.repository.tree_of(revision))

    def search(
        self, words: str, revision: str = "HEAD", count: int = 10, project: str = "", live: bool = False
    ) -> list[Hit]:
        """The memories at a revision that answer some words best, best first; see `memento.find.search`."""
        from memento.find.index import Cache
        from memento.find.search import search

        cache = Cache(self.repository.path / "cache" / "search")
        return search(self.repository.objects, self.repository.tree_of(revision), words, count, project, live, cache)

    # ── making worlds ────────────────────────────────────────────────────────────────────────────

    def generate(
        self,
        scenario: str | Path | Scenario,
        branch: str | None = None,
        seed: int | None = None,
        overrides: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> list[str]:
        """Simulates a scenario and commits it to a new branch, one commit a simulated week.

        `scenario` is a shipped name, a TOML file or a `Scenario`; the branch defaults to the current
        one while that is empty, else to the scenario's name. Returns the ids of the commits.
        """
        from memento.scenario import load
        from memento.simulate import weeks

        if isinstance(scenario, str | Path):
            scenario = load(scenario, dict(overrides or {}))
        seed = seed or 0
        steps = (Step(week.message, week.time, week.delta) for week in weeks(scenario, seed))
        branch = branch or self.new_branch(scenario.name)
        total = -(-scenario.settings(seed).time.days // 7)
        return self.commit_steps(branch, steps, f"generate {scenario.name} on {branch}", progress, total)

    def new_branch(self, name: str) -> str:
        """The current branch while it has no commit, else `name`."""
        return name if self.repository.has_branch(self.repository.head) else self.repository.head

    def commit_steps(
        self,
        branch: str,
        steps: Iterable[Step],
        description: str,
        progress: Progress | None = None,
        total: int = 0,
    ) -> list[str]:
        """Commits steps one after the other to a new branch, as one operation, all or none.

        Raises `UsageError` where the branch is there already.
        """
        if self.repository.has_branch(branch):
            raise UsageError(f"there is a branch {branch!r} already", "name another one with --branch NAME")
        objects = self.repository.objects
        commits: list[str] = []
        with self.repository.batch(description) as batch:
            state = objects.add_tree([])
            for number, step in enumerate(steps, 1):
                state = tree.apply(objects, state, step.delta)
                commits.append(batch.commit(branch, state, step.message, time=step.time))
                if progress:
                    progress(number, total, step.message)
        return commits

    def commit_world(self, branch: str, world: World, message: str) -> str:
        """Commits a whole world onto a branch, which is made if it is not there."""
        return self.repository.commit(branch, tree.write(self.repository.objects, world), message)

    @cached_property
    def experiments(self) -> Experiments:
        """A/B experiments on turns: open, feed, close."""
        from memento.preference import Experiments

        return Experiments(self.repository)

    # ── forks in simulated time ──────────────────────────────────────────────────────────────────

    @cached_property
    def timelines(self) -> Timelines:
        """What worlds were, would have been and will be: fork at an instant, extend, replay."""
        from memento.causes import Timelines

        return Timelines(self.repository)

    def effect(self, base: str, new: str, labels: str | None = None, run: Run | None = None) -> Effect:
        """The paired difference of two revisions' worlds and renderings; see `memento.causes.effect`.

        With the `run` of a trained scorer its ranking is compared too.
        """
        from memento.causes.effect import effect
        from memento.render.rendering import Spec

        trained = run.sources[0].spec if run is not None else {}
        spec = Spec.from_map({**trained, "labels": labels or self.labels_of(base)})
        return effect(self.rendering_at(base, spec), self.rendering_at(new, spec), self.diff(base, new), run)

    def placebo(self, base: str, new: str) -> Placebo:
        """Whether `base`, told again with nothing set from where `new` parts, is the same; see `Timelines.placebo`."""
        return self.timelines.placebo(base, new)

    def diff_rendered(self, old: str, new: str, labels: str | None = None) -> Seen:
        """What a model sees of a difference, and the edits behind each label flip; see `memento.causes.rendered`."""
        from memento.causes.rendered import seen
        from memento.render.rendering import Spec

        repository, spec = self.repository, Spec(labels=labels or self.labels_of(old))
        trees = repository.tree_of(old), repository.tree_of(new)
        sides = self.rendering_at(old, spec), self.rendering_at(new, spec)
        return seen(repository.objects, *trees, self.diff(old, new), *sides)

    def explain(self, revision: str, session: str, memory: str, labels: str | None = None) -> Explanation:
        """Why a memory offered to a session has the label that it has; see `memento.causes.explain`."""
        from memento.causes.explain import explain

        labels = labels or self.labels_of(revision)
        return explain(self.repository, revision, self.world_at(revision), session, memory, labels)

    def query(self, expression: str) -> list[str]:
        """The branches for which an expression holds, such as ``metric(ndcg) > 0.8``; see docs/query.md.

        Raises `ExpressionError`.
        """
        from memento.query import select

        return select(self, expression)

    # ── changing worlds ──────────────────────────────────────────────────────────────────────────

    def fork(self, base: str, new: str, count: int | None = None) -> list[str]:
        """Starts branch `new` at a revision, or `count` of them; returns their names."""
        return self.repository.fork(base, new, count)

    def edit(self, branch: str, changes: Sequence[Operation] | Sequence[str], message: str = "") -> Edited:
        """Edits records of a branch and commits.

        `changes` are operations, or words as on the command line (``["memory:k7m2-3",
        "importance=0.9"]``). Where another writer moves the branch meanwhile, the edit is planned
        again on the new tip, in the end while the others wait. Raises `InvalidFile` with all faults
        at once; nothing is changed then.
        """
        from memento.changes import batch

        operations: list[Operation] = []
        words: list[str] = []
        for change in changes:
            if isinstance(change, str):
                words.append(change)
            else:
                operations.append(change)
        if words:
            operations += batch.parse_words(words)
        self.repository.require_branch(branch)
        for _ in range(_TRIES):
            with suppress(StaleBranch):
                return self._edit(branch, operations, message)
        with self.repository.exclusive():
            return self._edit(branch, operations, message)

    def _edit(self, branch: str, operations: Sequence[Operation], message: str) -> Edited:
        from memento.changes import edit
        from memento.changes.diff import diff_trees
        from memento.changes.snapshot import Snapshot

        parent = self.repository.commit_of(f"refs/heads/{branch}")
        objects = self.repository.objects
        delta = edit.plan(Snapshot(objects, parent.tree), operations, allow_nothing=True)
        after = tree.apply(objects, parent.tree, delta) if delta else parent.tree
        diff = diff_trees(objects, parent.tree, after)
        if not diff:
            return Edited(parent.id, diff)
        words_of = edit_message(operations)
        commit = self.repository.commit(
            branch, after, message or words_of, expected=parent.id, description=f"edit {branch}: {words_of}"
        )
        return Edited(commit, diff)

    def threads(self, revision: str, session: str) -> Threads:
        """The threads of a session. Raises `NotFound`."""
        from memento.world.threads import Threads

        snapshot = self.snapshot(revision)
        snapshot.starts = {session: snapshot.record("sessions", session)["started_at"]}
        return Threads(snapshot.of_sessions("turns", [session]))

    def choose_thread(self, branch: str, turn: str, message: str = "") -> Edited:
        """Makes the thread through a turn the main line of its session, as one edit: at each fork on the
        way the turn's preference becomes 1, that of its alternatives 0. Raises `NotFound`, and
        `UsageError` where there is nothing to choose from."""
        from memento.changes.threads import choosing

        session = self.snapshot(f"refs/heads/{branch}").record("turns", turn)["session"]
        operations = choosing(self.threads(f"refs/heads/{branch}", session), turn)
        return self.edit(branch, operations, message or f"choose the thread of turn:{turn}")

    # ── merging ──────────────────────────────────────────────────────────────────────────────────

    def merge(
        self,
        others: str | Sequence[str],
        into: str | None = None,
        policy: Policy | None = None,
        dry_run: bool = False,
        message: str = "",
    ) -> Merge:
        """Merges revisions into a branch (default: the current one); see `Merges.start`. The other
        verbs that merge are methods of `merges`."""
        return self.merges.start(others, into, policy, dry_run, message)

    def flips(self, preview: Preview) -> Flips | None:
        """The labels that would flip; None where one of the two worlds has no labels, as may be with
        something open."""
        from memento.render.flips import of_trees

        return of_trees(preview.store, preview.before, preview.after)

    def merge_in_progress(self) -> Merge | None:
        """What is in progress, worked out again with the answers given so far; or None."""
        return self.merges.in_progress()

    def open_items(self) -> tuple[tuple[Conflict, ...], tuple[Violation, ...]]:
        """The conflicts and violations of the open merge; two empty tuples where there is none."""
        merge = self.merges.in_progress()
        return ((), ()) if merge is None or merge.result is None else (merge.result.conflicts, merge.result.violations)

    def resolve(self, resolutions: Iterable[Resolution]) -> Merge:
        """Adds answers to the open merge; returns what is open then."""
        return self.merges.resolve(resolutions)

    def merge_continue(self) -> Merge:
        """Commits the open merge; see `Merges.finish`."""
        return self.merges.finish()

    def merge_abort(self) -> None:
        """Forgets the open merge; see `Merges.abort`."""
        self.merges.abort()

    # ── learning ─────────────────────────────────────────────────────────────────────────────────

    def train(self, sources: str | Sequence[str], spec: Spec | None = None, **options: Any) -> Run:
        """Trains a scorer on a revision, or on a mix of ``REVISION:WEIGHT``.

        `options` are those of `memento.train.train`.
        """
        from memento.train import parse, train

        weighted = [parse(word) for word in ([sources] if isinstance(sources, str) else sources)]
        renderings = [(self.rendering_at(revision, spec), weight) for revision, weight in weighted]
        return train(renderings, revisions=[revision for revision, _ in weighted], **options)


def init(directory: str | Path = ".") -> Workspace:
    """Makes a repository in ``directory/.memento``, or opens the one there."""
    return Workspace.init(directory)


def open(start: str | Path | None = None) -> Workspace:
    """Opens the repository of `start` (default: MEMENTO_DIR, then the current folder) or of the nearest above."""
    return Workspace.open(start)


def edit_message(operations: Sequence[Operation]) -> str:
    """A commit message that tells what some operations do."""
    from memento.changes.operations import describe

    first = describe(operations[0]) if operations else "nothing"
    return first if len(operations) < 2 else f"{first} and {len(operations) - 1} more"
