from __future__ import annotations

import hashlib
import os
import struct
import zlib
from pathlib import Path

import pytest

from memento.errors import CorruptRecord, StoreError
from memento.history import Repository
from memento.history.objects import Objects
from memento.history.packfile import index_bytes, write_pair
from memento.world import tree
from memento.world.objects import Entry

from .conftest import Git, small_world


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    (tmp_path / "objects" / "pack").mkdir(parents=True)
    return Objects(tmp_path)


def test_staged_objects_are_read_at_once_and_written_by_flush(objects: Objects, tmp_path: Path) -> None:
    blob = objects.add_blob(b"hello\n")
    folder = objects.add_tree([Entry("a", blob, False)])
    assert blob == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert objects.blob(blob) == b"hello\n"
    assert not list((tmp_path / "objects" / "pack").iterdir())
    objects.flush()
    assert len(list((tmp_path / "objects" / "pack").iterdir())) == 3
    objects.release()
    assert len(list((tmp_path / "objects" / "pack").iterdir())) == 2
    again = Objects(tmp_path)
    assert again.tree(folder) == (Entry("a", blob, False),)
    assert again.blobs([(blob, "a")] * 20) == [b"hello\n"] * 20


def test_what_is_stored_is_not_written_again(objects: Objects, tmp_path: Path) -> None:
    objects.add_blob(b"x")
    objects.flush()
    objects.add_blob(b"x")
    objects.flush()
    assert len(list((tmp_path / "objects" / "pack").glob("*.pack"))) == 1


def test_another_writers_pack_is_found(objects: Objects, tmp_path: Path) -> None:
    other = Objects(tmp_path)
    blob = other.add_blob(b"late")
    other.flush()
    assert objects.blob(blob) == b"late"


def test_an_object_in_two_packs_is_found_when_one_goes(objects: Objects, tmp_path: Path) -> None:
    blob = objects.add_blob(b"twice")
    objects.flush()
    other = Objects(tmp_path / "other")
    for name in ("x", "twice"):
        other.add_blob(name.encode())
    other.flush()
    for path in (tmp_path / "other" / "objects" / "pack").iterdir():
        path.rename(tmp_path / "objects" / "pack" / path.name)
    reader = Objects(tmp_path)
    for _, path in sorted((len(list(reader._packs[name].index.names)), name) for name in reader._packs)[:1]:
        for ending in (".idx", ".pack"):
            (tmp_path / "objects" / "pack" / (path + ending)).unlink()
    assert reader.blob(blob) == b"twice"


def test_the_wrong_kind_is_refused(objects: Objects) -> None:
    blob = objects.add_blob(b"x")
    with pytest.raises(CorruptRecord, match="a blob where a tree belongs"):
        objects.tree(blob, "memories")


def test_a_missing_object_is_named(objects: Objects) -> None:
    with pytest.raises(CorruptRecord, match=r"object 1{40} \(memories/a\): it is missing"):
        objects.blob("1" * 40, "memories/a")


def test_the_index_equals_dulwichs() -> None:
    from io import BytesIO

    from dulwich.pack import write_pack_index_v2

    entries = {bytes([n * 7 % 256]) + os.urandom(19): (12 + n * 1000 + (n > 40) * (1 << 31), n) for n in range(60)}
    file = BytesIO()
    write_pack_index_v2(file, sorted((name, *place) for name, place in entries.items()), b"c" * 20)
    assert index_bytes(entries, b"c" * 20) == file.getvalue()


def test_cached_content_stays_under_its_bound(tmp_path: Path) -> None:
    (tmp_path / "objects" / "pack").mkdir(parents=True)
    objects = Objects(tmp_path, cache_bytes=40_000)
    blobs = [objects.add_blob(os.urandom(1000)) for _ in range(200)]
    objects.flush()
    for blob in blobs:
        objects.blob(blob)
    assert objects._contents.size <= 30_000


@pytest.mark.parametrize("packed_by", ["memento", "git"])
def test_a_corrupt_chunk_is_named_and_the_rest_is_read(repository: Repository, git: Git, packed_by: str) -> None:
    world = small_world(400)
    repository.commit("main", tree.write(repository.objects, world), "first")
    if packed_by == "git":
        git("gc", "--quiet")
    victim = tree.leaf(repository.objects, repository.tree_of(), "memories", "m3-3")
    repository.close()
    with Repository.open(repository.root) as opened:
        pack, offset, end = opened.objects._places([bytes.fromhex(victim)])[0] or pytest.fail("not packed")
        path = Path(pack.path + ".pack")
        path.chmod(0o644)
        with open(path, "r+b") as file:
            file.seek((offset + end) // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 0x55]))
        with pytest.raises(CorruptRecord) as caught:
            tree.read_table(opened.objects, opened.tree_of(), "memories")
        assert victim in caught.value.message
        assert "(memories/" in caught.value.message
        assert tree.read_table(opened.objects, opened.tree_of(), "entities") == world.entities
        spared = 0
        for key in world.memories.keys:
            if tree.leaf(opened.objects, opened.tree_of(), "memories", key) != victim:
                spared += len(tree.find(opened.objects, opened.tree_of(), "memories", [key]))
        assert spared > 300


def test_a_corrupt_index_is_told(objects: Objects, tmp_path: Path) -> None:
    blob = objects.add_blob(b"x" * 100)
    objects.flush()
    index = next((tmp_path / "objects" / "pack").glob("*.idx"))
    index.chmod(0o644)
    index.write_bytes(index.read_bytes()[:-1] + b"?")
    with pytest.raises(CorruptRecord, match="its index does not match its checksum"):
        Objects(tmp_path).blob(blob)


def test_an_object_that_expands_too_far_is_refused(objects: Objects, tmp_path: Path) -> None:
    data = zlib.compress(b"blob 99999999\0" + b"\0" * 99_999_999)
    name = hashlib.sha1(b"blob 99999999\0" + b"\0" * 99_999_999, usedforsecurity=False).hexdigest()
    (tmp_path / "objects" / name[:2]).mkdir()
    (tmp_path / "objects" / name[:2] / name[2:]).write_bytes(data)
    with pytest.raises(CorruptRecord, match="64 MiB"):
        objects.blob(name)


def test_a_folder_that_cannot_be_written_is_a_store_error(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    objects.add_blob(b"x")
    monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreError, match="the disk is full"):
        objects.flush()
    monkeypatch.undo()
    objects.flush()


def number(value: int) -> bytes:
    """A number as the head of a delta has it."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + number(rest) if rest else bytes([low])


def delta_on(base: bytes, size: int, operations: bytes) -> bytes:
    """An entry of a pack that is a delta on an object by its id; `size` is what it says it makes."""
    delta = number(10) + number(size) + operations
    assert len(delta) < 16
    return bytes([7 << 4 | len(delta)]) + base + zlib.compress(delta)


def add_pack(objects: Objects, entries: dict[bytes, bytes]) -> None:
    body, places = b"PACK" + struct.pack(">LL", 2, len(entries)), {}
    for raw, data in entries.items():
        places[raw] = (len(body), zlib.crc32(data))
        body += data
    checksum = hashlib.sha1(body, usedforsecurity=False).digest()
    index = index_bytes(places, checksum)
    write_pair(objects.folder, f"pack-{checksum.hex()}", body + checksum, index, False)
    objects.refresh(force=True)


def test_a_delta_that_expands_too_far_is_refused(objects: Objects) -> None:
    base = objects.add_blob(b"0123456789")
    objects.flush()
    add_pack(objects, {b"\1" * 20: delta_on(bytes.fromhex(base), 3 << 30, b"\x90\x0a")})
    with pytest.raises(CorruptRecord, match="expands to 3221225472 bytes"):
        objects.blob("01" * 20)


@pytest.mark.parametrize("closed", [False, True])
def test_a_long_chain_of_deltas_is_followed_or_refused(objects: Objects, closed: bool) -> None:
    names = [n.to_bytes(20, "big") for n in range(3000)]
    after = [*names[1:], names[0] if closed else b"\xff" * 20]
    add_pack(objects, {name: delta_on(base, 10, b"\x90\x0a") for name, base in zip(names, after, strict=True)})
    with pytest.raises(CorruptRecord, match="does not end" if closed else "missing"):
        objects.blob(names[0].hex())


def test_what_could_not_be_read_again_is_not_stored(objects: Objects) -> None:
    with pytest.raises(StoreError, match="67108865 bytes: the limit is 67108864"):
        objects.add_blob(bytes((64 << 20) + 1))
    assert not objects.staged


def test_a_pack_that_is_cut_short_is_told(repository: Repository, first: str) -> None:
    (pack,) = (repository.path / "objects" / "pack").glob("*.pack")
    root = repository.root
    repository.close()
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:40])
    with Repository.open(root) as again:
        (branch,) = again.branches()
        assert branch.commit == first
        assert branch.subject.startswith("(corrupt")
        with pytest.raises(CorruptRecord, match=first):
            again.commit_of("main")


def test_temporary_files_that_git_takes_for_strays_are_written_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, taken = os.rename, [3]

    def rename(source: str, target: str) -> None:
        if "tmp_memento" in source and taken[0]:
            taken[0] -= 1
            os.unlink(source)
        original(source, target)

    monkeypatch.setattr(os, "rename", rename)
    name = repository.objects.add_blob(b"once more")
    with repository.exclusive():
        repository.objects.flush()
        repository.objects.release()
    monkeypatch.undo()
    assert taken == [0]
    with Repository.open(repository.root) as fresh:
        assert fresh.objects.blob(name) == b"once more"
    assert not [path for path in repository.path.rglob("*") if path.name.startswith("tmp_") or path.suffix == ".keep"]


def alike(objects: Objects, base: str, count: int) -> list[str]:
    """Some blobs that say of themselves that they resemble another, and do."""
    content = objects.blob(base)
    made = []
    for number in range(count):
        made.append(objects.add_blob(content[:1000] + b"%08d" % number + content[1008:]))
        objects.resembles(made[-1], base)
    return made


def test_what_resembles_one_object_is_kept_by_its_difference(objects: Objects, tmp_path: Path) -> None:
    base = objects.add_blob(os.urandom(4000))
    objects.flush()
    made = alike(objects, base, 100)
    contents = {name: objects.blob(name) for name in made}
    objects.flush()
    assert not objects.differences
    packs = sorted((tmp_path / "objects" / "pack").glob("*.pack"), key=lambda path: path.stat().st_size)
    assert packs[1].stat().st_size < 4100 + 100 * 40
    again = Objects(tmp_path)
    assert {name: again.blob(name) for name in made} == contents
    assert again.blobs([(name, "a") for name in made]) == list(contents.values())


@pytest.mark.parametrize("count", [1, 7])
def test_few_that_resemble_one_are_kept_whole_and_without_it(objects: Objects, tmp_path: Path, count: int) -> None:
    base = objects.add_blob(os.urandom(4000))
    objects.flush()
    alike(objects, base, count)
    objects.flush()
    largest = max(path.stat().st_size for path in (tmp_path / "objects" / "pack").glob("*.pack"))
    assert 4000 * count < largest < 4000 * count + 100 * count + 4000


def test_what_resembles_what_resembles_is_one_step_from_a_whole_one(repository: Repository, git: Git) -> None:
    objects = repository.objects
    base = objects.add_blob(os.urandom(4000))
    last, made = base, []
    for number in range(60):
        content = objects.blob(last)
        made.append(objects.add_blob(content[: 50 * number] + b"%08d" % number + content[50 * number + 8 :]))
        objects.resembles(made[-1], last)
        last = made[-1]
    folder = objects.add_tree([Entry(f"n{name}", name, False) for name in [base, *made]])
    repository.commit("main", folder, "many", time=1_700_000_000)
    git("fsck", "--strict")
    pack = next((repository.path / "objects" / "pack").glob("*.idx"))
    chains = [line.split() for line in git("verify-pack", "-v", str(pack)).splitlines()]
    depths = {line[0]: int(line[5]) for line in chains if len(line) == 7}
    assert set(depths) <= set(made)
    assert len(depths) > 40
    assert set(depths.values()) == {1}


def test_differences_begin_anew_with_what_resembles_nothing(objects: Objects) -> None:
    base, other = objects.add_blob(os.urandom(4000)), objects.add_blob(os.urandom(4000))
    objects.resembles(other, base)
    below = objects.add_blob(objects.blob(other)[:-8] + b"another1")
    objects.resembles(below, other)
    assert set(objects.differences) == {below}
    assert objects.differences[below][0] == other


def test_a_base_is_kept_whole_whatever_it_resembles(objects: Objects, tmp_path: Path) -> None:
    content = os.urandom(4000)
    first, middle = objects.add_blob(content), objects.add_blob(content[8:])
    made = alike(objects, middle, 20)
    objects.resembles(middle, first)
    contents = {name: objects.blob(name) for name in (first, middle, *made)}
    objects.flush()
    again = Objects(tmp_path)
    assert {name: again.blob(name) for name in contents} == contents


def test_a_circle_of_what_resembles_is_kept_whole(objects: Objects, tmp_path: Path) -> None:
    names = [objects.add_blob(b"%d" % number + bytes(3000)) for number in range(20)]
    for one, other in zip(names, [*names[1:], names[0]], strict=True):
        objects.resembles(one, other)
    objects.flush()
    assert [Objects(tmp_path).blob(name)[:1] for name in names[:3]] == [b"0", b"1", b"2"]


def test_housekeeping_takes_over_what_is_kept_by_its_difference(repository: Repository, git: Git) -> None:
    objects = repository.objects
    first = repository.commit("main", tree.write(objects, small_world(300)), "first")
    base = objects.add_blob(os.urandom(2000))
    made = alike(objects, base, 30)
    folder = objects.add_tree([Entry(f"n{name}", name, False) for name in [base, *made]])
    repository.commit("other", folder, "many", time=1_700_000_000, parents=[first])
    contents = [objects.blob(name) for name in made]
    repository.gc()
    git("fsck", "--strict")
    git("repack", "-adfq")
    with Repository.open(repository.root) as again:
        assert [again.objects.blob(name) for name in made] == contents
