"""Real git beside our merge: worlds as one file a record, one field a line, and histories of them.

Fields are set apart by lines that nobody changes, so that git merges them one by one. Two layouts: by
id, where a record never moves, and by place, where what was said stands in a folder named by its
session's start and id, so that a record which moves is a rename.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pygit2
from world.worlds import Change, State, changed, state_of, store_world

from memento.changes.bases import best_common, virtual_base
from memento.changes.merge import Base, MergeResult, Policy, merge_trees
from memento.world import tree
from memento.world.objects import MemoryObjects
from memento.world.records import TABLES

Layout = Callable[[State, str, str], str]
"""``(state, table, key) -> path`` of a record's file."""
_BETWEEN = 4


def by_id(state: State, table: str, key: str) -> str:
    """A file a record, wherever it belongs."""
    return f"{table}/{key.replace('/', '~')}"


def by_place(state: State, table: str, key: str) -> str:
    """Sessions and what belongs to them in a folder of the session's start and id."""
    session = {"sessions": key}.get(table) or state[table][key].get("session")
    if not session:
        return by_id(state, table, key)
    start = state["sessions"][session]["started_at"]
    return f"history/{start}-{session}/{table}-{key.replace('/', '~')}"


def content(table: str, record: Mapping[str, object], left_out: Sequence[str] = ()) -> bytes:
    """A record, one field a line, with lines between that name the record and the field alone."""
    lines = []
    for name in TABLES[table].by_name:
        if name not in left_out:
            lines.append(f"{name} = {json.dumps(record[name])}")
        lines += [f"  {record.get('id', '')} {name} {number}" for number in range(_BETWEEN)]
    return "\n".join(lines).encode()


@dataclass(frozen=True)
class Answer:
    """What git says: its exit code as clean or not, the records it names, and the files of its tree."""

    clean: bool
    conflicts: frozenset[str]
    files: Mapping[str, bytes]
    said: str


@dataclass
class Histories:
    """One history twice: as trees of ours, and as commits of git."""

    path: Path
    layout: Layout = by_id
    renames: bool = False
    left_out: Sequence[str] = ()
    store: MemoryObjects = field(default_factory=MemoryObjects)
    states: dict[str, State] = field(default_factory=dict)
    trees: dict[str, str] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)
    commits: dict[str, pygit2.Oid] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.git = pygit2.init_repository(str(self.path), bare=True)

    def commit(self, name: str, parents: Sequence[str], state: State) -> None:
        """A commit of a state on some parents."""
        self.states[name], self.parents[name] = state, list(parents)
        self.trees[name] = store_world(state, self.store)[1]
        index = pygit2.Index()
        for path, data in self.files(state).items():
            index.add(pygit2.IndexEntry(path, self.git.create_blob(data), pygit2.enums.FileMode.BLOB))
        who = pygit2.Signature("a", "a@b", len(self.commits) + 1, 0)
        above = [self.commits[parent] for parent in parents]
        self.commits[name] = self.git.create_commit(None, who, who, name, index.write_tree(self.git), above)

    def edit(self, name: str, parent: str, *edits: Change) -> None:
        """A commit of some edits."""
        self.commit(name, [parent], changed(self.states[parent], list(edits)))

    def join(self, name: str, ours: str, theirs: str, policy: Policy = "ours", *edits: Change) -> None:
        """A merge commit, conflicts decided for one side, and some edits in it."""
        merged = merge_trees(
            self.store, self.base(ours, theirs), self.trees[ours], self.trees[theirs], policy=policy, check=False
        )
        self.commit(name, [ours, theirs], changed(state_of(tree.read(self.store, merged.tree_id)), list(edits)))

    def base(self, ours: str, theirs: str) -> Base:
        bases = best_common(self.parents.__getitem__, [ours], [theirs])
        return virtual_base(self.store, bases, self.parents.__getitem__, self.trees.__getitem__)

    def merged(self, ours: str, theirs: str) -> tuple[MergeResult, State]:
        """Our merge, without a look for contradictions, which git knows nothing of."""
        result = merge_trees(self.store, self.base(ours, theirs), self.trees[ours], self.trees[theirs], check=False)
        return result, state_of(tree.read(self.store, result.tree_id))

    def asked(self, ours: str, theirs: str) -> Answer:
        """Git's merge of the same two commits."""
        settings = ["merge.renames=" + ("true" if self.renames else "false"), "merge.directoryRenames=true"]
        argv = ["git", "-C", str(self.path), *(part for one in settings for part in ("-c", one))]
        argv += ["merge-tree", "--write-tree", "--name-only", "-z", "--messages"]
        argv += [str(self.commits[ours]), str(self.commits[theirs])]
        done = subprocess.run(argv, capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        tree_id, _, rest = done.stdout.partition(b"\0")
        names, _, said = rest.partition(b"\0\0")
        conflicts = frozenset(name.decode() for name in names.split(b"\0") if name) if done.returncode else frozenset()
        return Answer(not done.returncode, conflicts, self._read(tree_id.decode().strip()), said.decode())

    def files(self, state: State) -> dict[str, bytes]:
        """The files of a state."""
        return {
            self.layout(state, table, key): content(table, record, self.left_out)
            for table, records in state.items()
            for key, record in records.items()
        }

    def _read(self, tree_id: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        queue = [("", self.git[tree_id])]
        while queue:
            prefix, folder = queue.pop()
            for entry in folder:
                if isinstance(entry, pygit2.Tree):
                    queue.append((f"{prefix}{entry.name}/", entry))
                else:
                    found[prefix + str(entry.name)] = entry.data
        return found
