"""What a query may ask about branches and commits, each found out once and only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from memento.errors import UsageError
from memento.history.answers import Answers
from memento.history.commit import Commit
from memento.history.merges import Merges
from memento.history.names import HEADS, TAGS
from memento.history.repository import Repository
from memento.history.runs import RunRecord, Runs
from memento.query.ancestry import Ancestry
from memento.world import tree
from memento.world.records import KEYED, TABLES
from memento.world.world import Manifest


class Subject(NamedTuple):
    """What is asked about: a branch and its tip, or a commit alone (no name)."""

    name: str
    commit: str


class Facts:
    """The facts of one repository during one query."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.objects = repository.objects
        self.walker = repository.walker
        self._ancestry: dict[str, Ancestry] = {}
        self._manifests: dict[str, Manifest] = {}
        self._sizes: dict[tuple[str, str], int] = {}
        self._changed: dict[tuple[str, str, str], bool] = {}

    # ── names ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def branches(self) -> list[Subject]:
        """All branches, by name."""
        return [Subject(r.removeprefix(HEADS), value) for r, value in self.repository.refs.values(HEADS).items()]

    @cached_property
    def head(self) -> str:
        """The name of the current branch, or empty."""
        try:
            return self.repository.head
        except UsageError:
            return ""

    @cached_property
    def tags(self) -> Mapping[str, list[str]]:
        """Commit id -> the names of its tags."""
        found: dict[str, list[str]] = {}
        for tag in self.repository.tags() if self.repository.refs.names(TAGS) else ():
            found.setdefault(tag.commit, []).append(tag.name)
        return found

    @cached_property
    def noted(self) -> frozenset[str]:
        """The commits that have a note."""
        return frozenset(self.repository.notes().all())

    @cached_property
    def newest(self) -> int:
        """The greatest time of a branch's tip, s UTC."""
        return max((self.commit(branch.commit).time for branch in self.branches), default=0)

    # ── history ──────────────────────────────────────────────────────────────────────────────────

    def commit(self, commit_id: str) -> Commit:
        """One commit."""
        return self.walker.commit(commit_id)

    def ancestry(self, commit_id: str) -> Ancestry:
        """Histories as seen from a commit."""
        if commit_id not in self._ancestry:
            self._ancestry[commit_id] = Ancestry(self.walker, commit_id)
        return self._ancestry[commit_id]

    def base(self, subject: Subject, pivot: str) -> str:
        """What a subject started from: the commit where it parted from `pivot`, or a commit's first
        parent; empty where there is none."""
        if not subject.name:
            return next(iter(self.commit(subject.commit).parents), "")
        entries = self.ancestry(pivot).entries(subject.commit)
        if len(entries) < 2:
            return next(iter(entries), "")
        return next(iter(self.walker.merge_bases(subject.commit, pivot)), "")

    # ── worlds ───────────────────────────────────────────────────────────────────────────────────

    def manifest(self, commit_id: str) -> Manifest:
        """The manifest of a commit's world."""
        tree_id = self.commit(commit_id).tree
        if tree_id not in self._manifests:
            self._manifests[tree_id] = tree.read_manifest(self.objects, tree_id)
        return self._manifests[tree_id]

    def size(self, commit_id: str, table: str) -> int:
        """How many records a table has."""
        tree_id = self.commit(commit_id).tree
        key = (self._folder(tree_id, table), table)
        if key not in self._sizes:
            self._sizes[key] = len(tree.read_table(self.objects, tree_id, table))
        return self._sizes[key]

    def changed(self, old: str, new: str, table: str) -> bool:
        """Whether a table, or the ``manifest``, differs between two commits; no commit has no records."""
        before = self.commit(old).tree if old else ""
        after = self.commit(new).tree
        key = (self._folder(before, table) if before else "", self._folder(after, table), table)
        if key[0] == key[1]:
            return False
        if table in KEYED or table == "manifest":
            return True
        if key not in self._changed:
            sides = tree.differing(self.objects, before or self.objects.add_tree([]), after)
            rows = [{repr(record) for record in side[table].records()} if table in side else set() for side in sides]
            self._changed[key] = rows[0] != rows[1]
        return self._changed[key]

    def touched(self, old: str, new: str, table: str, key: str) -> bool:
        """Whether one record differs between two commits; no commit has no records."""
        before = self.commit(old).tree if old else ""
        after = self.commit(new).tree
        question = (before, after, f"{table} {key}")
        if question not in self._changed:
            self._changed[question] = self._touched(before, after, table, key)
        return self._changed[question]

    def _touched(self, before: str, after: str, table: str, key: str) -> bool:
        if (self._folder(before, table) if before else "") == self._folder(after, table):
            return False
        if before and table in KEYED:
            leaves = [tree.leaf(self.objects, tree_id, table, key) for tree_id in (before, after)]
            if leaves[0] == leaves[1]:
                return False
        found = [list(tree.find(self.objects, t, table, [key]).records()) if t else [] for t in (before, after)]
        return found[0] != found[1]

    def _folder(self, tree_id: str, table: str) -> str:
        """The id of what holds a table, or of the manifest; empty where there is none."""
        name = table if table in KEYED or table == "manifest" else "history"
        return next((entry.id for entry in self.objects.tree(tree_id) if entry.name == name), "")

    # ── models and merges ────────────────────────────────────────────────────────────────────────

    @cached_property
    def runs(self) -> Mapping[str, list[RunRecord]]:
        """Tree id -> the runs that measured this world."""
        return Runs(self.repository).by_tree()

    def conflicts(self, commit_id: str, branch: str) -> bool:
        """Whether merging a commit into a branch would stop at a conflict or a violation."""
        ours = self.repository.resolve(HEADS + branch)
        bases = self.walker.merge_bases(ours, commit_id)
        if ours in bases or commit_id in bases:
            return False
        trees = [self.commit(name).tree for name in (ours, commit_id)]
        question = {"bases": [self.commit(base).tree for base in bases], "trees": trees}
        found = self._merges.get(question)
        if found is None:
            merge = Merges(self.repository).start(commit_id, into=branch, dry_run=True)
            found = merge.kind == "open"
            self._merges.put(question, found)
        return bool(found)

    @cached_property
    def _merges(self) -> Answers:
        return Answers(self.repository.path, "merges")


def table_name(word: str) -> str:
    """The table that a word names, or ``manifest``. Raises `NotFound`."""
    from memento.world.records import schema_of

    return word if word in TABLES or word == "manifest" else schema_of(word).name
