"""A world as a git tree, and back; and the two walks that touch only what differs.

```
manifest                          canonical msgpack
entities/ aspects/ dependencies/ memories/
history/                          sessions, with their turns and candidates
```
Each folder is a canonical hash trie: a leaf is the shortest bit prefix of the records' keys
(`memento.world.keys`) that holds at most 64 records (32 sessions), one git folder per 5 bits, the leaf named
by its remaining 1 to 5 bits, or ``_`` where it is the whole table. A leaf of history is up to three
blobs: ``0110`` holds sessions, ``0110.turns`` and ``0110.candidates`` what belongs to them. The
shape depends on the set of records alone, so equal worlds have equal ids however they were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from memento import codec
from memento.errors import CorruptRecord
from memento.world import chunk
from memento.world.keys import Keys, record_keys, session_keys
from memento.world.objects import Entry, ObjectStore
from memento.world.records import HISTORY, KEYED, TABLES
from memento.world.table import Rows, Table, concat
from memento.world.trie import Changes, Folder, Trie, bits_of, children, place, tables_of
from memento.world.world import Manifest, World, session_order

FOLDERS = (*KEYED, "history")
_by_bits = itemgetter(0)
Leaf = tuple[str, str, str]
"""The id of a blob, its path, and its suffix."""


@dataclass(frozen=True)
class Delta:
    """A change of some records: whole rows to put, by table, and keys to remove.

    `manifest` replaces the manifest where it is given. Removing a session removes its turns and
    candidates.
    """

    upserts: Mapping[str, Table] = field(default_factory=dict)
    deletes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    manifest: Manifest | None = None

    def __bool__(self) -> bool:
        return bool(self.manifest or any(map(len, self.upserts.values())) or any(map(len, self.deletes.values())))


@dataclass(frozen=True)
class Where:
    """Where history stands in one tree, as far as it is known: `starts` of sessions by id, s UTC, and
    `session_of` turns by id.

    The place of what belongs to a session follows from the session's start, so that whoever does not
    know it reads all sessions.
    """

    starts: Mapping[str, int] = field(default_factory=dict)
    session_of: Mapping[str, str] = field(default_factory=dict)


def write(store: ObjectStore, world: World) -> str:
    """Adds `world` to the store; returns the id of its tree."""
    empty = store.add_tree([])
    return apply(store, empty, Delta(world.tables, manifest=world.manifest))


def read(store: ObjectStore, tree_id: str) -> World:
    """The world of a tree. Raises `CorruptRecord`, `NewerFormat`."""
    manifest = read_manifest(store, tree_id)
    tables = {name: read_table(store, tree_id, name) for name in KEYED}
    sessions, turns, candidates = (read_table(store, tree_id, name) for name in HISTORY)
    sessions = sessions.take(session_order(sessions))
    tables["sessions"] = sessions
    for name, table in (("turns", turns), ("candidates", candidates)):
        rows = sessions.rows(table["session"].tolist())
        if rows.size and rows.min() < 0:
            raise CorruptRecord(f"{name} without their session", tree_id, "history")
        tables[name] = table.take(np.argsort(rows, kind="stable"))
    return World(manifest, tables)


def read_manifest(store: ObjectStore, tree_id: str) -> Manifest:
    """The manifest alone."""
    for entry in store.tree(tree_id):
        if entry.name == "manifest" and not entry.folder:
            return Manifest.from_map(
                codec.decode(store.blob(entry.id, "manifest"), object_id=entry.id, path="manifest"), entry.id
            )
    raise CorruptRecord("no manifest", tree_id, "/")


def read_table(store: ObjectStore, tree_id: str, table: str) -> Table:
    """One table, in the order of its trie."""
    folder, suffix = place(table)
    found = _entry(store, tree_id, folder)
    blobs = [] if found is None else [(b, p) for b, p, s in _leaves(store, found, folder, set()) if s == suffix]
    return chunk.decode(TABLES[table], store.blobs(blobs), blobs)


def find(
    store: ObjectStore, tree_id: str, table: str, keys: Iterable[str], starts: Mapping[str, int] | None = None
) -> Table:
    """The rows of some keys of one table, those that exist; reads only the leaves that may hold them.

    For sessions and candidates that takes the starts of their sessions; those not in `starts` are
    looked for among all sessions. Turns are looked for among all turns.
    """
    wanted = list(dict.fromkeys(keys))
    root = _entry(store, tree_id, place(table)[0])
    if root is None or not wanted:
        return Table.empty(TABLES[table])
    if table in KEYED:
        places = record_keys(wanted)
    elif table == "turns":
        whole = read_table(store, tree_id, table)
        return whole.take(_present(whole, wanted))
    else:
        known = starts or {}
        sessions = list(dict.fromkeys(key.partition("/")[0] for key in wanted))
        if not all(session in known for session in sessions):
            known = _starts(read_table(store, tree_id, "sessions"))
        places = _places({session: known[session] for session in sessions if session in known})
    found = _read_at(store, root, table, places)
    return found.take(_present(found, wanted))


def belonging(store: ObjectStore, tree_id: str, table: str, starts: Mapping[str, int]) -> Table:
    """The turns or candidates of some sessions, given with their starts; reads the leaves of those alone."""
    root = _entry(store, tree_id, "history")
    if root is None or not starts:
        return Table.empty(TABLES[table])
    found = _read_at(store, root, table, _places(starts))
    return found.take(np.array([session in starts for session in found["session"].tolist()], bool))


def starts_beside(store: ObjectStore, old: str, new: str) -> tuple[dict[str, int], dict[str, int]]:
    """The starts of all sessions in the leaves of history in which two trees differ, of each tree, by id."""
    a, b = _entry(store, old, "history"), _entry(store, new, "history")
    if (a and a.id) == (b and b.id):
        return {}, {}
    found: tuple[list[Leaf], list[Leaf]] = ([], [])
    _walk(store, a, b, "history", found, (set(), set()))
    sides: list[dict[str, int]] = []
    for root, leaves in zip((a, b), found, strict=True):
        held: dict[str, int] = {}
        if root is not None:
            for stem in dict.fromkeys(path.partition(".")[0] for _, path, _ in leaves):
                held.update(_starts(_sessions_at(store, root, stem)))
        sides.append(held)
    return sides[0], sides[1]


def _sessions_at(store: ObjectStore, entry: Entry, path: str) -> Table:
    """The sessions of the leaf at a path such as ``history/a/01``."""
    for name in path.split("/")[1:]:
        below = next((e for e in store.tree(entry.id) if e.name == name), None)
        if below is None:
            raise CorruptRecord("turns or candidates without their session", entry.id, path)
        entry = below
    return chunk.decode(TABLES["sessions"], [store.blob(entry.id, path)], [(entry.id, path)])


def where_in(world: World) -> Where:
    """Where everything of a world stands."""
    return Where(_starts(world.sessions), dict(zip(world.turns.keys, world.turns["session"].tolist(), strict=True)))


def _starts(sessions: Table) -> dict[str, int]:
    return dict(zip(sessions["id"].tolist(), sessions["started_at"].tolist(), strict=True))


def _places(starts: Mapping[str, int]) -> Keys:
    return session_keys(list(starts), np.fromiter(starts.values(), np.int64, len(starts)))


def _read_at(store: ObjectStore, root: Entry, table: str, places: Keys) -> Table:
    """The rows of the leaves in which some keys stand."""
    folder, suffix = place(table)
    blobs: dict[tuple[str, str], None] = {}
    for key in places.tolist():
        for blob in _path(store, root, folder, key, suffix):
            blobs[blob] = None
    return chunk.decode(TABLES[table], store.blobs(list(blobs)), list(blobs))


def leaf(store: ObjectStore, tree_id: str, table: str, key: str) -> str:
    """The id of the blob that holds, or would hold, a key of a table keyed by record id; empty where
    there is none. Equal ids mean equal records; reads folders alone."""
    root = _entry(store, tree_id, table)
    path = [] if root is None else _path(store, root, table, int(record_keys([key])[0]), "")
    return path[0][0] if path else ""


def apply(store: ObjectStore, tree_id: str, delta: Delta, where: Where | None = None) -> str:
    """The tree after `delta`; writes only the leaves and folders that it touches.

    With `where`, which has to know every session of this tree that `delta` puts, removes or puts
    something into, and the session of every turn of this tree that it puts or removes, nothing else
    is read either; without, all sessions are.
    """
    root = {entry.name: entry for entry in store.tree(tree_id)}
    for folder in FOLDERS:
        changes = (
            _history_changes(store, tree_id, delta, where) if folder == "history" else _keyed_changes(folder, delta)
        )
        if not changes:
            continue
        trie = Trie(store, folder)
        entry = root.pop(folder, None)
        node = trie.change(Folder(entry.id, folder) if entry else None, changes, 0)
        if node is not None:
            root[folder] = Entry(folder, trie.save(node, 0), True)
    if delta.manifest is not None:
        root["manifest"] = Entry("manifest", store.add_blob(codec.encode(delta.manifest.to_map())), False)
    return store.add_tree(root.values())


def differing(
    store: ObjectStore, old: str, new: str, folders: Iterable[str] = FOLDERS
) -> tuple[dict[str, Table], dict[str, Table]]:
    """Rows of two trees, by table, among which are all that differ; empty tables left out.

    What is in neither result is equal in both trees. Reads only chunks that differ, and of chunks
    that hold the same keys decodes only the rows that differ.
    """
    sides: tuple[dict[str, Table], dict[str, Table]] = ({}, {})
    for folder in folders:
        a, b = _entry(store, old, folder), _entry(store, new, folder)
        if (a and a.id) == (b and b.id):
            continue
        found: tuple[list[Leaf], list[Leaf]] = ([], [])
        _walk(store, a, b, folder, found, (set(), set()))
        for table in tables_of(folder):
            suffix = place(table)[1]
            olds, news = ({path: (i, path) for i, path, s in leaves if s == suffix} for leaves in found)
            if not (olds or news):
                continue
            pairs = [(olds.get(path), news.get(path)) for path in dict.fromkeys([*olds, *news])]
            blobs = [*olds.values(), *news.values()]
            contents = dict(zip([i for i, _ in blobs], store.blobs(blobs), strict=True))
            for side, rows in zip(sides, chunk.decode_changed(TABLES[table], pairs, contents), strict=True):
                if len(rows):
                    side[table] = rows
    return sides


def _entry(store: ObjectStore, tree_id: str, name: str) -> Entry | None:
    return next((e for e in store.tree(tree_id) if e.name == name and e.folder), None)


def _present(table: Table, keys: list[str]) -> Rows:
    rows = table.rows(keys)
    return rows[rows >= 0]


def _leaves(store: ObjectStore, entry: Entry, path: str, seen: set[str]) -> list[tuple[str, str, str]]:
    """(blob id, path, suffix) of all leaves under an entry, in order of their keys.

    `seen` takes note of the ids on the way: since no record is in two places, no id is, and a few
    small objects cannot pose as millions.
    """
    _note(entry, path, seen)
    if not entry.folder:
        return [(entry.id, path, entry.name.partition(".")[2])]
    found = []
    for _, child in sorted(children(store, entry.id, path), key=_by_bits):
        found += _leaves(store, child, f"{path}/{child.name}", seen)
    return found


def _note(entry: Entry, path: str, seen: set[str]) -> None:
    if entry.id in seen:
        raise CorruptRecord("it stands in more than one place", entry.id, path)
    seen.add(entry.id)


def _path(store: ObjectStore, root: Entry, path: str, key: int, suffix: str) -> list[tuple[str, str]]:
    """The blob of one suffix that holds a key, if there is one."""
    bits = f"{key:064b}"
    entry, depth = root, 0
    while True:
        name = None
        for prefix, child in children(store, entry.id, path):
            if bits.startswith(prefix, depth) and (child.folder or child.name.partition(".")[2] == suffix):
                name = child
                break
        if name is None:
            return []
        path += f"/{name.name}"
        if not name.folder:
            return [(name.id, path)]
        entry, depth = name, depth + 5


def _walk(
    store: ObjectStore,
    a: Entry | None,
    b: Entry | None,
    path: str,
    found: tuple[list[Leaf], list[Leaf]],
    seen: tuple[set[str], set[str]],
) -> None:
    if a and b and a.folder and b.folder:
        _note(a, path, seen[0])
        _note(b, path, seen[1])
        x, y = set(store.tree(a.id, path)), set(store.tree(b.id, path))
        olds, news = ({e.name: e for _, e in bits_of(part, i, path)} for part, i in ((x - y, a.id), (y - x, b.id)))
        for name in sorted(olds.keys() | news.keys()):
            _walk(store, olds.get(name), news.get(name), f"{path}/{name}", found, seen)
        return
    for entry, leaves, ids in ((a, found[0], seen[0]), (b, found[1], seen[1])):
        if entry is not None:
            leaves += _leaves(store, entry, path, ids)


def _keyed_changes(folder: str, delta: Delta) -> Changes:
    upserts, deletes = {}, {}
    table, gone = delta.upserts.get(folder), list(delta.deletes.get(folder, ()))
    if table is not None and len(table):
        upserts[""] = (table, record_keys(table["id"].tolist()))
    if gone:
        deletes[""] = (gone, record_keys(gone))
    return Changes(upserts, deletes)


def _history_changes(store: ObjectStore, tree_id: str, delta: Delta, where: Where | None) -> Changes:
    """Changes of sessions, turns and candidates, each at the place of its session.

    A session that starts at another time moves with all that belongs to it.
    """
    if not any(len(delta.upserts.get(name, ())) or delta.deletes.get(name) for name in HISTORY):
        return Changes({}, {})
    upserts = {name: delta.upserts.get(name, Table.empty(TABLES[name])) for name in HISTORY}
    whole = where is None
    if where is None:
        where = _all_of(store, tree_id, delta)
    old_key = _old_keys(delta, where)
    deletes: dict[str, dict[str, int]] = {name: {} for name in HISTORY}

    sessions = upserts["sessions"]
    keys = session_keys(sessions["id"].tolist(), sessions["started_at"])
    new_key = dict(zip(sessions["id"].tolist(), keys.tolist(), strict=True))
    gone = set(delta.deletes.get("sessions", ()))
    leaving = [s for s in old_key if (s in gone and s not in new_key) or (s in new_key and new_key[s] != old_key[s])]
    for session in leaving:
        deletes["sessions"][session] = old_key[session]
    standing = {**{s: key for s, key in old_key.items() if s not in gone}, **new_key}

    for name in ("turns", "candidates"):
        removed = set(delta.deletes.get(name, ()))
        given = upserts[name]
        held = belonging(store, tree_id, name, {session: where.starts[session] for session in leaving})
        for key, session in zip(held.keys, held["session"].tolist(), strict=True):
            deletes[name][key] = old_key[session]
        moving = [s in new_key and k not in removed for k, s in zip(held.keys, held["session"].tolist(), strict=True)]
        stay = held.take(np.array([m and k not in given.row_of for m, k in zip(moving, held.keys, strict=True)], bool))
        for key in removed - deletes[name].keys():
            before = where.session_of.get(key) if name == "turns" else key.partition("/")[0]
            if before in old_key:
                deletes[name][key] = old_key[before]
        upserts[name] = concat(TABLES[name], [given, stay]) if len(stay) else given
        orphans = sorted({s for s in upserts[name]["session"].tolist() if s not in standing})
        if orphans and not whole:
            return _history_changes(store, tree_id, delta, None)
        if orphans:
            raise CorruptRecord(f"{name} of a session that is not there: {', '.join(orphans[:3])}", path="history")
        if name == "turns":
            for key, session in zip(given.keys, given["session"].tolist(), strict=True):
                before = where.session_of.get(key)
                if before not in (None, session) and key not in deletes[name]:
                    deletes[name][key] = old_key[before]

    at = {"sessions": keys}
    for name in ("turns", "candidates"):
        of_session = upserts[name]["session"].tolist()
        at[name] = np.fromiter((standing[s] for s in of_session), np.uint64, len(of_session))
    return Changes(
        {place(name)[1]: (upserts[name], at[name]) for name in HISTORY if len(upserts[name])},
        {
            place(name)[1]: (list(gone), np.fromiter(gone.values(), np.uint64, len(gone)))
            for name, gone in deletes.items()
            if gone
        },
    )


def _old_keys(delta: Delta, where: Where) -> dict[str, int]:
    """The keys, in the old tree, of the sessions that `delta` has to do with."""
    named = set(delta.deletes.get("sessions", ()))
    for name in HISTORY:
        if name in delta.upserts:
            named.update(delta.upserts[name]["id" if name == "sessions" else "session"].tolist())
    turns = [*delta.deletes.get("turns", ()), *(delta.upserts["turns"].keys if "turns" in delta.upserts else ())]
    named.update(where.session_of[turn] for turn in turns if turn in where.session_of)
    named.update(key.partition("/")[0] for key in delta.deletes.get("candidates", ()))
    starts = {session: where.starts[session] for session in named if session in where.starts}
    return dict(zip(starts, _places(starts).tolist(), strict=True))


def _all_of(store: ObjectStore, tree_id: str, delta: Delta) -> Where:
    """Where everything stands; turns are read where some may leave their session or go."""
    starts = _starts(read_table(store, tree_id, "sessions"))
    given = delta.upserts.get("turns")
    known = given is not None and any(session in starts for session in given["session"].tolist())
    if not (delta.deletes.get("turns") or known):
        return Where(starts)
    held = read_table(store, tree_id, "turns")
    of_session = held["session"].tolist()
    if any(session not in starts for session in of_session):
        raise CorruptRecord("turns without their session", tree_id, "history")
    return Where(starts, dict(zip(held.keys, of_session, strict=True)))
