"""Is everything in a repository what it should be? Git's level first, then the worlds.

Nothing that is found stops the search: all faults come at once, each with the object, its place, the
branches that it is on, and a way out.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from memento.errors import CorruptRecord, MementoError, StoreError
from memento.history.commit import parse_commit, parse_tag
from memento.history.gitobjects import FOLDER_MODE, is_elsewhere, tree_entries
from memento.history.names import HEADS
from memento.history.packs import Pack, inflate_loose, read_file
from memento.world import tree as world_tree
from memento.world.audit import Audit
from memento.world.check import check

if TYPE_CHECKING:
    from memento.history.repository import Repository

Progress = Callable[[int, int, str], None]
Kind = Literal["corrupt", "contradiction", "note"]
_SHOWN = 10
_FOLDER = int(FOLDER_MODE, 8)
_RESTORE = "restore it from a clone or a backup"


@dataclass(frozen=True)
class Fault:
    """One thing found.

    `kind` is corrupt (stored bytes are not what they should be), contradiction (a world breaks one
    of its own rules) or note (odd, and no harm). `object_id` and `path` may be empty; `branches` are
    some of those that it is on, by name.
    """

    kind: Kind
    why: str
    object_id: str = ""
    path: str = ""
    branches: tuple[str, ...] = ()
    hint: str = ""

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return " ".join(part for part in (self.object_id[:10], self.path) if part) or "repository"


@dataclass
class Examined:
    """What was looked at, and what was found."""

    objects: int = 0
    packs: int = 0
    commits: int = 0
    worlds: int = 0
    chunks: int = 0
    faults: list[Fault] = field(default_factory=list)

    def of(self, kind: Kind) -> list[Fault]:
        """The faults of one kind."""
        return [fault for fault in self.faults if fault.kind == kind]


def examine(
    repository: Repository, revisions: Sequence[str] = (), full: bool = False, progress: Progress | None = None
) -> Examined:
    """Looks a repository through: all of its objects and references, and the worlds of `revisions`.

    Without `revisions` the worlds of all branches and tags; with `full` those of every commit before
    them too. Raises `NotFound` for a revision that there is not, and nothing for what is stored.
    """
    return _Examiner(repository, full, progress).run(revisions)


class _Examiner:
    def __init__(self, repository: Repository, full: bool, progress: Progress | None) -> None:
        self.repository = repository
        self.objects = repository.objects
        self.full = full
        self.progress = progress or (lambda done, total, what: None)
        self.found = Examined()
        self.bad: dict[str, Fault] = {}
        self.reached: dict[str, str] = {}

    def run(self, revisions: Sequence[str]) -> Examined:
        wanted = [self.repository.resolve(revision) for revision in revisions]
        self.objects.refresh(force=True)
        self._packs()
        self._loose()
        values = self._references()
        self._connected(values)
        self._operations(values)
        tips = wanted or [value for ref, value in values.items() if ref.startswith(("refs/heads/", "refs/tags/"))]
        self._worlds(tips)
        self.found.faults += self.bad.values()
        self.found.faults = list(self._placed(values))
        return self.found

    def _say(self, kind: Kind, why: str, object_id: str = "", path: str = "", hint: str = _RESTORE) -> None:
        fault = Fault(kind, why, object_id, path, hint=hint)
        if kind == "corrupt" and object_id:
            self.bad.setdefault(object_id, fault)
        elif fault not in self.found.faults:
            self.found.faults.append(fault)

    # ── git's level: packs and objects ───────────────────────────────────────────────────────────

    def _packs(self) -> None:
        for name, why in sorted(self.objects.faults.items()):
            self._say(
                "corrupt", why, path=f"objects/pack/{name}.idx", hint=f"`git index-pack` makes it anew; or {_RESTORE}"
            )
        packs = self.objects.packs()
        self.found.packs = len(packs)
        for pack in packs:
            path = f"objects/pack/{os.path.basename(pack.path)}"
            try:
                self._pack(pack, path)
            except (OSError, ValueError) as error:
                self._say("corrupt", str(error), path=f"{path}.pack")

    def _pack(self, pack: Pack, path: str) -> None:
        with open(pack.path + ".pack", "rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest, left = hashlib.sha1(usedforsecurity=False), size - 20
            while left > 0 and (block := file.read(min(1 << 20, left))):
                digest.update(block)
                left -= len(block)
            if digest.digest() != file.read(20):
                self._say("corrupt", "the pack does not match its checksum", path=f"{path}.pack")
        if read_file(pack.path + ".idx")[-40:-20] != _trailer(pack.path):
            self._say("corrupt", "the index is that of another pack", path=f"{path}.idx")
        checks = pack.index.checks.tolist()
        entries = list(zip(pack.index.entries(), checks, strict=True))
        for number, ((raw, offset, end), crc) in enumerate(sorted(entries, key=lambda entry: entry[0][1])):
            if number % 2000 == 0:
                self.progress(number, len(entries), f"checking {os.path.basename(pack.path)[:17]}")
            name = raw.hex()
            try:
                if zlib.crc32(pack.read(offset, end)) != crc:
                    self._say("corrupt", "its bytes do not match their checksum", name, f"{path}.pack")
            except (OSError, ValueError) as error:
                self._say("corrupt", str(error), name, f"{path}.pack")
            self._object(name)

    def _loose(self) -> None:
        for name, path in self.objects.loose():
            where = os.path.relpath(path, self.repository.path)
            try:
                kind, data = inflate_loose(read_file(path))
                header = b"%s %d\0" % (kind.encode(), len(data))
                if hashlib.sha1(header + data, usedforsecurity=False).hexdigest() != name:
                    self._say("corrupt", "its content does not match its id", name, where)
            except (OSError, ValueError) as error:
                self._say("corrupt", str(error), name, where)
            self.found.objects += 1

    def _object(self, name: str) -> None:
        """Reads an object, which compares it with its id."""
        self.found.objects += 1
        try:
            self.objects.read(name)
        except StoreError as error:
            self._say("corrupt", error.why if isinstance(error, CorruptRecord) else error.message, name)

    # ── git's level: references and what they lead to ────────────────────────────────────────────

    def _references(self) -> dict[str, str]:
        refs = self.repository.refs
        values: dict[str, str] = {}
        try:
            names = refs.names("refs/")
        except MementoError as error:
            self._say("corrupt", _why(error), path="packed-refs", hint=error.hint)
            names = list(refs.loose("refs"))
        for ref in names:
            try:
                value = refs.read(ref)
            except MementoError as error:
                self._say("corrupt", _why(error), path=ref, hint=error.hint)
                continue
            if value:
                values[ref] = value
        try:
            for ref, value in refs.foreign().items():
                values[ref] = value
                if ref.startswith("refs/"):
                    hint = "gc keeps it; `git --git-dir .memento branch -m OLD NEW` gives it a name that memento takes"
                    self._say("note", "memento takes no such name: git alone sees this reference", path=ref, hint=hint)
        except MementoError as error:
            self._say(
                "corrupt", _why(error), path=error.path if isinstance(error, CorruptRecord) else "", hint=error.hint
            )
        try:
            head = refs.read("HEAD")
            if not head:
                self._say("corrupt", "there is none", path="HEAD", hint="`echo ref: refs/heads/main > .memento/HEAD`")
            elif head.startswith("refs/") and head not in values and any(ref.startswith(HEADS) for ref in values):
                branch = head.removeprefix(HEADS)
                self._say(
                    "note", f"the current branch {branch} has no commit", path="HEAD", hint="`memento switch BRANCH`"
                )
        except MementoError as error:
            self._say("corrupt", _why(error), path="HEAD", hint=error.hint)
        return values

    def _connected(self, values: dict[str, str]) -> None:
        """Follows every reference to every commit, folder and blob; remembers from which commit each was met."""
        queue: list[tuple[str, str]] = []
        for ref, value in values.items():
            if value not in self.reached:
                self.reached[value] = ref
                queue.append((value, ref))
        at = 0
        while at < len(queue):
            name, source = queue[at]
            at += 1
            try:
                kind, data = self.objects.read(name)
                after: list[str] = []
                if kind == "commit":
                    self.found.commits += 1
                    commit = parse_commit(name, data)
                    self._tree(commit.tree, name)
                    after = list(commit.parents)
                elif kind == "tag":
                    after = [parse_tag(name, data)[0]]
                elif kind == "tree":
                    self._tree(name, source)
            except StoreError as error:
                self._say("corrupt", _why(error), name, source if source.startswith("refs/") else "")
                continue
            for other in after:
                if other not in self.reached:
                    self.reached[other] = name
                    queue.append((other, name))

    def _tree(self, name: str, commit: str) -> None:
        stack = [(name, "")]
        while stack:
            tree_id, path = stack.pop()
            if tree_id in self.reached and path:
                continue
            self.reached[tree_id] = commit
            try:
                kind, data = self.objects.read(tree_id, path)
                found = tree_entries(data)
            except StoreError as error:
                self._say("corrupt", _why(error), tree_id, path)
                continue
            except ValueError as error:
                self._say("corrupt", f"a {kind} where a tree belongs" if kind != "tree" else str(error), tree_id, path)
                continue
            if kind != "tree":
                self._say("corrupt", f"a {kind} where a tree belongs", tree_id, path)
                continue
            for mode, text, raw in found:
                below, where = raw.hex(), f"{path}/{text.decode('utf-8', 'replace')}".lstrip("/")
                if below in self.reached or is_elsewhere(mode):
                    continue
                if int(mode, 8) == _FOLDER:
                    stack.append((below, where))
                    continue
                self.reached[below] = commit
                if below not in self.bad and not self.objects.contains(below):
                    self._say("corrupt", "it is missing", below, where)

    def _operations(self, values: dict[str, str]) -> None:
        """Reads the operation log, and holds the references against what it says of them."""
        last: dict[str, str] = {}
        try:
            for operation in self.repository.operations():
                for ref, _, after in operation.changes:
                    last.setdefault(ref, after)
        except MementoError as error:
            self._say("corrupt", _why(error), path="refs/memento/operations", hint=error.hint)
            return
        with suppress(MementoError):
            values = {**values, "HEAD": self.repository.refs.read("HEAD")}
        for ref, after in sorted(last.items()):
            now = values.get(ref, "")
            if now != after and not any(fault.path == ref for fault in self.found.faults):
                was, at = (value.removeprefix(HEADS)[:40] or "not there" for value in (after, now))
                why = f"it is {at}, and was {was} when memento last moved it: something else has moved it"
                hint = "right if stock git did; `memento oplog` says what memento did"
                self._say("note", why, path=ref, hint=hint)

    # ── the worlds ───────────────────────────────────────────────────────────────────────────────

    def _worlds(self, tips: Iterable[str]) -> None:
        audit, seen = Audit(self.objects), set[str]()
        commits = list(self._commits(tips))
        for number, (commit_id, tree_id) in enumerate(commits):
            self.progress(number, len(commits), "checking worlds")
            if tree_id in seen:
                continue
            seen.add(tree_id)
            flaws = list(audit.tree(tree_id))
            for flaw in flaws:
                self.reached.setdefault(flaw.object_id, commit_id)
                self._say("corrupt", flaw.why, flaw.object_id, flaw.path)
            self.found.worlds += 1
            if flaws:
                continue
            try:
                world = world_tree.read(self.objects, tree_id)
            except StoreError as error:
                self._say("corrupt", _why(error), tree_id, "", error.hint)
                continue
            for finding in check(world):
                fault = Fault("contradiction", f"{finding.kind}: {finding.message}", commit_id, finding.place)
                self.found.faults.append(fault)
        self.found.chunks = audit.chunks

    def _commits(self, tips: Iterable[str]) -> Iterator[tuple[str, str]]:
        """(commit, tree) of tips that can be read, with `full` of all before them too."""
        queue, seen = list(dict.fromkeys(tips)), set[str]()
        while queue:
            name = queue.pop(0)
            if name in seen:
                continue
            seen.add(name)
            with suppress(StoreError):
                kind, data = self.objects.read(name)
                if kind == "tag":
                    queue.append(parse_tag(name, data)[0])
                elif kind == "commit":
                    commit = parse_commit(name, data)
                    yield commit.id, commit.tree
                    if self.full:
                        queue += commit.parents

    def _placed(self, values: dict[str, str]) -> Iterator[Fault]:
        """The faults, each with the branches whose history meets it."""
        histories: dict[str, set[str]] = {}
        suspects = [fault for fault in self.found.faults if fault.object_id]
        if suspects:
            for ref, value in values.items():
                if ref.startswith(HEADS) and len(histories) < 1000:
                    histories[ref.removeprefix(HEADS)] = self._history(value)
        for fault in self.found.faults:
            met = fault.object_id if fault.kind == "contradiction" else self.reached.get(fault.object_id, "")
            at = {fault.object_id, met} - {""}
            on = [name for name, history in histories.items() if at & history or f"refs/heads/{name}" in at]
            yield Fault(fault.kind, fault.why, fault.object_id, fault.path, tuple(on[:_SHOWN]), fault.hint)

    def _history(self, tip: str) -> set[str]:
        seen: set[str] = set()
        queue = [tip]
        while queue:
            name = queue.pop()
            if name in seen:
                continue
            seen.add(name)
            with suppress(StoreError):
                queue += parse_commit(name, self.objects.read(name)[1]).parents
        return seen


def _trailer(path: str) -> bytes:
    with open(path + ".pack", "rb") as file:
        file.seek(-20, os.SEEK_END)
        return file.read(20)


def _why(error: MementoError) -> str:
    return error.why if isinstance(error, CorruptRecord) else error.message
