"""Records whose texts match a pattern, in one world or in many that share most of their chunks.

A chunk is looked through once, whatever the number of worlds that hold it, and only where its bytes
have the plain letters that every match must have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memento.errors import NotFound, UsageError
from memento.language.matching import literal_of, within
from memento.world import chunk
from memento.world.keys import natural
from memento.world.objects import Entry, ObjectStore
from memento.world.records import TABLES, schema_of
from memento.world.trie import children, place

Fields = dict[str, tuple[str, ...]]
_TOGETHER = 256
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Match:
    """A line of a text that matches: `line` is counted from 1, `spans` are where in `text` it does."""

    table: str
    key: str
    field: str
    line: int
    text: str
    spans: tuple[tuple[int, int], ...]

    @property
    def place(self) -> str:
        """The field as users write it: ``memory:ID.text``."""
        return f"{TABLES[self.table].singular}:{self.key}.{self.field}"


def text_fields(tables: Sequence[str] = (), fields: Sequence[str] = ()) -> Fields:
    """The text fields to look through, by table: all, or those of some tables or of some names.

    Raises `NotFound` for a table or a field that there is not, `UsageError` for one that is no text.
    """
    chosen = [schema_of(name) for name in dict.fromkeys(tables)] or list(TABLES.values())
    known = {
        schema.name: tuple(f.name for f in schema.fields if f.kind == "text" and f.name != "id") for schema in chosen
    }
    for name in fields:
        if not any(name in names for names in known.values()):
            if any(name in schema.by_name for schema in chosen):
                raise UsageError(f"{name} is no text, and grep looks through texts", _hint(known))
            raise NotFound("text field", name, {n for names in known.values() for n in names}, _hint(known))
    found = {table: tuple(n for n in names if not fields or n in fields) for table, names in known.items()}
    return {table: names for table, names in found.items() if names}


def _hint(known: Fields) -> str:
    return "text fields: " + ", ".join(dict.fromkeys(name for names in known.values() for name in names))


class Grep:
    """Looks for one pattern in the worlds of one object store."""

    def __init__(self, store: ObjectStore, pattern: re.Pattern[str], fields: Fields) -> None:
        self.store = store
        self.pattern = pattern
        self.fields = fields
        self._letters = literal_of(pattern).encode("utf-8", "surrogatepass")
        self._found: dict[tuple[str, str], tuple[Match, ...]] = {}

    def matches(self, tree_id: str) -> list[Match]:
        """The matches in the world of a tree, by table, then by key. Raises `CorruptRecord`, and
        `UsageError` where matching takes too long."""
        result: list[Match] = []
        for table in self.fields:
            folder = place(table)[0]
            root = next((e for e in self.store.tree(tree_id) if e.name == folder and e.folder), None)
            if root is not None:
                self._look(table, root, folder)
                result += sorted(self._of(table, root, folder), key=lambda m: natural(m.key))
        return result

    def _look(self, table: str, root: Entry, path: str) -> None:
        """Looks through all chunks under a folder that were not looked through before."""
        unseen = list(self._unseen(table, root, path))
        for start in range(0, len(unseen), _TOGETHER):
            part = unseen[start : start + _TOGETHER]
            with within(_PATIENCE, self.pattern):
                for data, (chunk_id, where) in zip(self.store.blobs(part), part, strict=True):
                    found = self._in_chunk(table, data, chunk_id, where) if self._letters in data else ()
                    self._found[table, chunk_id] = found

    def _unseen(self, table: str, entry: Entry, path: str) -> Iterator[tuple[str, str]]:
        if (table, entry.id) in self._found:
            return
        if not entry.folder:
            if entry.name.partition(".")[2] == place(table)[1]:
                yield entry.id, path
            return
        for _, child in children(self.store, entry.id, path):
            yield from self._unseen(table, child, f"{path}/{child.name}")

    def _of(self, table: str, entry: Entry, path: str) -> tuple[Match, ...]:
        found = self._found.get((table, entry.id))
        if found is None:
            found = ()
            if entry.folder:
                below = children(self.store, entry.id, path)
                found = tuple(m for _, child in below for m in self._of(table, child, f"{path}/{child.name}"))
            self._found[table, entry.id] = found
        return found

    def _in_chunk(self, table: str, data: bytes, chunk_id: str, path: str) -> tuple[Match, ...]:
        rows = chunk.decode(TABLES[table], [data], [(chunk_id, path)])
        search = self.pattern.search
        found = []
        keys = rows.keys
        columns = {name: rows[name].tolist() for name in self.fields[table]}
        for row, key in enumerate(keys):
            for name, texts in columns.items():
                text = texts[row]
                for number, line in enumerate(text.split("\n") if "\n" in text else (text,), 1):
                    if search(line):
                        spans = tuple(m.span() for m in self.pattern.finditer(line) if m.end() > m.start())
                        found.append(Match(table, key, name, number, line, spans))
        return tuple(found)
