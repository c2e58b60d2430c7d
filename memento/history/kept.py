"""How objects are kept in their packs, for who writes a pack of them: so that nothing is compressed anew."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from memento.history.objects import Objects
from memento.history.packs import TYPES, Stored, parse


@dataclass(frozen=True)
class Difference:
    """An object kept by its difference from `base`: the difference's size, and that compressed."""

    base: str
    size: int
    data: bytes


def difference(objects: Objects, name: str) -> Difference | None:
    """How an object is kept; None for one that is whole, or in no pack."""
    place = objects.place_of(name)
    stored = _stored(objects, name)
    if place is None or stored is None or stored.base is None:
        return None
    base = place[0].index.name_at(stored.base) if isinstance(stored.base, int) else stored.base
    return Difference(base.hex(), stored.size, bytes(stored.data))


def whole(objects: Objects, name: str, kind: str, content: bytes, level: int) -> bytes:
    """The compressed bytes of an object as they stand in its pack, where it is whole there, else made."""
    stored = _stored(objects, name)
    if stored is not None and stored.kind == TYPES[kind]:
        return bytes(stored.data)
    return zlib.compress(content, level)


def bases_first(objects: Objects, names: Collection[str]) -> Iterator[tuple[str, Difference | None]]:
    """The names in their order, but for bases, which stand before what is kept by its difference from them; None
    where that is not among the names."""
    among, given = frozenset(names), set[str]()
    for name in names:
        waiting = {name: difference(objects, name)}
        while waiting:
            last, kept = next(reversed(waiting.items()))
            base = kept.base if kept is not None and kept.base in among else ""
            if base and base not in given and base not in waiting:
                waiting[base] = difference(objects, base)
                continue
            del waiting[last]
            if last not in given:
                given.add(last)
                yield last, kept if base in given and base != last else None


def _stored(objects: Objects, name: str) -> Stored | None:
    place = objects.place_of(name)
    if place is None:
        return None
    pack, offset, end = place
    with suppress(FileNotFoundError):  # joined with others meanwhile, by a writer
        return parse(memoryview(pack.read(offset, end)), offset)
    return None
