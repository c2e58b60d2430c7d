"""What another repository lacks of a history, and the pack that brings it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence

from memento.history.commit import parse_tag
from memento.history.gitobjects import FOLDER_MODE, tree_entries
from memento.history.kept import bases_first, whole
from memento.history.objects import COMPRESSION, Objects
from memento.history.packfile import back, head, opening
from memento.history.packs import OFS_DELTA, TYPES
from memento.history.walk import Walker


def peeled(objects: Objects, value: str) -> tuple[list[str], str]:
    """The tags on the way from a reference's value, and the commit it leads to ('' for none)."""
    tags: list[str] = []
    while len(tags) < 64:
        kind, data = objects.read(value)
        if kind == "commit":
            return tags, value
        if kind != "tag":
            return tags, ""
        tags.append(value)
        value = parse_tag(value, data)[0]
    return tags, ""


def missing(objects: Objects, walker: Walker, wants: Iterable[str], haves: Iterable[str]) -> list[str]:
    """The ids of all objects reachable from `wants` and not from `haves`, and maybe a few that are.

    Both are commits or tags; of `haves` those are left out that are not here. Reads the trees in
    which commits differ from their parents, so that it takes time with the changes.
    """
    held = [commit for value in haves if objects.contains(value) for commit in [peeled(objects, value)[1]] if commit]
    found: dict[str, None] = {}
    tips: list[str] = []
    for value in dict.fromkeys(wants):
        tags, tip = peeled(objects, value)
        found.update(dict.fromkeys(tags))
        if tip:
            tips.append(tip)
    for commit in reversed(list(walker.topological(list(dict.fromkeys(tips)), list(dict.fromkeys(held))))):
        below = walker.commit(commit.parents[0]).tree if commit.parents else ""
        _differing(objects, commit.tree, below, found)
        found[commit.id] = None
    return list(found)


def _differing(objects: Objects, new: str, old: str, found: dict[str, None]) -> None:
    todo = [(new, old, True)]
    while todo:
        new, old, folder = todo.pop()
        if new == old or new in found:
            continue
        found[new] = None
        if not folder:
            continue
        below = {}
        if old:
            below = {name: raw for mode, name, raw in tree_entries(objects.read(old)[1]) if mode == FOLDER_MODE}
            same = {raw for mode, _, raw in tree_entries(objects.read(old)[1]) if mode != FOLDER_MODE}
        else:
            same = set()
        for mode, name, raw in tree_entries(objects.read(new)[1]):
            if mode == FOLDER_MODE:
                todo.append((raw.hex(), below[name].hex() if name in below else "", True))
            elif raw not in same:
                todo.append((raw.hex(), "", False))


def pack_chunks(objects: Objects, ids: Sequence[str]) -> Iterator[bytes]:
    """The bytes of a pack of objects, piece by piece: each as it is kept, whole where what it differs from is not
    among them."""
    digest = hashlib.sha1(usedforsecurity=False)
    start = opening(len(ids))
    digest.update(start)
    yield start
    at, offsets = len(start), dict[str, int]()
    for name, kept in bases_first(objects, ids):
        kind, data = objects.read(name)
        if kept is not None:
            piece = head(OFS_DELTA, kept.size) + back(at - offsets[kept.base]) + kept.data
        else:
            piece = head(TYPES[kind], len(data)) + whole(objects, name, kind, data, COMPRESSION)
        offsets[name] = at
        at += len(piece)
        digest.update(piece)
        yield piece
    yield digest.digest()


def entry(kind: str, data: bytes) -> bytes:
    """One whole object as it stands in a pack."""
    return head(TYPES[kind], len(data)) + zlib.compress(data, COMPRESSION)
