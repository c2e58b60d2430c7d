"""Is a stored tree exactly what memento writes? Chunk by chunk, folder by folder, each looked at once.

A tree is canonical where every chunk decodes and encodes to the same bytes, every row stands in the leaf
of its key and in its order, every leaf holds at most as many records as it may, and nothing is parted
that one leaf could hold. What was found sound is remembered by its id, so that the trees of a long
history cost what differs between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from memento.errors import CorruptRecord, StoreError
from memento.world import chunk
from memento.world.keys import record_keys, session_keys
from memento.world.objects import Entry, ObjectStore
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import FOLDERS, read_manifest
from memento.world.trie import HISTORY_LIMIT, LIMIT, children, place, tables_of
from memento.world.world import dependent_order, key_order


@dataclass(frozen=True)
class Flaw:
    """One thing wrong in a stored tree: the object, its path, and why."""

    object_id: str
    path: str
    why: str


class Audit:
    """Looks trees of one store through; `chunks` counts those that it has decoded."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self.chunks = 0
        self._counts: dict[tuple[str, ...], int] = {}
        self._seen: set[str] = set()

    def tree(self, tree_id: str) -> Iterator[Flaw]:
        """Everything wrong in one tree that was not told before; never raises for what is stored."""
        if tree_id in self._seen:
            return
        self._seen.add(tree_id)
        try:
            entries = self.store.tree(tree_id)
            read_manifest(self.store, tree_id)
        except StoreError as error:
            yield _flaw(error, tree_id, "")
            return
        for entry in entries:
            if entry.folder and entry.name in FOLDERS:
                flaws: list[Flaw] = []
                count = self._folder(entry.id, entry.name, entry.name, "", flaws)
                if not count and not flaws:
                    flaws.append(Flaw(entry.id, entry.name, "an empty folder, which memento does not write"))
                yield from flaws
            elif entry.name != "manifest":
                yield Flaw(entry.id, entry.name, "no part of a world: memento does not write it")

    def _folder(self, folder_id: str, table: str, path: str, prefix: str, flaws: list[Flaw]) -> int:
        """Looks through a folder of the trie of a table; returns how many records it holds."""
        known = self._counts.get((folder_id, prefix))
        if known is not None:
            return known
        before = len(flaws)
        limit = HISTORY_LIMIT if table == "history" else LIMIT
        counts: dict[str, int] = {}
        leaves: dict[str, dict[str, Entry]] = {}
        try:
            for bits, entry in children(self.store, folder_id, path):
                if entry.folder and len(bits) == 5:
                    below = self._folder(entry.id, table, f"{path}/{entry.name}", prefix + bits, flaws)
                    counts[bits] = below
                    if below <= limit and len(flaws) == before:
                        flaws.append(Flaw(entry.id, f"{path}/{entry.name}", "a folder of what one chunk could hold"))
                elif not entry.folder:
                    leaves.setdefault(bits, {})[entry.name.partition(".")[2]] = entry
                else:
                    flaws.append(Flaw(entry.id, f"{path}/{entry.name}", "a folder that stands for no five bits"))
        except StoreError as error:
            flaws.append(_flaw(error, folder_id, path))
            return 0
        for bits, parts in leaves.items():
            counts[bits] = self._leaf(parts, table, f"{path}/{bits or '_'}", prefix + bits, limit, flaws)
        if len(flaws) == before:
            flaws += _shape(counts, limit, folder_id, path)
        total = sum(counts.values())
        if len(flaws) == before:
            self._counts[folder_id, prefix] = total
        return total

    def _leaf(self, parts: dict[str, Entry], table: str, path: str, prefix: str, limit: int, flaws: list[Flaw]) -> int:
        """Looks through the chunks of one leaf; returns how many records it holds."""
        key = (*(f"{suffix} {entry.id}" for suffix, entry in sorted(parts.items())), prefix)
        known = self._counts.get(key)
        if known is not None:
            return known
        before = len(flaws)
        names = {place(name)[1]: name for name in tables_of(table)}
        tables: dict[str, Table] = {}
        for suffix, entry in parts.items():
            where = f"{path}.{suffix}" if suffix else path
            if suffix not in names:
                flaws.append(Flaw(entry.id, where, "no chunk of this table"))
                continue
            try:
                tables[suffix] = self._chunk(names[suffix], entry.id, where)
            except StoreError as error:
                flaws.append(_flaw(error, entry.id, where))
        if len(flaws) > before:
            return 0
        entry = next(iter(parts.values()))
        why = _misplaced(table, tables, prefix, limit)
        if why:
            flaws.append(Flaw(entry.id, path, why))
            return 0
        self._counts[key] = len(tables[""])
        return len(tables[""])

    def _chunk(self, table: str, blob_id: str, path: str) -> Table:
        data = self.store.blob(blob_id, path)
        self.chunks += 1
        found = chunk.decode(TABLES[table], [data], [(blob_id, path)])
        if chunk.encode(found) != data:
            raise CorruptRecord("not in the form that memento writes", blob_id, path)
        return found


def _flaw(error: StoreError, object_id: str, path: str) -> Flaw:
    if isinstance(error, CorruptRecord):
        return Flaw(error.object_id or object_id, error.path or path, error.why)
    return Flaw(object_id, path, error.message)


def _misplaced(folder: str, tables: dict[str, Table], prefix: str, limit: int) -> str:
    """Why the rows of a leaf do not stand where they belong; empty where they do."""
    table = tables.get("")
    if table is None:
        return "turns or candidates without their session"
    if not len(table):
        return "an empty chunk, which memento does not write"
    if len(table) > limit and len(prefix) < 60:
        return f"{len(table)} records in one chunk, where at most {limit} belong"
    ids = table["id"].tolist()
    keys = session_keys(ids, table["started_at"]) if folder == "history" else record_keys(ids)
    shift = np.uint64(64 - len(prefix))
    if prefix and np.any(keys >> shift != np.uint64(int(prefix, 2))):
        return "a record in the leaf of another key"
    if len(set(ids)) != len(ids):
        return "a record stands in it twice"
    if np.any(key_order(keys, table["id"]) != np.arange(len(table))):
        return "its records are out of order"
    for suffix, rows in tables.items():
        if suffix:
            of_session = table.rows(rows["session"].tolist())
            if not len(rows) or of_session.min() < 0:
                return f"{suffix} without their session"
            if len(rows.row_of) != len(rows):
                return f"{suffix}: one stands in it twice"
            if np.any(dependent_order(rows, of_session) != np.arange(len(rows))):
                return f"its {suffix} are out of order"
    return ""


def _shape(counts: dict[str, int], limit: int, folder_id: str, path: str) -> Iterator[Flaw]:
    """Where a folder is parted otherwise than the numbers of its records ask for."""
    names = list(counts)
    for bits in names:
        if any(bits != other and other.startswith(bits) for other in names):
            yield Flaw(folder_id, path, f"leaf {bits or '_'} and others below it")
    whole = "" in counts
    inner = {bits[:length] for bits in names for length in range(len(bits))}
    top_is_parted = path.count("/") > 0
    for prefix in sorted(inner):
        total = sum(count for bits, count in counts.items() if bits.startswith(prefix))
        if total <= limit and not (prefix == "" and top_is_parted):
            yield Flaw(folder_id, path, f"{total} records parted that one chunk could hold")
            return
    if whole and path.count("/") > 0:
        yield Flaw(folder_id, path, "a folder below the first with one leaf for all")
