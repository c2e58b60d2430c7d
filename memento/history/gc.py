"""Housekeeping: everything that references lead to in one pack, what is left over taken away.

Old states are kept by their difference from the next younger one ("pack-format" of the git documentation,
offset deltas), so that the newest are read at once. Nothing is taken away before all that any
reference leads to is known to be in the new pack. The packs are written while others work; the
repository's lock is taken at the end only, and what moved meanwhile is looked at again under it.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memento.errors import CorruptRecord, StoreError
from memento.history.delta import apply_delta, shortest_delta
from memento.history.files import remove_temporary, storing, sync_folder, write_all
from memento.history.kept import Difference, bases_first, whole
from memento.history.lock import Lock
from memento.history.objects import Objects
from memento.history.packfile import COMPANIONS, back, head, index_bytes, opening, remove_keeps
from memento.history.packs import OFS_DELTA, TYPES, Pack
from memento.history.reachable import Reachable

if TYPE_CHECKING:
    from memento.history.operations import Operations

GRACE = 14 * 86_400
"""How long what no reference leads to is kept, s: someone may be about to refer to it."""
LONGEST = 50
"""Objects on the way from one kept by its difference to one kept whole."""
COMPRESSION = 6
_TEMPORARY = "tmp_gc_"
_ID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Census:
    """What lies in a repository: packs, loose objects, and the bytes of both."""

    packs: int
    loose: int
    bytes: int


@dataclass(frozen=True)
class Swept:
    """What housekeeping did: the state before and after, how many objects it packed, and took away.

    `young` are those that nothing leads to and that are kept for their grace. After a dry run the
    state is as before; the numbers of objects are those that would have been.
    """

    before: Census
    after: Census
    objects: int
    removed: int
    young: int


def collect(
    operations: Operations,
    grace: float = GRACE,
    dry_run: bool = False,
    progress: Progress | None = None,
    forget: bool = False,
) -> Swept:
    """Repacks and sweeps a repository; one process at a time, beside all that work in it.

    With `forget` the operation log ends first, once all that it leads to was found to be there.

    Raises `CorruptRecord` where anything that a reference leads to is missing or damaged (nothing is
    taken away then), and `LockHeld` where housekeeping is going on already.
    """
    with storing(operations.path), Lock(str(operations.path / "memento" / "gc"), 0.0):
        return _collect(operations, grace, dry_run, progress, forget)


def roots(operations: Operations) -> list[str]:
    """The ids from which everything that is needed can be reached: references, and work that is not done yet."""
    refs = operations.refs
    held = [*refs.values("refs/").values(), *refs.foreign().values(), refs.read("HEAD"), operations.log.unsettled()]
    with suppress(FileNotFoundError):
        named = _ID.findall((operations.path / "memento" / "merge").read_bytes())
        held += [name for name in map(bytes.decode, named) if operations.objects.contains(name)]
    return [value for value in dict.fromkeys(held) if value and not value.startswith("refs/")]


def _collect(operations: Operations, grace: float, dry_run: bool, progress: Progress | None, forget: bool) -> Swept:
    objects = operations.objects
    objects.refresh(force=True)
    for name, why in sorted(objects.faults.items()):
        hint = "nothing was taken away; restore it from a clone or a backup"
        raise CorruptRecord(why, path=f"objects/pack/{name}", hint=hint)
    before = _census(objects)
    found = Reachable(objects)
    found.walk(roots(operations))
    if forget:
        operations.forget()
        found = Reachable(objects)
        found.walk(roots(operations))
    cutoff = time.time() - grace
    packs = [pack for pack in objects.packs() if not _kept(pack)]
    loose = dict(objects.loose())
    left, gone = _unreachable(packs, loose, found, cutoff)
    sizes = (len(found.kinds), len(gone), len(left))
    whole = len(packs) == before.packs == 1 and len(packs[0].index) == len(found.kinds)
    done = whole and not (loose or left or gone)
    if dry_run or done:
        return Swept(before, before, *sizes)
    with storing(objects.path / "objects"):
        names = []
        if found.kinds:
            names.append(_write(objects, _entries(objects, found, progress), len(found.kinds)))
        if left:
            names.append(_write(objects, _plain(objects, left), len(left)))
            stamp = max(left.values())
            os.utime(os.path.join(objects.folder, f"{names[-1]}.pack"), (stamp, stamp))
        with operations.exclusive():
            old = [pack for pack in packs if os.path.basename(pack.path) not in names]
            _remove(operations, old, loose, found, left, cutoff)
    objects.refresh(force=True)
    return Swept(before, _census(objects), *sizes)


def _census(objects: Objects) -> Census:
    files = [pack.path + ending for pack in objects.packs() for ending in (".pack", ".idx")]
    loose = [path for _, path in objects.loose()]
    return Census(len(files) // 2, len(loose), sum(map(_bytes_of, [*files, *loose])))


def _kept(pack: Pack) -> bool:
    """Whether git keeps a pack for a reason of its own."""
    return any(os.path.exists(pack.path + ending) for ending in COMPANIONS)


def _bytes_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _unreachable(
    packs: Iterable[Pack], loose: dict[str, str], found: Reachable, cutoff: float
) -> tuple[dict[str, float], set[str]]:
    """What nothing leads to: ids still in their grace, with the time they were last used, and the others."""
    left: dict[str, float] = {}
    gone: set[str] = set()
    for pack in packs:
        with suppress(FileNotFoundError):  # joined with others meanwhile, by a writer
            stamp = os.stat(pack.path + ".pack").st_mtime
            for raw, _, _ in pack.index.entries():
                name = raw.hex()
                if name not in found.kinds:
                    (left.setdefault(name, stamp) if stamp > cutoff else gone.add(name))
    for name, path in loose.items():
        if name not in found.kinds:
            with suppress(FileNotFoundError):
                if os.stat(path).st_mtime <= cutoff:
                    gone.add(name)
    return left, gone - left.keys()


# ── writing ──────────────────────────────────────────────────────────────────────────────────────

Piece = tuple[str, int, str, bytes]
"""An object to write: its id, type number, the id of its base or empty, and its compressed bytes after the head."""


def _entries(objects: Objects, found: Reachable, progress: Progress | None) -> Iterator[tuple[Piece, int]]:
    """Everything reachable, whole or by its difference, and the size that its head names.

    What is kept by its difference already stands after what that is from, so that it may stay so.
    """
    depth: dict[str, int] = {}
    total = len(found.kinds)
    for number, (name, kept) in enumerate(bases_first(objects, found.kinds)):
        if progress and number % 2000 == 0:
            progress(number, total, "packing")
        piece, size = _shortest(objects, name, found, depth, kept)
        depth[name] = depth[piece[2]] + 1 if piece[2] else 0
        yield piece, size


def _shortest(
    objects: Objects, name: str, found: Reachable, depth: dict[str, int], kept: Difference | None
) -> tuple[Piece, int]:
    """An object whole, by its difference from what is nearest to it, or as it is `kept`: what is shortest, of bases
    that are written (`depth` says how far from a whole one)."""
    kind, content = found.kinds[name], objects.read(name)[1]
    own = whole(objects, name, kind, content, COMPRESSION)
    best: tuple[Piece, int] = (name, TYPES[kind], "", own), len(content)
    most = len(own) // 2
    if kept is not None and depth[kept.base] < LONGEST and len(kept.data) < len(own):
        best, most = ((name, OFS_DELTA, kept.base, kept.data), kept.size), min(most, len(kept.data))
    nearest = found.nearest.get(name, "")
    if depth.get(nearest, LONGEST) < LONGEST and nearest != best[0][2]:
        against = objects.read(nearest)[1]
        delta = shortest_delta(against, content)
        squeezed = zlib.compress(delta, COMPRESSION)
        if len(squeezed) < most and apply_delta(against, delta) == content:
            best = (name, OFS_DELTA, nearest, squeezed), len(delta)
    return best


def _plain(objects: Objects, names: Iterable[str]) -> Iterator[tuple[Piece, int]]:
    for name in names:
        kind, content = objects.read(name)
        yield (name, TYPES[kind], "", whole(objects, name, kind, content, COMPRESSION)), len(content)


def _write(objects: Objects, pieces: Iterator[tuple[Piece, int]], count: int) -> str:
    """Writes a pack and its index, synced in order; returns its name."""
    for name in os.listdir(objects.folder):
        if name.startswith(_TEMPORARY):
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(objects.folder, name))
    temporary = os.path.join(objects.folder, f"{_TEMPORARY}{os.getpid()}")
    offsets: dict[str, int] = {}
    entries: dict[bytes, tuple[int, int]] = {}
    fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o444)
    try:
        start = opening(count)
        digest, at = hashlib.sha1(start, usedforsecurity=False), len(start)
        write_all(fd, start)
        waiting: list[bytes] = []
        for (name, kind, base, data), size in pieces:
            text = b"".join([head(kind, size), back(at - offsets[base]) if base else b"", data])
            offsets[name] = at
            entries[bytes.fromhex(name)] = (at, zlib.crc32(text))
            at += len(text)
            digest.update(text)
            waiting.append(text)
            if len(waiting) >= 512:
                write_all(fd, b"".join(waiting))
                waiting.clear()
        write_all(fd, b"".join([*waiting, digest.digest()]))
        if objects.durable:
            os.fsync(fd)
        if len(entries) != count:
            raise StoreError(f"{count} objects were to be packed and {len(entries)} were", "nothing was taken away")
        name = f"pack-{digest.hexdigest()}"
        final = os.path.join(objects.folder, name)
        os.rename(temporary, final + ".pack")
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    finally:
        os.close(fd)
    _write_index(final, temporary, index_bytes(entries, digest.digest()), objects.durable)
    if objects.durable:
        sync_folder(objects.folder)
    return name


def _write_index(final: str, temporary: str, index: bytes, durable: bool) -> None:
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o444)
    try:
        write_all(fd, index)
        if durable:
            os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(temporary, final + ".idx")


# ── taking away ──────────────────────────────────────────────────────────────────────────────────


def _remove(
    operations: Operations,
    packs: list[Pack],
    loose: dict[str, str],
    found: Reachable,
    left: dict[str, float],
    cutoff: float,
) -> None:
    """Takes away old packs and loose objects; under the lock. What came to be needed meanwhile stays."""
    objects = operations.objects
    objects.refresh(force=True)
    operations.refs.sweep()
    remove_keeps(objects.folder)
    remove_temporary(objects.folder)
    known = set(found.kinds)
    later = Reachable(objects, dict(found.kinds))
    later.walk(root for root in roots(operations) if root not in known)
    wanted = later.kinds.keys() - known - left.keys()
    stay = {objects.path_of(name) for name in wanted}
    for pack in packs:
        if pack.path in stay or _kept(pack):
            continue
        for ending in (".idx", ".pack", ".rev"):
            with suppress(FileNotFoundError):
                os.unlink(pack.path + ending)
    for name, path in loose.items():
        if name in known or (name not in wanted and _old(path, cutoff)):
            with suppress(FileNotFoundError):
                os.unlink(path)
    if objects.durable:
        sync_folder(objects.folder)


def _old(path: str, cutoff: float) -> bool:
    try:
        return os.stat(path).st_mtime <= cutoff
    except FileNotFoundError:
        return False
