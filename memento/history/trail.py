"""Where one record stands in any tree of a repository, told by ids of folders and chunks.

A record stands at a place that follows from its id (`memento.world.keys`), so two trees are compared
along one path and no chunk is decoded before its id differs. What a folder leads to is remembered:
commits share nearly all of their folders. The place of a session follows from its start as well: it is
learned where the session is found, and where it is not found there the chunks that differ are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memento.errors import CorruptRecord
from memento.history.nearby import Nearby
from memento.world import chunk, tree
from memento.world.keys import record_keys, session_keys
from memento.world.records import KEYED, TABLES, Record
from memento.world.table import Table
from memento.world.trie import LETTERS, place

MANIFEST = "manifest"
"""The table, of one record without a key, that stands for what a world is beside its records."""
_DEEPEST = 12


class Trail:
    """One record, `key` of `table` (or `MANIFEST`), in the trees that `folders` reads."""

    def __init__(self, folders: Nearby, table: str, key: str = "") -> None:
        self.folders = folders
        self.objects = folders.objects
        self.table = table
        self.key = key
        self.folder, self.suffix = (MANIFEST, "") if table == MANIFEST else place(table)
        self._bits = f"{int(record_keys([key])[0]):064b}" if table in KEYED else ""
        self._wanted: list[dict[bytes, bool]] = []
        self._roots: dict[str, str] = {}
        self._chunks: dict[str, str] = {}
        self._rows: dict[str, Record | None] = {}
        self._found: dict[str, Record | None] = {}

    def record(self, tree_id: str) -> Record | None:
        """The record in a tree, as plain values, or None."""
        found = self._here(tree_id)
        if found is not None or self.table in (*KEYED, MANIFEST):
            return found
        root = self._root(tree_id)
        if root not in self._found:
            rows = tree.find(self.objects, tree_id, self.table, [self.key])
            self._found[root] = rows.record(0) if len(rows) else None
            if len(rows):
                self._learn(tree_id, self._found[root] or {})
        return self._found[root]

    def change(self, old: str, new: str) -> str:
        """What became of the record from one tree to another: added, changed, removed, or nothing."""
        if old == new or self._root(old) == self._root(new):
            return ""
        if self.table == MANIFEST:
            return _change(self.record(old), self.record(new))
        if self._bits:
            before, after = self._chunk(old), self._chunk(new)
            if before == after and (self.table in KEYED or self._row(before) is not None):
                return ""
            found = self._row(before), self._row(after)
            if self.table in KEYED or None not in found:
                return _change(*found)
        sides = tree.differing(self.objects, old, new, (self.folder,))
        found = self._among(sides[0]), self._among(sides[1])
        if found[1] is not None or found[0] is not None:
            self._learn(old if found[1] is None else new, found[1] or found[0] or {})
        return _change(*found)

    def _among(self, side: Mapping[str, Table]) -> Record | None:
        table = side.get(self.table)
        row = None if table is None else table.row_of.get(self.key)
        return None if table is None or row is None else table.record(row)

    def _learn(self, tree_id: str, record: Record) -> None:
        """Notes the place of a record of history, from a tree that has it."""
        session = record["id"] if self.table == "sessions" else record["session"]
        rows = tree.find(self.objects, tree_id, "sessions", [session])
        if len(rows):
            bits = f"{int(session_keys([session], rows['started_at'])[0]):064b}"
            if bits != self._bits:
                self._bits = bits
                self._wanted.clear()
                self._chunks.clear()

    def _here(self, tree_id: str) -> Record | None:
        """The record where it stands as far as is known."""
        if self.table == MANIFEST:
            return self._manifest(tree_id)
        return self._row(self._chunk(tree_id)) if self._bits else None

    def _manifest(self, tree_id: str) -> Record | None:
        root = self._root(tree_id)
        if root and root not in self._rows:
            self._rows[root] = tree.read_manifest(self.objects, tree_id).to_map()
        return self._rows[root] if root else None

    def _row(self, chunk_id: str) -> Record | None:
        """The record in a chunk."""
        if not chunk_id:
            return None
        if chunk_id not in self._rows:
            path = f"{self.folder}/…"
            table = chunk.decode(TABLES[self.table], [self.objects.blob(chunk_id, path)], [(chunk_id, path)])
            row = table.row_of.get(self.key)
            self._rows[chunk_id] = None if row is None else table.record(row)
        return self._rows[chunk_id]

    def _root(self, tree_id: str) -> str:
        """The id of the table's folder in a tree (of the manifest itself), or empty."""
        found = self._roots.get(tree_id)
        if found is None:
            mode = b"100644 " if self.table == MANIFEST else b"40000 "
            wanted = {mode + self.folder.encode(): True}
            found = self._roots[tree_id] = _entry(self.folders.read(tree_id), wanted)[0]
        return found

    def _chunk(self, tree_id: str) -> str:
        """The id of the chunk that holds the record in a tree, or would hold it; empty where none would."""
        at = self._root(tree_id)
        way: list[str] = []
        while at and at not in self._chunks:
            if len(way) > _DEEPEST:
                raise CorruptRecord("a folder deeper than any key", at, self.folder)
            way.append(at)
            below, folder = _entry(self.folders.read(at, self.folder), self._names(len(way) - 1))
            if not folder:
                at = below
                break
            at = below
        else:
            at = self._chunks[at] if at else ""
        for folder_id in way:
            self._chunks[folder_id] = at
        return at

    def _names(self, depth: int) -> dict[bytes, bool]:
        """What may stand at the record's place in a folder of some depth, and whether it is a folder."""
        while len(self._wanted) <= depth:
            bits = self._bits[5 * len(self._wanted) : 5 * len(self._wanted) + 5]
            tail = f".{self.suffix}" if self.suffix else ""
            names = [f"100644 {bits[:length] or '_'}{tail}".encode() for length in range(6)]
            self._wanted.append({**dict.fromkeys(names, False), f"40000 {LETTERS[int(bits, 2)]}".encode(): True})
        return self._wanted[depth]


def _entry(data: bytes, wanted: Mapping[bytes, bool]) -> tuple[str, bool]:
    """The id of the first entry of a folder that is `wanted`, and what is said of it there; else empty."""
    at = 0
    while at < len(data):
        end = data.find(b"\0", at)
        if end < 0:
            break
        name = data[at:end]
        at = end + 21
        if name in wanted:
            return data[end + 1 : at].hex(), wanted[name]
    return "", False


def _change(before: Any, after: Any) -> str:
    if before is None:
        return "added" if after is not None else ""
    if after is None:
        return "removed"
    return "" if before == after else "changed"
