"""Whether a stored tree is a world in the one form that memento gives it."""

from __future__ import annotations

from memento.errors import CorruptRecord
from memento.world import tree
from memento.world.objects import MemoryObjects, ObjectStore
from memento.world.tree import Delta


def check_world(store: ObjectStore, tree_id: str, known: str | None = None) -> None:
    """Raises `CorruptRecord` or `NewerFormat` for a tree that is no world, or one stored otherwise.

    Where a `known` tree is given, a world in that form, only what differs from it is read.
    """
    manifest = tree.read_manifest(store, tree_id)
    memory = MemoryObjects(store)
    if known is None:
        again = tree.write(memory, tree.read(store, tree_id))
    else:
        old, new = tree.differing(store, known, tree_id)
        gone = {
            name: tuple(key for key in table.keys if name not in new or key not in new[name].row_of)
            for name, table in old.items()
        }
        again = tree.apply(memory, known, Delta(new, gone, manifest))
    if again != tree_id:
        raise CorruptRecord(
            "its records are not stored in the form that memento gives them",
            tree_id,
            hint="it was put together by other means, such as a merge by stock git: merge there with `memento merge`",
        )
