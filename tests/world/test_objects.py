from __future__ import annotations

import pytest

from memento.errors import CorruptRecord
from memento.world.objects import Entry, MemoryObjects, object_id, parse_tree, tree_bytes


def test_ids_are_those_of_git() -> None:
    assert object_id("blob", b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert object_id("tree", b"") == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    assert object_id("blob", b"what is up, doc?") == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"


def test_a_folder_sorts_as_if_its_name_ended_in_a_slash() -> None:
    blob = object_id("blob", b"")
    entries = [Entry("a", blob, True), Entry("a.turns", blob, False), Entry("a0", blob, False)]
    assert [e.name for e in parse_tree(tree_bytes(entries))] == ["a.turns", "a", "a0"]
    assert set(parse_tree(tree_bytes(entries))) == set(entries)


@pytest.mark.parametrize(
    "data", [b"120000 link\0" + b"x" * 20, b"100644 a\0short", b"no mode", b"100644 \xff\0" + b"x" * 20]
)
def test_trees_that_memento_never_writes(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_tree(data)


def test_one_store_over_another() -> None:
    below = MemoryObjects()
    old = below.add_blob(b"old")
    above = MemoryObjects(below)
    new = above.add_blob(b"new")
    assert above.blobs([(old, ""), (new, "")]) == [b"old", b"new"]
    folder = above.add_tree([Entry("x", new, False)])
    assert above.tree(folder) == (Entry("x", new, False),)
    assert set(below.objects) == {old}
    with pytest.raises(CorruptRecord, match="no such blob"):
        below.blob(new, "memories/a")
    with pytest.raises(CorruptRecord, match="no such tree"):
        below.tree(old)
