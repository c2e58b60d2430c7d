"""The canonical hash trie that a table is stored in, and how it changes.

A leaf is the shortest bit prefix of the records' keys that holds at most `LIMIT` records; a folder
stands for five bits. See `memento.world.tree` for the names and the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from memento.errors import CorruptRecord
from memento.world import chunk
from memento.world.keys import Keys, record_keys, session_keys
from memento.world.objects import Entry, ObjectStore
from memento.world.records import HISTORY, KEYED, TABLES
from memento.world.table import Table, concat
from memento.world.world import dependent_order, key_order

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
LIMIT = 64
HISTORY_LIMIT = 32
_PLACED_BY = {**dict.fromkeys(KEYED, ("id",)), "sessions": ("id", "started_at"), "turns": ("id", "session")}
_PLACED_BY["candidates"] = ("session", "memory", "rank")
"""The fields that fix where a row stands in its leaf."""
_FEW = 256
"""The most rows that are tried to be put in place; more of them rarely leave the shape as it is."""
_DEPTH = 60
_DEEPEST = _DEPTH // 5 - 1


def place(table: str) -> tuple[str, str]:
    """The folder that a table is stored in, and the suffix of its leaves there."""
    if table in HISTORY:
        return "history", "" if table == "sessions" else table
    return table, ""


def tables_of(folder: str) -> tuple[str, ...]:
    """The tables stored in a folder, the keyed one first."""
    return HISTORY if folder == "history" else (folder,)


def children(store: ObjectStore, folder: str, path: str) -> list[tuple[str, Entry]]:
    """The entries of a trie folder, each with the bits that it stands for. Raises `CorruptRecord`."""
    return bits_of(store.tree(folder, path), folder, path)


def bits_of(entries: Iterable[Entry], folder: str, path: str) -> list[tuple[str, Entry]]:
    """Some entries of a trie folder, each with the bits that it stands for. Raises `CorruptRecord`."""
    if path.count("/") > _DEEPEST:
        raise CorruptRecord("a folder deeper than any key", folder, path)
    try:
        return [(_bits_of(entry.name), entry) for entry in entries]
    except ValueError as error:
        raise CorruptRecord(str(error), folder, path) from None


@lru_cache(4096)
def _bits_of(name: str) -> str:
    stem = name.partition(".")[0]
    if stem == "_":
        return ""
    if len(stem) == 1 and stem in LETTERS:
        return f"{LETTERS.index(stem):05b}"
    if not 1 <= len(stem) <= 5 or set(stem) - {"0", "1"}:
        raise ValueError(f"no such name in a trie: {name!r}")
    return stem


@dataclass(frozen=True)
class Changes:
    """Rows to put and keys to remove, by suffix, each with the trie key it stands at."""

    upserts: dict[str, tuple[Table, Keys]]
    deletes: dict[str, tuple[list[str], Keys]]

    def __bool__(self) -> bool:
        return any(len(keys) for _, keys in (*self.upserts.values(), *self.deletes.values()))

    def split(self, depth: int) -> tuple[Changes, Changes]:
        """The changes whose bit at `depth` is 0, and those whose bit is 1."""
        shift = np.uint64(63 - depth)
        sides = (Changes({}, {}), Changes({}, {}))
        for suffix, (table, keys) in self.upserts.items():
            ones = (keys >> shift) & np.uint64(1) == 1
            count = np.count_nonzero(ones)
            if count in (0, len(keys)):
                sides[bool(count)].upserts[suffix] = (table, keys)
                continue
            for side, mask in zip(sides, (~ones, ones), strict=True):
                side.upserts[suffix] = (table.take(mask), keys[mask])
        for suffix, (ids, keys) in self.deletes.items():
            ones = (keys >> shift) & np.uint64(1) == 1
            for side, mask in zip(sides, (~ones, ones), strict=True):
                if mask.any():
                    side.deletes[suffix] = ([ids[i] for i in np.flatnonzero(mask)], keys[mask])
        return sides

    def parts(self, depth: int, names: dict[str, str]) -> dict[str, Changes]:
        """The puts by name, empty where there is none; `names` are those of bit prefixes at `depth`.
        Deletes are left out."""
        parts: dict[str, Changes] = {}
        for suffix, (table, keys) in self.upserts.items():
            places = (keys >> np.uint64(59 - depth) & np.uint64(31)).astype(np.int64)
            rows_at: dict[str, npt.NDArray[np.bool_]] = {}
            for place in dict.fromkeys(places.tolist()):
                bits = f"{place:05b}"
                name = next((names[bits[:n]] for n in range(5, -1, -1) if bits[:n] in names), "")
                rows_at[name] = rows_at.get(name, False) | (places == place)
            for name, mask in rows_at.items():
                put = (table, keys) if mask.all() else (table.take(mask), keys[mask])
                parts.setdefault(name, Changes({}, {})).upserts[suffix] = put
        return parts


@dataclass(frozen=True)
class _Bundle:
    """Rows of a leaf or of many, in trie order: the keyed table and what belongs to its rows.

    Dependents come with offsets (CSR) into the keyed rows, so that a slice is a view.
    """

    table: Table
    keys: Keys
    dependents: dict[str, tuple[Table, npt.NDArray[np.int64]]]

    def __len__(self) -> int:
        return len(self.keys)

    def slice(self, low: int, high: int) -> _Bundle:
        dependents = {}
        for suffix, (table, offsets) in self.dependents.items():
            part = table.slice(int(offsets[low]), int(offsets[high]))
            dependents[suffix] = (part, offsets[low : high + 1] - offsets[low])
        return _Bundle(self.table.slice(low, high), self.keys[low:high], dependents)


@dataclass(frozen=True)
class _Leaf:
    """A stored leaf: blob id by suffix."""

    parts: dict[str, str]
    path: str


@dataclass(frozen=True)
class Folder:
    """A stored folder, not read yet; it holds more than a leaf may."""

    id: str
    path: str


@dataclass(frozen=True)
class _Plan:
    """A stored folder that changes below: entries that stay, leaves as blobs by suffix, and folders, by name."""

    kept: list[Entry]
    leaves: dict[str, dict[str, bytes]]
    folders: dict[str, _Plan]


@dataclass(frozen=True)
class _Inner:
    """A bit that tells two subtries apart; together they hold more than a leaf may."""

    zero: _Node
    one: _Node


_Node = None | _Leaf | Folder | _Inner | _Bundle


class Trie:
    """Changes one trie. A `_Bundle` among the nodes is a leaf that is not stored yet."""

    def __init__(self, store: ObjectStore, folder: str) -> None:
        self.store = store
        self.folder = folder
        self.limit = HISTORY_LIMIT if folder == "history" else LIMIT

    def change(self, node: _Node, changes: Changes, depth: int) -> _Node:
        """The node after the changes, in canonical shape."""
        if not changes:
            return node
        if isinstance(node, Folder):
            quick = self.put_in_place(node, changes, depth)
            if quick is not None:
                return quick
            node = self.expand(node)
        if isinstance(node, _Inner):
            zero, one = changes.split(depth)
            left, right = self.change(node.zero, zero, depth + 1), self.change(node.one, one, depth + 1)
            if changes.deletes and not isinstance(left, _Inner | Folder) and not isinstance(right, _Inner | Folder):
                parts = [self.load(side) for side in (left, right) if side is not None]
                if sum(map(len, parts)) <= self.limit:
                    return self.join(parts)
            return _Inner(left, right)
        return self.grow(self.edit(node, changes), depth)

    def put_in_place(self, folder: Folder, changes: Changes, depth: int) -> Folder | None:
        """The folder after changes that leave its shape as it is; None where they do not, and the long
        way is to be taken. Nothing is stored unless all of it can be."""
        few = not changes.deletes and sum(len(keys) for _, keys in changes.upserts.values()) <= _FEW
        plan = self._plan(folder, changes, depth) if few else None
        return None if plan is None else Folder(self._carry_out(plan), folder.path)

    def _plan(self, folder: Folder, changes: Changes, depth: int) -> _Plan | None:
        """The new leaves and the folders on the way to them."""
        entries = children(self.store, folder.id, folder.path)
        plan = _Plan([], {}, {})
        names: dict[str, str] = {}
        held: dict[str, list[Entry]] = {}
        for bits, entry in entries:
            name = names[bits] = entry.name.partition(".")[0]
            held.setdefault(name, []).append(entry)
        for name, part in changes.parts(depth, names).items():
            mine = held.pop(name, None)
            if mine is None:
                return None
            path = f"{folder.path}/{name}"
            if mine[0].folder:
                below = self._plan(Folder(mine[0].id, path), part, depth + 5)
                if below is None:
                    return None
                plan.folders[name] = below
                continue
            leaf = _Leaf({entry.name.partition(".")[2]: entry.id for entry in mine}, path)
            stored = self._patched(leaf, part)
            if stored is None:
                bundle = self.edit(leaf, part)
                if len(bundle) > self.limit:
                    return None
                stored = self.encode_leaf(bundle)
            plan.leaves[name] = stored
        plan.kept.extend(entry for entries in held.values() for entry in entries)
        return plan

    def _patched(self, leaf: _Leaf, changes: Changes) -> dict[str, bytes] | None:
        """The blobs of a leaf in which rows change and stay where they are; None where they may not."""
        blobs = {}
        for table in tables_of(self.folder):
            suffix = place(table)[1]
            if suffix not in leaf.parts and suffix not in changes.upserts:
                continue
            if suffix not in leaf.parts:
                return None
            blobs[suffix] = self.store.blob(leaf.parts[suffix], leaf.path)
            if suffix in changes.upserts:
                rows = changes.upserts[suffix][0]
                patched = chunk.patch(TABLES[table], blobs[suffix], rows, _PLACED_BY[table], leaf.parts[suffix])
                if patched is None:
                    return None
                blobs[suffix] = patched
        return blobs

    def _carry_out(self, plan: _Plan) -> str:
        new = [Entry(name, self._carry_out(below), True) for name, below in plan.folders.items()]
        for name, blobs in plan.leaves.items():
            new += [Entry(f"{name}.{s}" if s else name, self.store.add_blob(data), False) for s, data in blobs.items()]
        return self.store.add_tree([*plan.kept, *new])

    def grow(self, bundle: _Bundle, depth: int) -> _Node:
        """The canonical subtrie of some rows."""
        if not len(bundle):
            return None
        if len(bundle) <= self.limit or depth >= _DEPTH:
            return bundle
        shift = np.uint64(63 - depth)
        cut = int(np.searchsorted((bundle.keys >> shift) & np.uint64(1), 1))
        return _Inner(self.grow(bundle.slice(0, cut), depth + 1), self.grow(bundle.slice(cut, len(bundle)), depth + 1))

    def expand(self, folder: Folder) -> _Node:
        """A stored folder as the nodes of its five bits."""
        leaves: dict[str, dict[str, str]] = {}
        names: dict[str, _Node] = {}
        for bits, entry in children(self.store, folder.id, folder.path):
            if entry.folder:
                names[bits] = Folder(entry.id, f"{folder.path}/{entry.name}")
            else:
                leaves.setdefault(bits, {})[entry.name.partition(".")[2]] = entry.id
        for bits, parts in leaves.items():
            names[bits] = _Leaf(parts, f"{folder.path}/{bits or '_'}")

        inner = {bits[:length] for bits in names for length in range(len(bits))}

        def build(bits: str) -> _Node:
            if bits in names:
                return names[bits]
            if bits not in inner:
                return None
            return _Inner(build(bits + "0"), build(bits + "1"))

        return build("")

    def save(self, node: _Node, depth: int) -> str:
        """Adds a folder of five bits below `node`; returns its id."""
        if isinstance(node, Folder):
            return node.id
        entries: list[Entry] = []

        def put(node: _Node, bits: str) -> None:
            if isinstance(node, _Inner) and len(bits) < 5:
                put(node.zero, bits + "0")
                put(node.one, bits + "1")
            elif isinstance(node, _Inner):
                entries.append(Entry(LETTERS[int(bits, 2)], self.save(node, depth + 5), True))
            elif isinstance(node, Folder):
                if not bits:
                    entries.extend(self.store.tree(node.id, node.path))
                else:
                    entries.append(Entry(LETTERS[int(bits, 2)], node.id, True))
            elif node is not None:
                parts = node.parts if isinstance(node, _Leaf) else self.store_leaf(node)
                name = bits or "_"
                entries.extend(Entry(f"{name}.{s}" if s else name, i, False) for s, i in parts.items())

        put(node, "")
        return self.store.add_tree(entries)

    def store_leaf(self, bundle: _Bundle) -> dict[str, str]:
        """Adds the blobs of a leaf; returns their ids by suffix."""
        return {suffix: self.store.add_blob(data) for suffix, data in self.encode_leaf(bundle).items()}

    def encode_leaf(self, bundle: _Bundle) -> dict[str, bytes]:
        """The blobs of a leaf by suffix."""
        parts = {"": chunk.encode(bundle.table)}
        for suffix, (table, _) in bundle.dependents.items():
            if len(table):
                parts[suffix] = chunk.encode(table)
        return parts

    def load(self, node: _Node) -> _Bundle:
        """The rows of a leaf."""
        if isinstance(node, _Bundle):
            return node
        return self.arrange(self.tables(node))

    def tables(self, node: _Node) -> dict[str, Table]:
        """The tables of a leaf by suffix."""
        if node is None:
            return {place(name)[1]: Table.empty(TABLES[name]) for name in tables_of(self.folder)}
        if isinstance(node, _Bundle):
            return {"": node.table, **{suffix: table for suffix, (table, _) in node.dependents.items()}}
        assert isinstance(node, _Leaf)
        tables = {}
        for table in tables_of(self.folder):
            suffix = place(table)[1]
            path = f"{node.path}.{suffix}" if suffix else node.path
            blobs = [(node.parts[suffix], path)] if suffix in node.parts else []
            tables[suffix] = chunk.decode(TABLES[table], self.store.blobs(blobs), blobs)
        return tables

    def edit(self, node: _Node, changes: Changes) -> _Bundle:
        """The rows of a leaf after the changes."""
        tables = {}
        for suffix, table in self.tables(node).items():
            upserts = changes.upserts.get(suffix)
            deletes = changes.deletes.get(suffix, ([], None))[0]
            tables[suffix] = table.update(upserts[0] if upserts else None, deletes)
        return self.arrange(tables)

    def join(self, bundles: list[_Bundle]) -> _Node:
        """One leaf of the rows of some."""
        if not sum(map(len, bundles)):
            return None
        tables = {"": concat(TABLES[tables_of(self.folder)[0]], [bundle.table for bundle in bundles])}
        for name in tables_of(self.folder)[1:]:
            tables[name] = concat(TABLES[name], [bundle.dependents[name][0] for bundle in bundles])
        return self.arrange(tables)

    def arrange(self, tables: dict[str, Table]) -> _Bundle:
        """Rows in trie order, dependents grouped below them."""
        table = tables[""]
        ids = table["id"].tolist()
        keys = session_keys(ids, table["started_at"]) if self.folder == "history" else record_keys(ids)
        order = key_order(keys, table["id"])
        table, keys = table.take(order), keys[order]
        dependents = {}
        for suffix in [place(name)[1] for name in tables_of(self.folder)[1:]]:
            rows = table.rows(tables[suffix]["session"].tolist())
            if rows.size and rows.min() < 0:
                raise CorruptRecord(f"{suffix} without their session", path=self.folder)
            order = dependent_order(tables[suffix], rows)
            offsets = np.searchsorted(rows[order], np.arange(len(table) + 1)).astype(np.int64)
            dependents[suffix] = (tables[suffix].take(order), offsets)
        return _Bundle(table, keys, dependents)
