"""Words kept beside commits, in git's own notes: `git log` of any clone shows them.

A namespace is one reference, such as ``refs/notes/commits``, to a commit whose tree leads from the
id of what is noted to a blob of text. git parts long trees into folders by the first digits of the
ids (a *fan-out*); every such layout is read, and what is written stands under its first two digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from memento.errors import CorruptRecord, StoreError, UsageError
from memento.history.commit import commit_bytes, next_time
from memento.history.walk import Walker
from memento.world.objects import Entry

if TYPE_CHECKING:
    from memento.history.operations import Operations

PREFIX = "refs/notes/"
WORDS = PREFIX + "commits"
"""What people say about commits; `git notes` and `git log` use it too."""
RUNS = PREFIX + "runs"
"""Run records, one a line; see `memento.history.runs`."""
MAX_NOTE = 1 << 20
_HEX = re.compile(r"[0-9a-f]+")


class Notes:
    """The notes of one namespace. Reads see the last commit of its reference."""

    def __init__(self, operations: Operations, walker: Walker, namespace: str = WORDS) -> None:
        self.ref = namespace if namespace.startswith(PREFIX) else PREFIX + namespace
        self._operations = operations
        self._walker = walker
        self._objects = operations.objects
        self._read: tuple[str, dict[str, str]] = ("", {})

    @property
    def tip(self) -> str:
        """The id of the namespace's last commit, or empty."""
        return self._operations.refs.read(self.ref)

    def read(self, commit: str) -> str:
        """The note of a commit (full id), the empty string where there is none."""
        tip = self.tip
        if not tip:
            return ""
        return self._text(list(self._find(self._walker.commit(tip).tree, commit)))

    def all(self) -> dict[str, str]:
        """Every note: full id of what is noted -> text, in order of id."""
        tip = self.tip
        if tip != self._read[0]:
            self._read = (tip, self.at(tip))
        return dict(self._read[1])

    def at(self, tip: str) -> dict[str, str]:
        """As `all`, at any commit of notes; empty for the empty string."""
        if not tip:
            return {}
        found: dict[str, list[str]] = {}
        for name, blob in self._walk(self._walker.commit(tip).tree, "", 0):
            found.setdefault(name, []).append(blob)
        return {name: self._text(found[name]) for name in sorted(found)}

    def write(self, commit: str, text: str, description: str = "") -> None:
        """Sets the note of a commit, or takes it away where `text` is empty; one operation.

        Nothing happens where it is so already. Raises `UsageError` for text that cannot be a note.
        """
        self.write_many({commit: text}, description or f"note on {commit[:10]}")

    def write_many(self, texts: Mapping[str, str], description: str) -> None:
        """As `write`, for some commits at once."""
        checked = {commit: check_note(text) for commit, text in texts.items()}
        operations = self._operations
        with operations.exclusive():
            tip = self.tip
            try:
                after = self._staged(tip, checked, description)
                if after != tip:
                    operations.move(self.ref, after, tip, description)
            except BaseException:
                self._objects.discard()
                raise

    def add_line(self, commit: str, line: str, description: str) -> bool:
        """Adds one line to the lines of a commit's note, which are kept sorted and different.

        False where it is there already; nothing happens then.
        """
        with self._operations.exclusive():
            lines = self.read(commit).splitlines()
            if line in lines:
                return False
            self.write(commit, "\n".join(sorted({*lines, line})), description)
            return True

    def join(self, theirs: str, base: str = "", description: str = "merge notes") -> str:
        """Stages the merge of this namespace with the notes at commit `theirs`; returns its commit id.

        `base` is their common ancestor, if any. The caller moves the reference.
        """
        tip = self.tip
        mine, other = self.at(tip), self.at(theirs)
        merged = merge(mine, other, self.at(base))
        tree = self._walker.commit(tip).tree if tip else self._objects.add_tree([])
        changed = {name: merged.get(name, "") for name in mine.keys() | merged.keys()}
        for name in sorted(changed):
            if changed[name] != mine.get(name, ""):
                tree = self._put(tree, name, changed[name])
        return self._commit(tree, [parent for parent in (tip, theirs) if parent], description)

    # ── trees ────────────────────────────────────────────────────────────────────────────────────

    def _find(self, tree: str, name: str) -> Iterator[str]:
        """The blobs that lie under a name or what is left of it, whatever the fan-out."""
        for entry in self._entries(tree):
            if entry.name == name and not entry.folder:
                yield entry.id
            elif entry.folder and len(entry.name) == 2 and name.startswith(entry.name):
                yield from self._find(entry.id, name[2:])

    def _walk(self, tree: str, lead: str, depth: int) -> Iterator[tuple[str, str]]:
        for entry in self._entries(tree):
            if not _HEX.fullmatch(entry.name):
                continue
            if entry.folder and len(entry.name) == 2 and depth < 19:
                yield from self._walk(entry.id, lead + entry.name, depth + 1)
            elif not entry.folder and len(lead + entry.name) == 40:
                yield lead + entry.name, entry.id

    def _entries(self, tree: str) -> tuple[Entry, ...]:
        try:
            return self._objects.tree(tree, self.ref)
        except CorruptRecord as error:
            error.hint = error.hint or f"`git --git-dir .memento ls-tree -r {self.ref}` looks at it"
            raise

    def _text(self, blobs: list[str]) -> str:
        """One note; one that stands in two places is both, as git reads it."""
        texts = [self._objects.blob(blob, self.ref).decode("utf-8", "replace").rstrip("\n") for blob in blobs]
        return "\n\n".join(dict.fromkeys(texts))

    def _staged(self, tip: str, texts: Mapping[str, str], description: str) -> str:
        before = self._walker.commit(tip).tree if tip else self._objects.add_tree([])
        tree = before
        for name, text in sorted(texts.items()):
            if text != self._text(list(self._find(tree, name))):
                tree = self._put(tree, name, text)
        if tree == before:
            return tip
        newest = max((self._time(name) for name in texts), default=0)
        return self._commit(tree, [tip] if tip else [], description, newest)

    def _time(self, name: str) -> int:
        """The time of what is noted; 0 for a name that is no object, as those of recorded answers."""
        try:
            return self._walker.commit(name).time
        except StoreError:
            return 0

    def _commit(self, tree: str, parents: list[str], description: str, time: int = 0) -> str:
        before = [self._walker.commit(parent) for parent in parents]
        content = commit_bytes(tree, parents, self._operations.author, next_time(time, before), description)
        return self._objects.add("commit", content)

    def _put(self, tree: str, name: str, text: str) -> str:
        """The tree with a note in place of whatever was noted under its name."""
        entries = [entry for entry in self._without(tree, name) if entry.name != name[:2] or not entry.folder]
        below = next((e.id for e in self._without(tree, name) if e.name == name[:2] and e.folder), None)
        if text:
            blob = self._objects.add_blob(text.encode() + b"\n")
            kept = self._entries(below) if below else ()
            below = self._objects.add_tree([*kept, Entry(name[2:], blob, False)])
        return self._objects.add_tree([*entries, Entry(name[:2], below, True)] if below else entries)

    def _without(self, tree: str, name: str) -> list[Entry]:
        kept = []
        for entry in self._entries(tree):
            if entry.folder and len(entry.name) == 2 and name.startswith(entry.name):
                rest = self._without(entry.id, name[2:])
                if rest:
                    kept.append(Entry(entry.name, self._objects.add_tree(rest), True))
            elif entry.folder or entry.name != name:
                kept.append(entry)
        return kept


def check_note(text: str) -> str:
    """A note as stored: without blanks at its end. Raises `UsageError`."""
    text = text.rstrip()
    if "\0" in text:
        raise UsageError("a note cannot contain a NUL character")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError("a note must be valid Unicode; it has a lone surrogate") from None
    if size > MAX_NOTE:
        raise UsageError(f"the note has {size} bytes, at most {MAX_NOTE} are allowed")
    return text


def merge(ours: Mapping[str, str], theirs: Mapping[str, str], base: Mapping[str, str]) -> dict[str, str]:
    """Merges notes (id -> text); never a conflict, and the same whichever side is ours.

    The side that changed a note wins. Where both did, the lines of both are kept, each once, less
    what one of them took from the base; lines that stand in order on both sides do so after it.
    """
    merged = {}
    for name in sorted(ours.keys() | theirs.keys()):
        a, b, before = ours.get(name, ""), theirs.get(name, ""), base.get(name, "")
        text = b if a == before else a if b in (before, a) else _united(a, b, before)
        if text:
            merged[name] = text
    return merged


def _united(a: str, b: str, before: str) -> str:
    first, second = (text.split("\n") if text else [] for text in sorted((a, b)))
    gone = set(before.split("\n")) - (set(first) & set(second)) - {""}
    lines = first + [line for line in second if line not in first]
    if first == sorted(first) and second == sorted(second):
        lines.sort()
    return "\n".join(line for line in lines if line not in gone).strip("\n")
