"""Everything that some references lead to, and which object best tells another by its difference."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from memento.errors import CorruptRecord
from memento.history.commit import Commit, parse_commit, parse_tag
from memento.history.gitobjects import FOLDER_MODE, is_elsewhere, tree_entries
from memento.history.objects import Objects
from memento.world.objects import Entry

_DEEPEST = 64
_FOLDER = int(FOLDER_MODE, 8)


@dataclass
class Reachable:
    """What a walk found: `kinds` by id, in an order in which neighbours of history stand together.

    `nearest` leads an object to the younger one at the same place of the next commit: the two differ
    by one edit, mostly. What an object is nearest to stands before it in `kinds`.
    """

    objects: Objects
    kinds: dict[str, str] = field(default_factory=dict)
    nearest: dict[str, str] = field(default_factory=dict)

    def walk(self, roots: Iterable[str]) -> None:
        """Adds all that commits, tags or trees lead to, themselves included; the newest commits first.

        Raises `CorruptRecord` for what is missing or is not what its id says. Blobs are not read.
        """
        heap: list[tuple[int, str]] = []
        commits: dict[str, Commit] = {}

        def push(name: str) -> None:
            if name in commits or name in self.kinds:
                return
            kind, data = self.objects.read(name)
            if kind == "commit":
                commits[name] = parse_commit(name, data)
                heapq.heappush(heap, (-commits[name].time, name))
            elif kind == "tag":
                self.kinds[name] = "tag"
                push(parse_tag(name, data)[0])
            elif kind == "tree":
                self._tree(name)
            else:
                self._blob(name, "")

        for root in dict.fromkeys(roots):
            push(root)
        order: list[Commit] = []
        while heap:
            commit = commits[heapq.heappop(heap)[1]]
            self.kinds[commit.id] = "commit"
            order.append(commit)
            for parent in commit.parents:
                push(parent)
        for commit in order:
            self._tree(commit.tree)
            for parent in commit.parents[:1]:
                before = commits.get(parent)
                if before is not None:
                    self._pair(commit.tree, before.tree)

    def _tree(self, name: str, path: str = "") -> None:
        if name in self.kinds:
            return
        self.kinds[name] = "tree"
        if path.count("/") > _DEEPEST:
            raise CorruptRecord("a folder deeper than any of memento's", name, path)
        for entry in self._entries(name, path):
            place = f"{path}/{entry.name}"
            if entry.folder:
                self._tree(entry.id, place)
            else:
                self._blob(entry.id, place)

    def _blob(self, name: str, path: str) -> None:
        if name not in self.kinds:
            if not self.objects.contains(name):
                raise CorruptRecord("it is missing", name, path)
            self.kinds[name] = "blob"

    def _pair(self, new: str, old: str) -> None:
        """Notes what the old tree's objects are nearest to, where they were not met before."""
        if new == old or old in self.kinds:
            return
        self.kinds[old] = "tree"
        self.nearest[old] = new
        news = {entry.name: entry for entry in self._entries(new)}
        for entry in self._entries(old):
            self._beside(news.get(entry.name), entry)

    def _beside(self, new: Entry | None, old: Entry) -> None:
        if new is None or new.folder != old.folder:
            self._tree(old.id, old.name) if old.folder else self._blob(old.id, old.name)
        elif old.folder:
            self._pair(new.id, old.id)
        elif old.id != new.id and old.id not in self.kinds:
            self._blob(old.id, old.name)
            self.nearest[old.id] = new.id

    def _entries(self, name: str, path: str = "") -> Iterator[Entry]:
        """The entries of any tree, git's own included; what lies in other repositories is left out."""
        kind, data = self.objects.read(name, path)
        if kind != "tree":
            raise CorruptRecord(f"a {kind} where a tree belongs", name, path)
        try:
            found = tree_entries(data)
        except ValueError as error:
            raise CorruptRecord(str(error), name, path) from None
        for mode, text, raw in found:
            if not is_elsewhere(mode):
                yield Entry(text.decode("utf-8", "replace"), raw.hex(), int(mode, 8) == _FOLDER)
