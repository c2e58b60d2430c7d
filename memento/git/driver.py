"""One chunk or manifest merged by memento's rules, for git's merges of single files.

``python -m memento.git.driver BASE OURS THEIRS [PATH]``, a *merge driver* (gitattributes(5)): writes
the result over OURS and ends with 0, or leaves it and ends with 1. ``git rebase`` and ``git
cherry-pick`` use it. One file does not tell whether the whole world is sound, nor where records go
that no longer fit into it: what would change the shape of the trie is left as a conflict.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from memento import codec
from memento.changes.merge import merge_trees
from memento.errors import ConflictError, MementoError
from memento.git.records import schema_of_chunk, table_of
from memento.world import chunk, tree
from memento.world.keys import record_keys, session_keys
from memento.world.objects import Entry, MemoryObjects
from memento.world.records import TABLES, Schema
from memento.world.table import Rows, Table
from memento.world.tree import Delta
from memento.world.trie import HISTORY_LIMIT, LIMIT
from memento.world.world import Manifest, dependent_order, key_order

_HINT = "`git merge` with memento's strategy sees whole worlds; or `memento merge` in a repository of memento"


def merge_files(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    """The merge of two chunks of one table, or of two manifests; `base` is empty where there was none.

    Raises `ConflictError` where the rules do not decide, or the result would not fit into one chunk;
    `CorruptRecord` for what memento did not write.
    """
    schema = schema_of_chunk(ours)
    if schema_of_chunk(theirs) is not schema or (base and schema_of_chunk(base) is not schema):
        raise ConflictError("the files are of different kinds", _HINT)
    if schema is None:
        return _merge_manifests(base, ours, theirs)
    a, b = table_of(ours, schema), table_of(theirs, schema)
    before = table_of(base, schema) if base else Table.empty(schema)
    merged = _merge_rows(schema, before, a, b)
    limit = {"sessions": HISTORY_LIMIT, "turns": 1 << 62, "candidates": 1 << 62}.get(schema.name, LIMIT)
    if len(merged) > limit:
        raise ConflictError(
            f"{len(merged)} {schema.name} do not fit into one chunk of {limit}: it is to be split", _HINT
        )
    if len(merged) < min(len(a), len(b)):
        raise ConflictError(f"both sides removed {schema.name}: the chunk may have to be joined with another", _HINT)
    return chunk.encode(merged.take(_order(merged, a, b)))


def _merge_manifests(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    memory = MemoryObjects()
    trees = [memory.add_tree([Entry("manifest", memory.add_blob(data), False)]) for data in ([base] * bool(base))]
    a, b = (memory.add_tree([Entry("manifest", memory.add_blob(data), False)]) for data in (ours, theirs))
    return codec.encode(tree.read_manifest(memory, _merged(memory, trees, a, b)).to_map())


def _merge_rows(schema: Schema, base: Table, ours: Table, theirs: Table) -> Table:
    """The rows merged as worlds that hold them alone; turns and candidates with sessions to stand in."""
    memory = MemoryObjects()
    empty = memory.add_tree([])
    standing: Mapping[str, Table] = {}
    if schema.name in ("turns", "candidates"):
        names = sorted({name for table in (base, ours, theirs) for name in table["session"].tolist()})
        rows = [{"id": name, "started_at": 0, "ended_at": 0} for name in names]
        standing = {"sessions": Table.from_records(TABLES["sessions"], rows)}
    trees = [
        tree.apply(memory, empty, Delta({**standing, schema.name: table}, manifest=Manifest()))
        for table in (base, ours, theirs)
    ]
    return tree.read_table(memory, _merged(memory, trees[:1], trees[1], trees[2]), schema.name)


def _merged(memory: MemoryObjects, bases: Sequence[str], ours: str, theirs: str) -> str:
    result = merge_trees(memory, bases, ours, theirs, check=False)
    if not result.clean:
        raise ConflictError("\n".join(conflict.explanation() for conflict in result.conflicts), _HINT)
    return result.tree_id


def _order(merged: Table, ours: Table, theirs: Table) -> Rows:
    """The order in which a chunk holds its rows."""
    if merged.schema.name not in ("turns", "candidates"):
        ids = merged["id"].tolist()
        keys = session_keys(ids, merged["started_at"]) if merged.schema.name == "sessions" else record_keys(ids)
        return key_order(keys, merged["id"])
    order = _sessions(ours, theirs)
    return dependent_order(merged, np.array([order[name] for name in merged["session"].tolist()], np.int64))


def _sessions(ours: Table, theirs: Table) -> dict[str, int]:
    """Where each session stands, which follows from its start; one side must know of all of them."""
    a, b = (list(dict.fromkeys(table["session"].tolist())) for table in (ours, theirs))
    longer = a if len(a) >= len(b) else b
    place = {name: number for number, name in enumerate(longer)}
    for other in (a, b):
        places = [place.get(name, -1) for name in other]
        if places != sorted(places) or -1 in places:
            raise ConflictError("each side has sessions of its own, and one file does not tell which come first", _HINT)
    return place


def main() -> int:
    """Merges the three files that are named."""
    base, ours, theirs = (Path(word) for word in sys.argv[1:4])
    where = sys.argv[4] if len(sys.argv) > 4 else str(ours)
    try:
        merged = merge_files(base.read_bytes(), ours.read_bytes(), theirs.read_bytes())
    except MementoError as error:
        sys.stderr.write(f"memento: {where}: {error.message}\n" + (f"Hint: {error.hint}\n" if error.hint else ""))
        return 1
    ours.write_bytes(merged)
    return 0


if __name__ == "__main__":
    sys.exit(main())
