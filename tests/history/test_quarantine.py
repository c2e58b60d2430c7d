"""What hostile servers and bundles may send, and that none of it is written."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memento.errors import MementoError, RemoteError
from memento.history import Repository
from memento.history.bundle import HEADER
from memento.history.incoming import Limits
from memento.history.objects import Objects
from memento.history.quarantine import Quarantine
from memento.history.remotes import Remotes
from memento.history.transfer import clone
from memento.world import tree
from memento.world.objects import object_id

from .conftest import edited, small_world
from .servers import liar, line

WHO = b"author A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\n\nwords\n"
NUMBERS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4, "ofs": 6, "ref": 7}
Thing = tuple[str, bytes]


def piece(kind: str, data: bytes, size: int | None = None, base: bytes = b"") -> bytes:
    size = len(data) if size is None else size
    head = [NUMBERS[kind] << 4 | size & 15]
    size >>= 4
    while size:
        head[-1] |= 0x80
        head.append(size & 0x7F)
        size >>= 7
    return bytes(head) + base + zlib.compress(data)


def packed(*pieces: bytes, count: int | None = None) -> bytes:
    body = b"PACK" + struct.pack(">LL", 2, len(pieces) if count is None else count) + b"".join(pieces)
    return body + hashlib.sha1(body).digest()


def pack_of(*things: Thing) -> bytes:
    return packed(*(piece(*thing) for thing in things))


def entry(name: bytes, kind: str, data: bytes, mode: bytes = b"100644") -> bytes:
    return mode + b" " + name + b"\0" + bytes.fromhex(object_id(kind, data))


def commit_of(tree_data: bytes, *parents: str) -> bytes:
    lines = b"".join(f"parent {parent}\n".encode() for parent in parents)
    return b"tree " + object_id("tree", tree_data).encode() + b"\n" + lines + WHO


def history(tree_data: bytes, *things: Thing) -> tuple[str, bytes]:
    """A commit of a tree, and the pack of both and of other things."""
    commit = commit_of(tree_data)
    return object_id("commit", commit), pack_of(*things, ("tree", tree_data), ("commit", commit))


BLOB = b"x"
GOOD = entry(b"manifest", "blob", BLOB)


def nested(depth: int) -> tuple[str, bytes]:
    data, things = GOOD, []
    for _ in range(depth):
        things.append(("tree", data))
        data = entry(b"a", "tree", data, b"40000")
    return history(data, ("blob", BLOB), *things)


def bomb(size: int) -> tuple[str, bytes]:
    data = bytes(size)
    stream = zlib.compressobj(9)
    name = hashlib.sha1(b"blob %d\0" % size)
    parts = []
    for start in range(0, size, 1 << 20):
        block = data[start : start + (1 << 20)]
        name.update(block)
        parts.append(stream.compress(block))
    blob = piece("blob", b"", size).removesuffix(zlib.compress(b"")) + b"".join(parts) + stream.flush()
    tree_data = b"100644 manifest\0" + name.digest()
    commit = commit_of(tree_data)
    return object_id("commit", commit), packed(blob, piece("tree", tree_data), piece("commit", commit))


def many_bombs() -> tuple[str, bytes]:
    blob = bytes(60 << 20)
    pieces = [piece("blob", blob[: len(blob) - number]) for number in range(3)]
    return "1" * 40, packed(*pieces)


def delta_bomb() -> tuple[str, bytes]:
    """100,000 copies of 64 KiB each, out of a delta of 400 KB."""
    base = bytes(1 << 16)
    delta = varint(len(base)) + varint(100_000 << 16) + b"\x80" * 100_000
    return "1" * 40, packed(piece("blob", base), piece("ref", delta, base=bytes.fromhex(object_id("blob", base))))


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def delta_ring() -> tuple[str, bytes]:
    """Two deltas, each the base of the other."""
    ids = [b"\1" * 20, b"\2" * 20]
    return "1" * 40, packed(*(piece("ref", b"\1\1\1x", base=base) for base in ids))


def missing_blob() -> tuple[str, bytes]:
    return history(GOOD)


def wrong_kind() -> tuple[str, bytes]:
    return history(entry(b"manifest", "blob", BLOB, b"40000"), ("blob", BLOB))


def repeated() -> tuple[str, bytes]:
    return "1" * 40, pack_of(("blob", BLOB), ("blob", BLOB))


def evil(name: bytes) -> Callable[[], tuple[str, bytes]]:
    return lambda: history(entry(name, "blob", BLOB), ("blob", BLOB))


def mode(value: bytes) -> Callable[[], tuple[str, bytes]]:
    return lambda: history(entry(b"a", "blob", BLOB, value), ("blob", BLOB))


def plain(data: bytes) -> Callable[[], tuple[str, bytes]]:
    return lambda: ("1" * 40, data)


CASES: dict[str, tuple[Callable[[], tuple[str, bytes]], str]] = {
    "a bomb": (
        lambda: bomb(200 << 20),
        r"object [0-9a-f]{40} expands to 200 MiB \(limit 64 MiB\)\. Nothing was written",
    ),
    "a delta bomb": (delta_bomb, "a delta expands to 6553600000 bytes"),
    "a ring of deltas": (delta_ring, "2 deltas have no base"),
    "a missing blob": (missing_blob, "is missing, and something that came in needs it"),
    "a blob as a folder": (wrong_kind, "is a blob, and stands where a tree belongs"),
    "an object twice": (repeated, "occurs twice"),
    "deep folders": (lambda: nested(100), "nested deeper than 64"),
    "unsorted names": (
        lambda: history(entry(b"b", "blob", BLOB) + entry(b"a", "blob", BLOB), ("blob", BLOB)),
        "not sorted",
    ),
    "a name twice": (
        lambda: history(entry(b"a", "blob", BLOB) + entry(b"a", "blob", BLOB), ("blob", BLOB)),
        "not unique",
    ),
    "a name as file and folder": (
        lambda: history(GOOD + entry(b"manifest", "tree", GOOD, b"40000"), ("blob", BLOB), ("tree", GOOD)),
        "not unique",
    ),
    "a link": (mode(b"120000"), "has mode '120000'"),
    "a submodule": (mode(b"160000"), "has mode '160000'"),
    "an odd mode": (mode(b"100666"), "has mode '100666'"),
    "..": (evil(b".."), "a tree with the name '..'"),
    ".": (evil(b"."), "a tree with the name"),
    "no name": (evil(b""), "a tree with the name"),
    ".git": (evil(b".git"), "a tree with the name '.git'"),
    ".GIT ": (evil(b".GIT "), "a tree with the name"),
    "git~1": (evil(b"git~1"), "a tree with the name"),
    "hidden .git": (evil(".g\u200cit".encode()), "a tree with the name"),
    "a slash": (evil(b"a/b"), "a tree with the name"),
    "a backslash": (evil(b"a\\b"), "a tree with the name"),
    "a control character": (evil(b"a\x1b[2J"), "a tree with the name"),
    "not text": (evil(b"\xff"), "a tree with the name"),
    "no pack": (plain(b"hello world, hello world, hello world"), "it is not a pack"),
    "half a header": (plain(b"PACK\0\0"), "it is not a pack"),
    "nothing": (plain(b""), "is missing"),
    "another version": (plain(b"PACK" + struct.pack(">LL", 9, 0) + bytes(20)), "a pack of version 9"),
    "a count of 4 thousand million": (plain(packed(count=0xFFFFFFFF)), r"it has 4,294,967,295 objects"),
    "more objects than announced": (
        plain(packed(piece("blob", b"a"), piece("blob", b"b"), count=1)),
        "something behind its objects",
    ),
    "fewer objects than announced": (plain(packed(piece("blob", b"a"), count=2)), "the pack is cut short|cannot|type"),
    "a wrong checksum": (plain(pack_of(("blob", BLOB))[:-1] + b"\0"), "its checksum does not match"),
    "an announced size too small": (plain(packed(piece("blob", b"aaaa", 3))), "expands to more than the 3 bytes"),
    "an announced size too large": (plain(packed(piece("blob", b"aaaa", 5))), "has 4 bytes where 5 were announced"),
    "an unknown kind": (plain(packed(b"\x51" + zlib.compress(b"a"))), "an object of type 5"),
    "no commit": (plain(pack_of(("commit", b"hello"))), "a commit that cannot be read"),
    "no tree": (plain(pack_of(("tree", b"100644 a\0short"))), "a tree that cannot be read"),
    "no tag": (plain(pack_of(("tag", b"hello"))), "a tag that cannot be read"),
    "not compressed": (plain(packed(b"\x31garbage")), "refused what came in"),
}


def files(repository: Repository) -> dict[str, bytes]:
    """Everything that lies in a repository, its lock file aside."""
    found = {}
    for folder, _, names in os.walk(repository.path):
        for name in names:
            path = Path(folder, name)
            if path.name != "lock":
                found[str(path.relative_to(repository.path))] = path.read_bytes()
    return found


@pytest.mark.parametrize("name", list(CASES))
def test_nothing_is_written(repository: Repository, first: str, name: str) -> None:
    make, words = CASES[name]
    tip, pack = make()
    before = files(repository)
    with liar({"refs/heads/main": tip}, pack) as url:
        with pytest.raises(RemoteError, match=words) as caught:
            Remotes(repository).fetch(url)
        with pytest.raises(RemoteError):
            clone(url, repository.root.parent / "c")
    assert "Traceback" not in str(caught.value)
    assert caught.value.hint
    assert files(repository) == before
    assert not (repository.root.parent / "c").exists()


def test_the_same_in_a_bundle(repository: Repository, first: str, tmp_path: Path) -> None:
    for name in ("a missing blob", "..", "a ring of deltas"):
        tip, pack = CASES[name][0]()
        (tmp_path / "x.bundle").write_bytes(HEADER + f"{tip} refs/heads/main\n\n".encode() + pack)
        before = files(repository)
        with pytest.raises(RemoteError, match=CASES[name][1]):
            Remotes(repository).fetch(str(tmp_path / "x.bundle"))
        assert files(repository) == before


def test_names_out_of_the_folder_are_left_out(repository: Repository, first: str) -> None:
    names = ["refs/heads/../../x", "refs/heads//x", "refs/heads/x.lock", "refs/heads/.x", "refs/heads/a b",
             "refs/heads/-x", "refs/tags/../x", "refs/../x", "refs/heads/x\x1b"]  # fmt: skip
    with liar({**dict.fromkeys(names, first), "refs/heads/good": first}) as url:
        done = Remotes(repository).fetch(url)
    assert [update.ref for update in done.moved] == ["refs/remotes/worlds/good"]
    assert len(done.refused) == len(names)
    assert repository.refs.names("refs/remotes/") == ["refs/remotes/worlds/good"]


def test_a_million_names_are_refused_early(repository: Repository, first: str) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for number in range(1_000_000):
            sent += 1
            yield line(f"{first} refs/heads/{number:090d}" + ("\0agent=liar" if not number else "") + "\n")

    limits = Limits(refs=10_000)
    with liar({}, answer=endless) as url, pytest.raises(RemoteError, match=r"more branches and tags|more than 10,000"):
        Remotes(repository, limits=limits).fetch(url)
    assert sent < 200_000
    few = {f"refs/heads/b{number}": first for number in range(20)}
    with liar(few) as url, pytest.raises(RemoteError, match="more than 10 branches and tags"):
        Remotes(repository, limits=Limits(refs=10)).fetch(url)


@pytest.mark.parametrize(
    "said",
    [b"", b"garbage", b"0000", b"zzzz", b"0008ERR ", b"fff0", b"0004", b"0001", b"000eERR nope\n", b"0030" + b"x" * 44,
     b"003a" + b"1" * 40 + b" refs/heads/main\n" + b"0000", b"HTTP/1.1 400 Bad Request\r\n\r\n"],
)  # fmt: skip
def test_servers_that_speak_no_git(repository: Repository, first: str, said: bytes) -> None:
    with liar({}, answer=lambda: iter([said])) as url:
        before = files(repository)
        codes = {4}
        try:
            Remotes(repository).fetch(url)
        except MementoError as error:
            codes.add(error.exit_code)
    assert codes == {4}
    assert files(repository) == before


def test_many_large_objects(repository: Repository, first: str) -> None:
    tip, pack = many_bombs()
    limits = Limits(total=100 << 20)
    with liar({"refs/heads/main": tip}, pack) as url, pytest.raises(RemoteError, match="more than 100 MiB"):
        Remotes(repository, limits=limits).fetch(url)


def test_too_much_on_the_wire(repository: Repository, first: str) -> None:
    tip, pack = history(GOOD, ("blob", BLOB), ("blob", os.urandom(100_000)))
    with liar({"refs/heads/main": tip}, pack) as url, pytest.raises(RemoteError, match="more than 50 KiB came in"):
        Remotes(repository, limits=Limits(wire=50 << 10)).fetch(url)


def test_what_is_whole_comes_in(repository: Repository, first: str) -> None:
    """The same liar, telling the truth: tests above refuse for the reason that they name."""
    tip, pack = history(GOOD, ("blob", BLOB))
    with liar({"refs/heads/main": tip}, pack) as url:
        assert Remotes(repository).fetch(url).objects == 3
    assert repository.resolve("worlds/main") == tip


def test_a_thin_pack_is_completed(repository: Repository, first: str, tmp_path: Path) -> None:
    tip = repository.commit("main", edited(repository, repository.tree_of(first)), "second")
    subprocess.run(
        ["git", "-C", repository.path, "bundle", "create", "-q", tmp_path / "x.bundle", "main", f"^{first}"],
        check=True, capture_output=True,
    )  # fmt: skip
    repository.move_branch("main", first)
    with Repository.init(tmp_path / "other") as other:
        other.commit("main", tree.write(other.objects, small_world()), "first")
        assert other.resolve("main") == first
        Remotes(other).fetch(str(tmp_path / "x.bundle"))
        assert other.resolve("x/main") == tip
        done = subprocess.run(["git", "-C", other.path, "fsck", "--full", "--strict"], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_what_a_killed_process_left_is_swept(repository: Repository, first: str) -> None:
    stray = repository.path / "memento" / "incoming" / "dead" / "objects" / "pack"
    stray.mkdir(parents=True)
    (stray / "incoming").write_bytes(b"PACK")
    tip, pack = history(GOOD, ("blob", BLOB))
    with liar({"refs/heads/main": tip}, pack) as url:
        Remotes(repository).fetch(url)
    assert os.listdir(repository.path / "memento" / "incoming") == []


def test_one_that_begins_is_not_swept_by_another(
    repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is there for a moment before it is locked."""
    locked = fcntl.flock
    swept = []

    def late(fd: int, operation: int) -> None:
        if not swept:
            swept.append(fd)
            with Quarantine(repository.path):
                pass
        locked(fd, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with Quarantine(repository.path) as quarantine:
        assert swept
        assert quarantine.write(b"PACK") == 4
        assert os.path.isdir(quarantine.folder)


def test_what_rests_on_objects_taken_away_meanwhile_is_refused(
    repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Housekeeping beside a fetch takes away what nothing leads to, and what comes in needs."""
    lost = repository.objects.add_blob(b"left over")
    repository.commit("main", edited(repository, repository.tree_of("main")), "with a blob beside it")
    data = entry(b"lost", "blob", b"left over")
    tip, pack = history(data)
    assert repository.objects.contains(lost)
    check = Quarantine.check

    def late(quarantine: Quarantine, store: Objects, *rest: Any) -> None:
        check(quarantine, store, *rest)
        with Repository.open(repository.root) as other:
            other.gc(0.0)

    monkeypatch.setattr(Quarantine, "check", late)
    with liar({"refs/heads/main": tip}, pack) as url, pytest.raises(RemoteError, match="housekeeping"):
        Remotes(repository).fetch(url)
    with Repository.open(repository.root) as fresh:
        assert fresh.refs.names("refs/remotes/") == []
        assert fresh.fsck().of("corrupt") == []


_CHILD = """
import sys
from memento.history.transfer import clone
from memento.errors import RemoteError
try:
    clone(sys.argv[1], sys.argv[2])
except RemoteError as error:
    print(error.message)
"""


@pytest.mark.parametrize("name", ["a bomb", "many bombs", "a delta bomb"])
def test_bombs_take_little_memory(tmp_path: Path, name: str) -> None:
    tip, pack = many_bombs() if name == "many bombs" else CASES[name][0]()
    (tmp_path / "x.bundle").write_bytes(HEADER + f"{tip} refs/heads/main\n\n".encode() + pack)

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (512 << 20, 512 << 20))

    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, tmp_path / "x.bundle", tmp_path / "c"], capture_output=True, text=True,
        check=False, preexec_fn=bounded, env=environment,
    )  # fmt: skip
    assert "Nothing was written" in done.stdout, done.stderr
