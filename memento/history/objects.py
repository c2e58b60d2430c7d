"""The object store of a repository: git objects, read from packs and loose files, written in packs."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha1
from pathlib import Path

from memento.errors import CorruptRecord, StoreError
from memento.history.cache import Cache
from memento.history.consolidate import FACTOR, SMALL, consolidate
from memento.history.delta import apply_delta, make_delta
from memento.history.files import storing, sync_folder
from memento.history.packfile import KEEP, index_bytes, keep_pack, pack_bytes, write_pair
from memento.history.packs import KINDS, MAX_OBJECT, TYPES, Pack, inflate, inflate_loose, parse, read_file
from memento.world.objects import Entry, object_id, parse_tree, tree_bytes

COMPRESSION = 1
_MAX_CHAIN = 4096
_ENTRY_BYTES = 240
_TIDY_STEP = 8
ALIKE = 8
"""Objects that resemble one, from which number on they are kept by their difference from it."""
_ATTEMPTS = 20
_REWRITES = 8
_ID = re.compile(r"[0-9a-f]{40}")
_HEX = set("0123456789abcdef")
_EMPTY = object_id("tree", b"").encode()

Place = tuple[Pack, int, int]
"""A pack, and where in it an object starts and ends."""


class Objects:
    """An `ObjectStore` over ``objects/`` of a bare git repository.

    Added objects are staged in memory, readable at once, and written by `flush` in one pack. `differences`
    holds of a staged object what other of its kind it `resembles`, staged or stored, and the delta from that:
    where many resemble one, they are kept by these. What is read is checked against its id. `durable` forces
    packs to the disk; `cache_bytes` bounds what is kept of blobs and of trees.
    """

    def __init__(self, path: Path, durable: bool = True, cache_bytes: int = 96 << 20) -> None:
        self.path = path
        self.durable = durable
        self.staged: dict[str, tuple[str, bytes]] = {}
        self.differences: dict[str, tuple[str, bytes]] = {}
        self.folder = str(path / "objects" / "pack")
        self._packs: dict[str, Pack] = {}
        self._large: list[Pack] = []
        self._small: dict[bytes, Place] = {}
        self._listed = -1
        self._doubtful = False
        self._tidy_at = FACTOR
        self._fresh: set[str] = set()
        self._faults: dict[str, str] = {}
        self._held: list[str] = []
        self._contents: Cache[tuple[str, bytes]] = Cache(cache_bytes // 4 * 2)
        self._bases: Cache[tuple[str, bytes]] = Cache(cache_bytes // 4)
        self._trees: Cache[tuple[Entry, ...]] = Cache(cache_bytes // 4)
        self.refresh()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def tree(self, object_id: str, path: str = "") -> tuple[Entry, ...]:
        """The entries of a tree. Raises `CorruptRecord`."""
        found = self._trees.get(object_id)
        if found is None:
            data = self._expect("tree", object_id, path)
            try:
                found = parse_tree(data)
            except ValueError as error:
                raise CorruptRecord(str(error), object_id, path) from None
            self._trees.put(object_id, found, _ENTRY_BYTES * len(found) + 100)
        return found

    def blob(self, object_id: str, path: str = "") -> bytes:
        """The content of a blob. Raises `CorruptRecord`."""
        return self._expect("blob", object_id, path)

    def blobs(self, wanted: Sequence[tuple[str, str]]) -> list[bytes]:
        """The blobs of (object id, path) pairs, in order, read in the order of the disk."""
        if len(wanted) < 16:
            return [self.blob(object_id, path) for object_id, path in wanted]
        result: list[bytes | None] = [None] * len(wanted)
        missing: list[int] = []
        for row, (name, _) in enumerate(wanted):
            found = self.staged.get(name) or self._contents.get(name)
            if found is not None and found[0] == "blob":
                result[row] = found[1]
            else:
                missing.append(row)
        raws = [bytes.fromhex(wanted[row][0]) for row in missing]
        by_pack: dict[Pack, list[tuple[int, int, str, int]]] = {}
        for row, place in zip(missing, self._places(raws), strict=True):
            if place is not None:
                by_pack.setdefault(place[0], []).append((place[1], place[2], wanted[row][0], row))
        for pack, places in by_pack.items():
            places.sort()
            for row, content in _plain_blobs(pack, places):
                result[row] = content
                self._contents.put(wanted[row][0], ("blob", content), len(content) + 200)
        return [data if data is not None else self.blob(*wanted[row]) for row, data in enumerate(result)]

    def read(self, object_id: str, path: str = "") -> tuple[str, bytes]:
        """Kind (commit, tree, blob, tag) and content of an object. Raises `CorruptRecord`."""
        found = self.staged.get(object_id) or self._contents.get(object_id)
        if found is not None:
            return found
        raw = bytes.fromhex(object_id)
        fault, chances = "", 2
        for _ in range(_ATTEMPTS):
            try:
                found = self._load(raw)
                if found is not None:
                    break
                chances -= 1
            except FileNotFoundError as error:
                fault = str(error)
            except (OSError, ValueError, IndexError) as error:
                fault, chances = str(error), chances - 1
            if not chances:
                break
            self.refresh(force=True)
        if found is None:
            unread = "".join(f"; {name} cannot be read: {why}" for name, why in sorted(self._faults.items()))
            raise CorruptRecord(fault or f"it is missing{unread}", object_id, path)
        kind, data = found
        if _name(kind, data) != raw:
            raise CorruptRecord("its content does not match its id", object_id, path)
        self._contents.put(object_id, found, len(data) + 200)
        return found

    def held(self, object_id: str) -> tuple[str, bytes] | None:
        """Kind and content of an object that is staged or was read lately; None for any other."""
        return self.staged.get(object_id) or self._contents.get(object_id)

    def pack_of(self, object_id: str) -> tuple[Pack, int] | None:
        """The pack that holds an object, and where in it the object starts; None for a loose or staged one."""
        place = self._place(bytes.fromhex(object_id))
        return None if place is None else place[:2]

    def place_of(self, object_id: str) -> Place | None:
        """The pack that holds an object, and where in it the object starts and ends; None for a loose or staged one."""
        return self._place(bytes.fromhex(object_id))

    def path_of(self, object_id: str) -> str:
        """The file that holds an object, a pack's without its ending."""
        place = self._place(bytes.fromhex(object_id))
        return self._loose(object_id) if place is None else place[0].path

    def packs(self) -> list[Pack]:
        """The packs as last listed, in order of their names."""
        return [self._packs[name] for name in sorted(self._packs)]

    @property
    def faults(self) -> dict[str, str]:
        """Packs that cannot be read, and why."""
        return dict(self._faults)

    def loose(self) -> Iterator[tuple[str, str]]:
        """(id, path) of every object that lies alone, as git writes them; in order."""
        for folder in sorted(os.listdir(self.path / "objects")):
            if len(folder) == 2 and not set(folder) - _HEX and not os.path.islink(self.path / "objects" / folder):
                with suppress(FileNotFoundError, NotADirectoryError):
                    for name in sorted(os.listdir(self.path / "objects" / folder)):
                        if len(name) == 38 and not set(name) - _HEX:
                            yield folder + name, f"{self.path}/objects/{folder}/{name}"

    def contains(self, object_id: str) -> bool:
        """Whether an object is stored or staged."""
        raw = bytes.fromhex(object_id)
        return object_id in self.staged or self._place(raw) is not None or os.path.exists(self._loose(object_id))

    def prefixed(self, digits: str) -> list[str]:
        """The ids that begin with some hexadecimal digits, at least two, sorted."""
        self.refresh()
        low, high = bytes.fromhex(digits.ljust(40, "0")), bytes.fromhex(digits.ljust(40, "f"))
        found = {raw.hex() for raw in self._small if low <= raw <= high}
        for pack in self._large:
            found.update(raw.hex() for raw in pack.index.prefixed(low, high))
        with suppress(FileNotFoundError):
            names = os.listdir(self.path / "objects" / digits[:2])
            found.update(
                digits[:2] + name for name in names if (digits[:2] + name).startswith(digits) and len(name) == 38
            )
        return sorted(found | {name for name in self.staged if name.startswith(digits)})

    def _expect(self, kind: str, object_id: str, path: str) -> bytes:
        found, data = self.read(object_id, path)
        if found != kind:
            raise CorruptRecord(f"a {found} where a {kind} belongs", object_id, path)
        return data

    def _load(self, raw: bytes) -> tuple[str, bytes] | None:
        place = self._place(raw)
        if place is None:
            try:
                return inflate_loose(read_file(self._loose(raw.hex())))
            except FileNotFoundError:
                return None
        deltas: list[tuple[str, bytes]] = []
        held = 0
        while True:
            pack, offset, end = place
            key = f"{pack.path}:{offset}"
            known = self._bases.get(key)
            if known is not None:
                kind, content = known
                break
            stored = parse(memoryview(pack.read(offset, end)), offset)
            content = inflate(stored.data, stored.size)
            if stored.base is None:
                kind = KINDS[stored.kind]
                if deltas:
                    self._bases.put(key, (kind, content), len(content) + 200)
                break
            deltas.append((key, content))
            held += len(content)
            if len(deltas) > _MAX_CHAIN or held > MAX_OBJECT:
                raise ValueError("its chain of deltas does not end")
            if isinstance(stored.base, int):
                place = (pack, stored.base, pack.index.end_of(stored.base))
                continue
            base = self._place(stored.base)
            if base is None:
                kind, content = self.read(stored.base.hex())
                break
            place = base
        for key, delta in reversed(deltas):
            content = apply_delta(content, delta)
            self._bases.put(key, (kind, content), len(content) + 200)
        return kind, content

    def _place(self, raw: bytes) -> Place | None:
        found = self._small.get(raw)
        if found is not None:
            return found
        for pack in self._large:
            hit = pack.index.find(raw)
            if hit is not None:
                return (pack, *hit)
        return None

    def _places(self, raws: list[bytes]) -> list[Place | None]:
        places = [self._small.get(raw) for raw in raws]
        for pack in self._large:
            rows = [row for row, place in enumerate(places) if place is None]
            if rows:
                for row, hit in zip(rows, pack.index.find_many([raws[row] for row in rows]), strict=True):
                    places[row] = (pack, *hit) if hit is not None else None
        return places

    def _loose(self, object_id: str) -> str:
        return f"{self.path}/objects/{object_id[:2]}/{object_id[2:]}"

    def refresh(self, force: bool = False) -> None:
        """Looks for packs that came or went since the last look."""
        try:
            stamp = os.stat(self.folder).st_mtime_ns
        except FileNotFoundError:
            return
        if stamp == self._listed and not force:
            return
        names = set(os.listdir(self.folder))
        packs = {n[:-4] for n in names if n.startswith("pack-") and n.endswith(".idx") and n[:-4] + ".pack" in names}
        gone = self._packs.keys() - packs
        if gone:
            self._doubtful = True
            lost = {self._packs.pop(name) for name in gone}
            for pack in lost:
                pack.close()
            self._large = [pack for pack in self._large if pack not in lost]
            self._small.clear()
            for pack in self._packs.values():
                if pack not in self._large:
                    with suppress(OSError, ValueError):
                        self._learn(pack, pack.index.entries())
        for name in sorted(packs - self._packs.keys()):
            try:
                self._register(name)
                self._faults.pop(name, None)
            except (OSError, ValueError) as error:
                self._faults[name] = str(error)
        self._listed = stamp

    def _register(self, name: str, entries: Iterable[tuple[bytes, int, int]] | None = None) -> None:
        pack = Pack(os.path.join(self.folder, name))
        if entries is None and len(pack.index) > SMALL:
            self._large.append(pack)
        else:
            self._learn(pack, entries if entries is not None else pack.index.entries())
        self._packs[name] = pack

    def _learn(self, pack: Pack, entries: Iterable[tuple[bytes, int, int]]) -> None:
        for raw, offset, end in entries:
            self._small[raw] = (pack, offset, end)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────

    def add_blob(self, data: bytes) -> str:
        """Stages a blob; returns its id."""
        return self.add("blob", data)

    def add_tree(self, entries: Iterable[Entry]) -> str:
        """Stages a tree; returns its id."""
        return self.add("tree", tree_bytes(entries))

    def add(self, kind: str, data: bytes) -> str:
        """Stages an object of any kind; returns its id. Raises `StoreError` for one too large to be read."""
        if len(data) > MAX_OBJECT:
            raise StoreError(
                f"cannot store a {kind} of {len(data)} bytes: the limit is {MAX_OBJECT}",
                "do it in smaller parts; nothing was written",
            )
        name = object_id(kind, data)
        self.staged[name] = (kind, data)
        return name

    def require(self, wanted: Iterable[str]) -> None:
        """Raises `CorruptRecord` where some objects, or what is staged and leads to stored ones, lead nowhere.

        Something else may have taken away what was read before. Call it under the lock: what is there
        then stays. Where no pack has gone since the last call, what was read is there still.
        """
        self.refresh()
        needed = dict.fromkeys(name for name in wanted if name)
        if self._doubtful:
            for name, (kind, data) in self.staged.items():
                if kind == "tree":
                    needed.update(dict.fromkeys(entry.id for entry in parse_tree(data)))
                elif kind == "commit":
                    needed.update(dict.fromkeys(_ID.findall(data.partition(b"\n\n")[0].decode("latin-1"))))
                needed.pop(name, None)
        for name in needed:
            if name not in self.staged and not self.contains(name):
                self._contents, self._trees = Cache(self._contents.limit), Cache(self._trees.limit)
                why = "it is missing: housekeeping has taken it away"
                raise CorruptRecord(why, name, hint="nothing was changed; run the command again")
        self._doubtful = False

    def flush(self) -> None:
        """Writes what is staged and not stored yet, in one pack; call it under the lock.

        Synced in order: pack, index, folder. Raises `StoreError`, with everything still staged. Git's
        housekeeping leaves the pack alone until `release` is called.
        """
        self.refresh()
        if not any(kind == "commit" and data[5:45] == _EMPTY for kind, data in self.staged.values()):
            self.staged.pop(_EMPTY.decode(), None)
        new = []
        for name, (kind, data) in self.staged.items():
            if not self._keep(name):
                new.append((bytes.fromhex(name), kind, data))
        if new:
            with storing(self.path / "objects"):
                self._write(new)
        for name, (kind, data) in self.staged.items():
            self._contents.put(name, (kind, data), len(data) + 200)
        self.discard()

    def resembles(self, name: str, other: str) -> None:
        """Says that a staged object resembles another: it may be kept by its difference from that, or from what
        that one is kept by, where this is much shorter."""
        root = self.differences[other][0] if other in self.differences else other
        if name in self.differences or root == name:
            return
        content = self.staged[name][1]
        delta = make_delta(self.read(root)[1], content)
        if 2 * len(delta) < len(content):
            self.differences[name] = root, delta

    def adopt(self, path: str, name: str) -> None:
        """Takes a pack over that was made, synced and checked elsewhere on this file system: `path` with
        ``.pack`` and ``.idx``, which become `name`. Call it under the lock; `release` ends it, as for `flush`."""
        final = os.path.join(self.folder, name)
        with storing(self.path / "objects"):
            self._held.append(final + KEEP)
            keep_pack(final)
            for suffix in (".pack", ".idx"):
                os.rename(path + suffix, final + suffix)
            if self.durable:
                sync_folder(self.folder)
            self.refresh(force=True)

    def release(self) -> None:
        """Gives what `flush` wrote to git's housekeeping: references lead to it now, or never will."""
        if not self._held:
            return
        with suppress(OSError):
            known = os.stat(self.folder).st_mtime_ns == self._listed
            while self._held:
                with suppress(OSError):
                    os.unlink(self._held.pop())
            if known:
                self._listed = os.stat(self.folder).st_mtime_ns

    def discard(self) -> None:
        """Forgets what is staged."""
        self.staged.clear()
        self.differences.clear()

    def tidy(self) -> None:
        """Copies many small packs into one, so that look-ups stay fast; call it under the lock."""
        if len(self._packs) < self._tidy_at:
            return
        self._tidy_at = len(self._packs) + _TIDY_STEP
        with storing(self.path / "objects"):
            if consolidate(self.folder, self._packs, self.durable):
                self.refresh(force=True)
                self._tidy_at = FACTOR

    def close(self) -> None:
        """Closes all packs."""
        for pack in self._packs.values():
            pack.close()

    def _keep(self, name: str) -> bool:
        """Whether an object is stored; if so its file is made to look new, so that no housekeeping
        takes it away before a reference to it is written."""
        place = self._place(bytes.fromhex(name))
        path = self._loose(name) if place is None else place[0].path + ".pack"
        if place is not None and path in self._fresh:
            return True
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        except PermissionError:
            return True
        self._fresh.add(path)
        return True

    def _resembled(self, new: list[tuple[bytes, str, bytes]]) -> dict[bytes, bytes]:
        """Those of some new objects that are to be kept by their difference, each with the object it is from;
        these come to stand before all others in `new`, stored ones once more, since a pack is complete in itself."""
        near = {raw: bytes.fromhex(kept[0]) for raw, _, _ in new if (kept := self.differences.get(raw.hex()))}
        uses = Counter(near.values())
        bases = {raw: root for raw, root in near.items() if uses[root] >= ALIKE}
        wanted = dict.fromkeys(bases.values())
        bases = {raw: root for raw, root in bases.items() if raw not in wanted}
        held = {entry[0]: entry for entry in new}
        first = [held.get(raw) or (raw, *self.read(raw.hex())) for raw in wanted]
        new[:] = [*first, *(entry for entry in new if entry[0] not in wanted)]
        return bases

    def _write(self, new: list[tuple[bytes, str, bytes]]) -> None:
        bases = self._resembled(new) if self.differences else {}
        typed = [(raw, TYPES[kind], data) for raw, kind, data in new]
        deltas = {raw: (base, self.differences[raw.hex()][1]) for raw, base in bases.items()}
        pack, entries = pack_bytes(typed, COMPRESSION, deltas)
        checksum = pack[-20:]
        name = f"pack-{checksum.hex()}"
        self._held.append(os.path.join(self.folder, name + KEEP))
        index = index_bytes(entries, checksum)
        for left in range(_REWRITES, -1, -1):
            try:
                write_pair(self.folder, name, pack, index, self.durable, keep=True)
                break
            except FileNotFoundError:  # `git gc --prune=now` beside us takes temporary files for strays
                if not left:
                    raise
        offsets = [offset for offset, _ in entries.values()]
        ends = [*offsets[1:], len(pack) - 20]
        small = len(new) <= SMALL
        self._register(name, zip(entries, offsets, ends, strict=True) if small else None)
        self._listed = os.stat(self.folder).st_mtime_ns


def _plain_blobs(pack: Pack, places: list[tuple[int, int, str, int]]) -> Iterator[tuple[int, bytes]]:
    """(row, content) of blobs at ascending (offset, end, id, row) of a pack; those left out that are
    deltas or not what their id says."""
    with suppress(OSError, ValueError, IndexError):
        runs = pack.read_runs([(offset, end) for offset, end, _, _ in places])
        for (offset, _, name, row), data in zip(places, runs, strict=True):
            stored = parse(data, offset)
            if stored.kind == TYPES["blob"]:
                content = inflate(stored.data, stored.size)
                if sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == name:
                    yield row, content


def _name(kind: str, data: bytes) -> bytes:
    return sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).digest()
