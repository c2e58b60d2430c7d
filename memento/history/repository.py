"""A repository: where it lies, what its names lead to, and everything that one can do with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from memento.errors import CorruptRecord, NotFound, UsageError
from memento.history import mergestate, tombstones
from memento.history.batch import Batch
from memento.history.blame import Origin, blame, never
from memento.history.commit import Commit, check_message, parse_tag
from memento.history.config import Config
from memento.history.files import storing
from memento.history.graph import draw
from memento.history.mergestate import MergeState
from memento.history.names import HEADS, TAGS, check_name
from memento.history.notes import WORDS, Notes
from memento.history.objects import Objects
from memento.history.operations import Operations
from memento.history.oplog import Operation
from memento.history.place import FOLDER, author, check_folder, find, make
from memento.history.ranges import read_range
from memento.history.reach import reached
from memento.history.record import log_record
from memento.history.refs import Move, Refs
from memento.history.revisions import Revisions
from memento.history.tombstones import Tombstone
from memento.history.trail import MANIFEST, Trail
from memento.history.undoing import Undoing
from memento.history.walk import Walker
from memento.world.records import schema_of

if TYPE_CHECKING:
    from memento.history.fsck import Examined
    from memento.history.gc import Progress, Swept


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch: its name, tip, whether `HEAD` names it, and the tip's subject line and time."""

    name: str
    commit: str
    current: bool
    subject: str
    time: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: its name, the commit it leads to, and its message (empty for a lightweight one)."""

    name: str
    commit: str
    message: str


class Repository:
    """A bare git repository of worlds in a folder ``.memento``.

    `path` is that folder, `root` the one that holds it, `objects` its object store, `created`
    whether `init` made it just now. Use as a context manager or call `close`.
    Every method that takes a revision takes what git takes: a branch, a tag, ``refs/heads/x``, a
    full id or at least 4 digits of one, ``HEAD`` or ``@``, ``:/WORDS`` (the newest commit whose message
    matches), each followed by any number of ``@{n}`` (before the last n moves), ``@{TIME}`` (the last
    first parent whose world's clock is at or before TIME), ``~n``, ``^n``, ``^{/WORDS}``.
    """

    def __init__(self, path: Path) -> None:
        check_folder(path)
        self.path = path
        self.root = path.parent
        self.created = False
        self.config = Config.load(path / "config")
        self.refs = Refs(path, self.config.durable)
        self.objects = Objects(path, self.config.durable)
        self._walker = Walker(self.objects)
        self._operations = Operations(path, self.config, self.objects, self.refs, self._walker, author(self.config))
        self._undoing = Undoing(self._operations)
        self._revisions = Revisions(self.objects, self.refs, self._walker, self._operations.log)
        self._merge_file = path / "memento" / "merge"
        self._operations.recover()

    # ── making and opening ───────────────────────────────────────────────────────────────────────

    @classmethod
    def init(cls, directory: str | Path = ".", branch: str = "main") -> Repository:
        """Makes ``directory/.memento`` (never half of it) and opens it; opens it where it exists."""
        root = Path(directory).absolute()
        check_name(branch)
        path = root / FOLDER
        if path.exists():
            return cls(path)
        with storing(root):
            created = make(path, branch)
        repository = cls(path)
        repository.created = created
        return repository

    @classmethod
    def open(cls, start: str | Path | None = None) -> Repository:
        """Opens the repository of `start` (default: `MEMENTO_DIR`, then the current folder) or of
        the nearest folder above it.

        Raises `RepositoryNotFound`, `NewerFormat`, and `StoreError` for a repository whose
        configuration would run programs or read objects from elsewhere.
        """
        return cls(find(Path(start or os.environ.get("MEMENTO_DIR") or os.getcwd())))

    def exclusive(self) -> AbstractContextManager[None]:
        """The repository's lock, re-entrant: what is read inside is still so when it is changed
        inside. Waits up to 30 s for another process, then raises `LockHeld`, which names it."""
        return self._operations.exclusive()

    def close(self) -> None:
        """Releases files; the repository must not be used afterwards."""
        self.objects.close()

    def __enter__(self) -> Repository:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ── names and commits ────────────────────────────────────────────────────────────────────────

    @property
    def head(self) -> str:
        """The name of the current branch; it need not have a commit yet."""
        return self._revisions.branch_of_head()

    def resolve(self, revision: str = "HEAD") -> str:
        """The id of the commit that a revision names.

        Raises `NotFound` with the nearest names, `UsageError` for an ambiguous short id (its
        candidates are listed) or a revision that goes beyond the first commit.
        """
        return self._revisions.resolve(revision).id

    def commit_of(self, revision: str = "HEAD") -> Commit:
        """The commit that a revision names (`.id`, `.tree`, `.parents`, `.time`, `.message` …)."""
        return self._revisions.resolve(revision)

    def tree_of(self, revision: str = "HEAD") -> str:
        """The id of the tree of the commit that a revision names."""
        return self.commit_of(revision).tree

    def commit_at(self, revision: str, time: int) -> Commit:
        """The last commit along the first parents of a revision whose world's clock is at or before
        `time`, s UTC. Raises `UsageError` where even the first is later."""
        return self._revisions.at_time(self.commit_of(revision), time)

    def left_branch(self, count: int = 1) -> str:
        """The branch that was current before the last `count` switches (``@{-1}``). Raises `UsageError`."""
        return self._revisions.left_branch(count)

    def has_branch(self, name: str) -> bool:
        """Whether there is a branch of this name."""
        return bool(self.refs.read(HEADS + name))

    def require_branch(self, name: str) -> None:
        """Raises the error for a branch that is not there (`NotFound`), or has no commit yet."""
        if not self.has_branch(name) and name == self.head:
            self.resolve(name)
        self._existing(HEADS, name)

    def branches(self, names: Iterable[str] | None = None) -> list[Branch]:
        """Branches, all by name or those of some names in their order; one whose commit is corrupt says so
        in its subject. Names of no branch are left out."""
        tips = self.tips()
        return list(
            self.read_branches({name: tips[name] for name in names if name in tips} if names is not None else tips)
        )

    def read_branches(self, tips: Mapping[str, str]) -> Iterator[Branch]:
        """The branches of names and tips, in their order, each commit read as it is asked for."""
        current = self.refs.read("HEAD").removeprefix(HEADS)
        for name, tip in tips.items():
            try:
                commit = self._walker.commit(tip)
            except CorruptRecord as error:
                yield Branch(name, tip, name == current, f"(corrupt: {error.why})", 0)
            else:
                yield Branch(name, tip, name == current, commit.subject, commit.time)

    def tips(self, beginning: str = "") -> dict[str, str]:
        """The tip of each branch whose name has some beginning, by name, sorted; reads no commit."""
        return {ref.removeprefix(HEADS): value for ref, value in self.refs.values(HEADS + beginning).items()}

    def containing(self, revision: str) -> list[str]:
        """The names of the branches that have a revision in their history, sorted."""
        tips = self.tips()
        found = self._walker.descendants(self.resolve(revision), set(tips.values()))
        return [name for name, tip in tips.items() if tip in found]

    def merged(self, revision: str = "HEAD") -> list[str]:
        """The names of the branches whose tips lie in the history of a revision, sorted."""
        history = self._walker.ancestors([self.resolve(revision)])
        return [name for name, tip in self.tips().items() if tip in history]

    def branch_names(self, beginning: str = "") -> list[str]:
        """The names of all branches with some beginning, sorted, without reading their commits."""
        return [ref.removeprefix(HEADS) for ref in self.refs.names(HEADS + beginning)]

    def tag_names(self, beginning: str = "") -> list[str]:
        """The names of all tags with some beginning, sorted, without reading anything they lead to."""
        return [ref.removeprefix(TAGS) for ref in self.refs.names(TAGS + beginning)]

    def tags(self) -> list[Tag]:
        """All tags, by name."""
        found = []
        for ref, value in self.refs.values(TAGS).items():
            kind, data = self.objects.read(value)
            message = parse_tag(value, data)[2] if kind == "tag" else ""
            commit = self._revisions.resolve(ref).id if kind == "tag" else value
            found.append(Tag(ref.removeprefix(TAGS), commit, message))
        return found

    @property
    def walker(self) -> Walker:
        """Commits by id, and walks over them."""
        return self._walker

    def notes(self, namespace: str = WORDS) -> Notes:
        """The notes of a namespace: ``commits``, ``runs``, or a full ``refs/notes/…``."""
        return Notes(self._operations, self._walker, namespace)

    # ── history ──────────────────────────────────────────────────────────────────────────────────

    def log(
        self, *revisions: str, exclude: Sequence[str] = (), first_parent: bool = False, limit: int | None = None
    ) -> Iterator[Commit]:
        """Commits reachable from `revisions` (default HEAD) and not from `exclude`; children before
        parents, newer first. A revision may be a range, such as ``A..B`` (see `read_range`)."""
        picked = read_range(self._revisions, [*revisions, *(f"^{revision}" for revision in exclude)])
        return islice(self._walker.log(picked.starts, picked.exclude, first_parent), limit)

    def graph(
        self, *revisions: str, first_parent: bool = False, limit: int | None = None
    ) -> Iterator[tuple[str, Commit | None]]:
        """Rows as ``git log --graph`` draws them: the drawing, and the commit of the row if any."""
        picked = read_range(self._revisions, revisions)
        commits = self._walker.topological(picked.starts, picked.exclude, first_parent)
        return draw(islice(commits, limit))

    def log_record(
        self, revision: str | Sequence[str], table: str, key: str, first_parent: bool = False
    ) -> Iterator[tuple[Commit, str]]:
        """Commits that changed one record, newest first, each with added, changed or removed."""
        words = [revision] if isinstance(revision, str) else revision
        picked = read_range(self._revisions, words)
        return log_record(self._walker, self._trail(table, key), picked.starts, picked.exclude, first_parent)

    def blame(self, revision: str, table: str, key: str = "", fields: Iterable[str] = ()) -> list[Origin]:
        """For each field of a record (or some of them), the commit that set its present value.

        The table `MANIFEST` has one record, without a key. Raises `NotFound`, which names the commit
        that removed the record where one did.
        """
        start, trail = self.resolve(revision), self._trail(table, key)
        return blame(self._walker, trail, start, fields) or never(self._walker, trail, start, revision)

    def last_change(self, revision: str, table: str, key: str = "") -> tuple[Commit, str] | None:
        """The newest commit that changed a record, with added, changed or removed; None where it never was."""
        return next(self.log_record(revision, table, key), None)

    def _trail(self, table: str, key: str) -> Trail:
        return Trail(self._walker.folders, table if table == MANIFEST else schema_of(table).name, key)

    def between(self, exclude: Sequence[str], revisions: Sequence[str]) -> list[Commit]:
        """Commits reachable from `revisions` and not from `exclude`, parents before children."""
        hidden, starts = ([self.resolve(name) for name in names] for names in (exclude, revisions))
        return list(self._walker.topological(starts, hidden))[::-1]

    def ancestors(self, *revisions: str) -> set[str]:
        """The ids of all commits that some revisions have, their own included."""
        return self._walker.ancestors(self.resolve(revision) for revision in revisions)

    def merge_bases(self, a: str, b: str) -> list[str]:
        """All best common ancestors of two revisions, newest first; none: the empty list."""
        return self._walker.merge_bases(self.resolve(a), self.resolve(b))

    def is_ancestor(self, ancestor: str, revision: str) -> bool:
        """Whether `ancestor` is `revision` or one of its ancestors."""
        return self._walker.is_ancestor(self.resolve(ancestor), self.resolve(revision))

    def reached(self, revision: str, commits: Collection[str]) -> list[str]:
        """Which of some commits (full ids) are `revision` or its ancestors, newer first."""
        return reached(self._walker, self.resolve(revision), commits)

    def ahead_behind(self, a: str, b: str) -> tuple[int, int]:
        """How many commits only `a` has, and how many only `b` has."""
        return self._walker.ahead_behind(self.resolve(a), self.resolve(b))

    # ── changes; each is one operation that `undo` inverts ───────────────────────────────────────

    def commit(
        self,
        branch: str,
        tree: str,
        message: str,
        *,
        parents: Sequence[str] | None = None,
        time: int | None = None,
        expected: str | None = None,
        description: str = "",
    ) -> str:
        """Commits a tree onto a branch, which is made if it is not there; returns the commit id.

        `parents` are commit ids (default: the branch's tip, if any; a merge gives the tip first).
        `time` is in s UTC (default: the world's clock), moved up to one second after the newest
        parent. `expected` is the tip that the tree was made from ("" for: no such branch); where
        the branch is no longer there `StaleBranch` is raised. Objects staged in `objects` are
        written with the commit in one pack.
        """
        text = check_message(message)
        what = description or f"commit {text.partition(chr(10))[0]}"
        with self._operations.exclusive(), self._operations.batch(what) as batch:
            return batch.commit(branch, tree, text, parents=parents, time=time, expected=expected)

    def permit(self, branch: str, tree_id: str) -> None:
        """Lets the next move of a branch lead to this tree, where the branch is protected: it takes
        merges only, and whoever merges says so by this."""
        self._operations.permits[branch] = tree_id

    def batch(self, description: str) -> AbstractContextManager[Batch]:
        """A context in which many commits make one pack and one operation, all or none.

        Other writers are not held up before it ends; where one of them has moved a branch of the
        batch meanwhile, `StaleBranch` is raised then and nothing is written.
        ``with repo.batch("generate tiny") as batch: batch.commit("main", tree, "week 1")``
        """
        return self._operations.batch(description)

    def fork(self, base: str, new: str, count: int | None = None, switch: bool = False) -> list[str]:
        """Starts branch `new` at revision `base`, or `count` branches ``new-1`` … ``new-<count>``
        (numbers padded with zeros to one width); returns their names. `switch` makes the first current."""
        return self._operations.fork(base, self.resolve(base), new, count, switch)

    def move_branch(self, branch: str, commit: str, expected: str | None = None, description: str = "") -> None:
        """Makes a branch point at a commit (fast-forward, reset)."""
        self._existing(HEADS, branch)
        target = self.resolve(commit)
        self._operations.move(HEADS + branch, target, expected, description or f"move {branch} to {target[:10]}")

    def rename_branch(self, old: str, new: str) -> None:
        """Renames a branch; `HEAD` follows."""
        self._existing(HEADS, old)
        self._operations.rename(old, new, self.refs.read("HEAD").removeprefix(HEADS))

    def delete_branch(self, *names: str) -> None:
        """Deletes branches; refused for the current one. Their commits stay in the operation log."""
        current, known = self.refs.read("HEAD"), set(self.branch_names())
        for name in names:
            if name not in known:
                self._existing(HEADS, name)
            if HEADS + name == current:
                raise UsageError(
                    f"cannot delete {name!r}: it is the current branch",
                    "`memento switch NAME` chooses another one first",
                )
        what = f"delete branch {_some(names)}"
        self._operations.delete([HEADS + name for name in dict.fromkeys(names)], what)

    def set_head(self, branch: str) -> None:
        """Makes a branch the current one."""
        self._existing(HEADS, branch)
        self._operations.move("HEAD", HEADS + branch, None, f"switch to {branch}")

    def tag(self, name: str, revision: str = "HEAD", message: str = "") -> None:
        """Tags a commit; with a message the tag is an annotated one."""
        self._operations.tag(name, self.commit_of(revision), message)

    def delete_tag(self, *names: str) -> None:
        """Deletes tags."""
        for name in names:
            self._existing(TAGS, name)
        self._operations.delete([TAGS + name for name in dict.fromkeys(names)], f"delete tag {_some(names)}")

    def receive(
        self, description: str, plan: Callable[[], Sequence[Move]], arrive: Callable[[Objects], None] | None = None
    ) -> Operation | None:
        """Takes over what has come from another repository; see `Operations.receive`."""
        return self._operations.receive(description, plan, arrive)

    def undo(self, count: int = 1) -> list[Operation]:
        """Takes back the last `count` operations that are in force, as one operation; again, those before.

        Returns them, newest first. Raises `UsageError` where there are fewer.
        """
        return self._undoing.undo(count)

    def take_back(self, operation: str) -> Operation:
        """Takes back one earlier operation and leaves those after it; `operation` begins its id.

        Raises `UsageError` where a later one moved what it moved. Returns it.
        """
        return self._undoing.take_back(operation)

    def redo(self, count: int = 1) -> list[Operation]:
        """Brings back the last `count` operations that `undo` took back; returns them, oldest first."""
        return self._undoing.redo(count)

    def operation(self, digits: str = "") -> Operation:
        """The operation whose id begins with some digits, at least four; without them the last one."""
        log = self._operations.log
        return log.find(digits or log.tip or "0000")

    def in_force(self) -> Iterator[Operation]:
        """The operations that `undo` would take back, one after the other: newest first."""
        return self._operations.log.shown()

    def operations(self, limit: int | None = None) -> Iterator[Operation]:
        """The operation log, newest first."""
        return islice(self._operations.log.walk(), limit)

    def only_on(self, branches: Collection[str]) -> int:
        """How many commits these branches have that no other branch and no tag has."""
        gone = {HEADS + name for name in branches}
        values = {**self.refs.values(HEADS), **self.refs.values(TAGS)}
        kept = [
            self.resolve(ref) if ref.startswith(TAGS) else value for ref, value in values.items() if ref not in gone
        ]
        others = self._walker.ancestors(kept)
        return len(self._walker.ancestors([values[ref] for ref in gone]) - others)

    def prune(self, *branches: str, why: str) -> list[Tombstone]:
        """Deletes branches and leaves a tombstone for each; see `memento.history.tombstones`."""
        for name in branches:
            self._existing(HEADS, name)
        return tombstones.prune(self._operations, branches, why)

    def tombstones(self) -> Iterator[Tombstone]:
        """Every branch that was pruned, the last first."""
        return tombstones.tombstones(self._operations)

    def forget_operations(self) -> None:
        """Ends the operation log: undo ends here, and `gc` may take away what it alone led to."""
        self._operations.forget()

    def gc(
        self,
        grace: float | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        forget: bool = False,
    ) -> Swept:
        """Repacks everything that references lead to and takes the rest away; see `memento.history.gc`.

        What nothing leads to stays for `grace`, s (default: two weeks). With `forget` the operation log
        ends first, as by `forget_operations`.
        """
        from memento.history import gc

        return gc.collect(self._operations, gc.GRACE if grace is None else grace, dry_run, progress, forget)

    def fsck(self, *revisions: str, full: bool = False, progress: Progress | None = None) -> Examined:
        """Looks the whole repository through, and the worlds of `revisions`; see `memento.history.fsck`."""
        from memento.history.fsck import examine

        return examine(self, revisions, full, progress)

    # ── what is not done yet: a merge, pick, revert, rebase or squash ────────────────────────────────

    def load_merge(self) -> MergeState | None:
        """The state of what is in progress, or None."""
        return mergestate.load(self._merge_file)

    def save_merge(self, state: MergeState) -> None:
        """Writes the state of what is in progress, atomically."""
        with self._operations.exclusive():
            mergestate.save(self._merge_file, state, self.refs.durable)

    def clear_merge(self) -> None:
        """Forgets what is in progress."""
        with self._operations.exclusive():
            mergestate.clear(self._merge_file)

    def _existing(self, prefix: str, name: str) -> None:
        if not self.refs.read(prefix + name):
            what = "branch" if prefix == HEADS else "tag"
            known = [ref.removeprefix(prefix) for ref in self.refs.names(prefix)]
            raise NotFound(what, name, known, f"`memento {what}` lists what there is")


def _some(names: Sequence[str], limit: int = 5) -> str:
    """Names for people, the first few of many."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit:,} more"
