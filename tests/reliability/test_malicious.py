"""Repositories made to do harm: they run nothing, write nothing elsewhere, and end quickly in a clear word.

Each case is made in a folder of its own and met by a process of its own, which may take 20 s (ten, and the other core
may be busy) and 512 MiB more than Python and its libraries take, and does what a user does with a folder from a
stranger: open, list, log, read, commit.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import msgpack
import pytest

from memento.history.config import _DANGER
from memento.workspace import Workspace

from . import worker

VISITOR = Path(__file__).with_name("visitor.py")
SECONDS, MEGABYTES = 20, 512
Case = Callable[[Path, Path], None]
CASES: dict[str, Case] = {}
HARMLESS: set[str] = set()
"""Cases that are simply left alone: all goes on as if they were not there."""


def case(name: str, harmless: bool = False) -> Callable[[Case], Case]:
    def add(function: Case) -> Case:
        CASES[name] = function
        if harmless:
            HARMLESS.add(name)
        return function

    return add


# ── settings and hooks that would run programs ───────────────────────────────────────────────────


def _setting(key: str) -> Case:
    def make(path: Path, canary: Path) -> None:
        section, _, name = key.rpartition(".")
        section, name = (section, name) if section else (name, "command")
        value = f"!touch {canary}" if section == "alias" else f"touch {canary}"
        with (path / "config").open("a") as file:
            file.write(f'[{section}]\n\t{name} = "{value}"\n[{section} "x"]\n\t{name} = "{value}"\n')

    return make


for _key in _DANGER:
    CASES[f"setting {_key}"] = _setting(_key)


@case("an unknown section of settings")
def _(path: Path, canary: Path) -> None:
    with (path / "config").open("a") as file:
        file.write("[trace2]\n\teventTarget = /tmp/x\n")


@case("a remote whose address is a program")
def _(path: Path, canary: Path) -> None:
    with (path / "config").open("a") as file:
        file.write(f'[remote "origin"]\n\turl = ext::sh -c touch% {canary}\n')


@case("a remote whose address is an option")
def _(path: Path, canary: Path) -> None:
    with (path / "config").open("a") as file:
        file.write(f'[remote "origin"]\n\turl = --upload-pack=touch {canary}\n')


@case("settings of 64 MiB")
def _(path: Path, canary: Path) -> None:
    with (path / "config").open("a") as file:
        file.write("# " + "x" * (64 << 20) + "\n[alias]\n\ta = b\n")


@case("every hook that git knows", harmless=True)
def _(path: Path, canary: Path) -> None:
    (path / "hooks").mkdir(exist_ok=True)
    names = (
        "pre-commit post-commit pre-receive update post-receive post-update reference-transaction pre-auto-gc "
        "post-rewrite pre-push post-merge pre-rebase post-checkout fsmonitor-watchman proc-receive push-to-checkout"
    )
    for name in names.split():
        hook = path / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
        hook.chmod(0o755)


# ── files that are not files ─────────────────────────────────────────────────────────────────────


def _linked(name: str) -> Case:
    def make(path: Path, canary: Path) -> None:
        target, outside = path / name, canary.parent / "victim"
        if target.is_dir():
            shutil.move(target, outside / "folder")
            target.symlink_to(outside / "folder")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.symlink_to(outside / "file")

    return make


for _name in (
    "memento/lock", "memento/pending", "memento/merge", "memento", "refs/heads", "refs", "refs/memento",
    "objects", "objects/pack", "HEAD", "config", "cache", "refs/heads/main",
):  # fmt: skip
    CASES[f"link {_name}"] = _linked(_name)


def _pipe(name: str) -> Case:
    def make(path: Path, canary: Path) -> None:
        (path / name).unlink(missing_ok=True)
        os.mkfifo(path / name)

    return make


for _name in ("HEAD", "config", "memento/pending", "memento/lock", "packed-refs", "refs/heads/main", "memento/merge"):
    CASES[f"pipe {_name}"] = _pipe(_name)


@case("branches behind a link")
def _(path: Path, canary: Path) -> None:
    (path / "refs/heads/folder").symlink_to(canary.parent / "victim")


@case("objects borrowed from another folder")
def _(path: Path, canary: Path) -> None:
    (path / "objects/info/alternates").write_text("/etc\n")


# ── references ───────────────────────────────────────────────────────────────────────────────────


def _reference(content: bytes, name: str = "refs/heads/main") -> Case:
    def make(path: Path, canary: Path) -> None:
        (path / name).write_bytes(content)

    return make


for _name, _content in {
    "empty": b"",
    "a path": b"ref: ../../etc/passwd\n",
    "a path in refs": b"ref: refs/heads/../../../x\n",
    "itself": b"ref: refs/heads/main\n",
    "an option": b"ref: --upload-pack=x\n",
    "a short id": b"abcd\n",
    "an id of nothing": b"0" * 40 + b"\n",
    "an id and more": b"1" * 40 + b" refs/heads/x\n",
    "a NUL": b"ref: refs/heads/m\0ain\n",
    "64 MiB": b"a" * (64 << 20),
}.items():
    CASES[f"reference: {_name}"] = _reference(_content)
    CASES[f"HEAD: {_name}"] = _reference(_content, "HEAD") if _name != "itself" else _reference(b"ref: HEAD\n", "HEAD")


def _packed(lines: bytes) -> Case:
    def make(path: Path, canary: Path) -> None:
        (path / "packed-refs").write_bytes(b"# pack-refs with: peeled fully-peeled sorted \n" + lines)

    return make


_ID = b"1" * 40
for _name, _content in {
    "a path": _ID + b" refs/heads/../../x\n",
    "no refs": _ID + b" heads/x\n",
    "a short id": b"1111 refs/heads/x\n",
    "no id": b"refs/heads/x\n",
    "binary": bytes(range(256)) * 10,
}.items():
    CASES[f"packed references: {_name}"] = _packed(_content)


@case("100,000 packed references", harmless=True)
def _(path: Path, canary: Path) -> None:
    tip = (path / "refs/heads/main").read_bytes().strip()
    _packed(b"".join(b"%s refs/heads/x%07d\n" % (tip, n) for n in range(100_000)))(path, canary)


# ── objects ──────────────────────────────────────────────────────────────────────────────────────


def _loose(path: Path, kind: str, data: bytes, level: int = 1) -> str:
    """Writes any object alone; returns its id."""
    whole = b"%s %d\0" % (kind.encode(), len(data)) + data
    name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    folder = path / "objects" / name[:2]
    folder.mkdir(exist_ok=True)
    (folder / name[2:]).write_bytes(zlib.compress(whole, level))
    return name


def _entry(name: bytes, object_id: str, mode: bytes = b"100644") -> bytes:
    return mode + b" " + name + b"\0" + bytes.fromhex(object_id)


def _manifest(path: Path) -> str:
    with Workspace.open(path.parent) as workspace:
        objects = workspace.repository.objects
        entry = next(e for e in objects.tree(workspace.repository.tree_of("main")) if e.name == "manifest")
        return _loose(path, "blob", objects.blob(entry.id))


def _commit(path: Path, tree_id: str) -> None:
    """A commit of a tree, as main; the operation log is left behind."""
    text = f"tree {tree_id}\nauthor a <a@b> 1800000000 +0000\ncommitter a <a@b> 1800000000 +0000\n\nevil\n"
    (path / "refs/heads/main").write_text(_loose(path, "commit", text.encode()) + "\n")


def _world(path: Path, table: bytes, content: str, mode: bytes = b"40000") -> None:
    """A world whose one table is `content`."""
    entries = sorted(
        [(b"manifest", _entry(b"manifest", _manifest(path))), (table + b"/", _entry(table, content, mode))]
    )
    _commit(path, _loose(path, "tree", b"".join(text for _, text in entries)))


def _trie(name: str, entries: Callable[[Path], bytes]) -> None:
    def make(path: Path, canary: Path) -> None:
        _world(path, b"memories", _loose(path, "tree", entries(path)))

    CASES[f"folder: {name}"] = make


def _blob(path: Path) -> str:
    return _loose(path, "blob", b"x")


for _evil in (
    b"..",
    b".",
    b".git",
    b".GIT",
    b"a/b",
    b"/etc",
    b"..\\x",
    b"git~1",
    b"\xff\xfe",
    b"a\nb",
    b"a\x1b[2J",
    b"-rf",
    b"0" * 300,
):
    _trie(f"name {_evil[:12]!r}", lambda path, evil=_evil: _entry(evil, _blob(path)))  # type: ignore[misc]
for _mode in (b"120000", b"160000", b"100755", b"0", b"40755", b"777777"):
    _trie(f"mode {_mode!r}", lambda path, mode=_mode: _entry(b"_", _blob(path), mode))  # type: ignore[misc]
_trie("the same name twice", lambda path: _entry(b"0", _blob(path)) * 2)
_trie("names out of order", lambda path: _entry(b"1", _blob(path)) + _entry(b"0", _loose(path, "blob", b"y")))
_trie("cut short", lambda path: _entry(b"0", _blob(path))[:-5])
_trie("no chunk in it", lambda path: _entry(b"_", _blob(path)))
_trie("an object that is not there", lambda path: _entry(b"_", "12" * 20))
_trie("a tree where a blob belongs", lambda path: _entry(b"_", _loose(path, "tree", b"")))
_trie("100,000 names", lambda path: b"".join(_entry(b"%05d" % n, "12" * 20) for n in range(100_000)))


@case("folder: deeper than any key")
def _(path: Path, canary: Path) -> None:
    below = _loose(path, "tree", _entry(b"0", _blob(path)))
    for _ in range(3000):
        below = _loose(path, "tree", _entry(b"a", below, b"40000"))
    _world(path, b"memories", below)


@case("folder: a few objects that pose as 2^60 leaves")
def _(path: Path, canary: Path) -> None:
    below = _loose(path, "tree", b"".join(_entry(b"%d" % n, _blob(path)) for n in (0, 1)))
    for _ in range(11):
        letters = b"234567abcdefghijklmnopqrstuvwxyz"
        below = _loose(path, "tree", b"".join(_entry(bytes([c]), below, b"40000") for c in sorted(letters)))
    _world(path, b"memories", below)


def _chunk(name: str, content: Callable[[], bytes]) -> None:
    def make(path: Path, canary: Path) -> None:
        _world(path, b"memories", _loose(path, "tree", _entry(b"_", _loose(path, "blob", content()))))

    CASES[f"chunk: {name}"] = make


_chunk("empty", lambda: b"")
_chunk("an array of 4 billion", lambda: b"\xdd\xff\xff\xff\xff")
_chunk("a map of 4 billion", lambda: b"\xdf\xff\xff\xff\xff")
_chunk("bytes of 4 GB", lambda: b"\xc6\xff\xff\xff\xff")
_chunk("a map in a map, 100,000 deep", lambda: b"\x81\xa1a" * 100_000 + b"\xc0")
_chunk("4 MB of empty maps", lambda: b"\xdd" + struct.pack(">L", 4_000_000) + b"\x80" * 4_000_000)
_chunk("an extension type", lambda: msgpack.packb({"c": msgpack.ExtType(42, b"x"), "n": 1}))
_chunk("the same key twice", lambda: b"\x82\xa1n\x01\xa1n\x02")
_chunk("a million million rows", lambda: msgpack.packb({"c": {}, "n": 10**12}))
_chunk("a number that is none", lambda: msgpack.packb({"c": {"importance": float("nan")}, "n": 1}))
_chunk("a python pickle", lambda: b"\x80\x04\x95\x1d\x00\x00\x00cos\nsystem\n(S'touch x'\ntR.")


@case("bomb: a blob of 1 GiB in 1 MB")
def _(path: Path, canary: Path) -> None:
    size = 1 << 30
    squeeze = zlib.compressobj(9)
    parts = [squeeze.compress(b"blob %d\0" % size)]
    block = bytes(1 << 24)
    parts.extend(squeeze.compress(block) for _ in range(size >> 24))
    parts.append(squeeze.flush())
    name = "ab" * 20
    (path / "objects/ab").mkdir(exist_ok=True)
    (path / "objects/ab" / name[2:]).write_bytes(b"".join(parts))
    _world(path, b"memories", _loose(path, "tree", _entry(b"_", name)))


@case("bomb: a commit of 200 MB")
def _(path: Path, canary: Path) -> None:
    name = _loose(path, "commit", b"tree " + b"1" * 40 + b"\n" + b"x" * 200_000_000)
    (path / "refs/heads/main").write_text(name + "\n")


def _pack(path: Path, name: str, entries: list[tuple[str, bytes]]) -> None:
    """Writes a pack of (id, entry bytes) and its index, whatever they say."""
    body, offsets, crcs = b"PACK" + struct.pack(">LL", 2, len(entries)), {}, {}
    for object_id, data in entries:
        offsets[object_id], crcs[object_id] = len(body), zlib.crc32(data)
        body += data
    body += hashlib.sha1(body, usedforsecurity=False).digest()
    names = sorted(offsets)
    fan = b"".join(struct.pack(">L", sum(int(n[:2], 16) <= b for n in names)) for b in range(256))
    index = b"\xfftOc" + struct.pack(">L", 2) + fan + b"".join(bytes.fromhex(n) for n in names)
    index += b"".join(struct.pack(">L", crcs[n]) for n in names) + b"".join(
        struct.pack(">L", offsets[n]) for n in names
    )
    index += body[-20:]
    index += hashlib.sha1(index, usedforsecurity=False).digest()
    (path / f"objects/pack/pack-{name}.pack").write_bytes(body)
    (path / f"objects/pack/pack-{name}.idx").write_bytes(index)


def _head(kind: int, size: int) -> bytes:
    first, size = (kind << 4) | (size & 15), size >> 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    out.append(first)
    return bytes(out)


def _varint(number: int) -> bytes:
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


@case("bomb: a delta that makes 4 GB of 16 bytes")
def _(path: Path, canary: Path) -> None:
    base = b"0123456789abcdef"
    copy = b"\xf0\xff\xff\xff"
    delta = _varint(16) + _varint(256 * 0xFFFFFF) + copy * 256
    base_id = hashlib.sha1(b"blob 16\0" + base, usedforsecurity=False).hexdigest()
    entry = _head(7, len(delta)) + bytes.fromhex(base_id) + zlib.compress(delta)
    _pack(path, "0" * 40, [(base_id, _head(3, 16) + zlib.compress(base)), ("cd" * 20, entry)])
    _world(path, b"memories", _loose(path, "tree", _entry(b"_", "cd" * 20)))


@case("deltas in a circle")
def _(path: Path, canary: Path) -> None:
    delta = zlib.compress(_varint(4) + _varint(4) + b"\x90\x04")
    size = len(zlib.decompress(delta))
    ids = [f"{n:02x}" * 20 for n in range(1, 4)]
    entries = [(a, _head(7, size) + bytes.fromhex(b) + delta) for a, b in zip(ids, ids[1:] + ids[:1], strict=True)]
    _pack(path, "1" * 40, entries)
    _world(path, b"memories", _loose(path, "tree", _entry(b"_", ids[0])))


@case("a chain of 20,000 deltas")
def _(path: Path, canary: Path) -> None:
    delta = zlib.compress(_varint(4) + _varint(4) + b"\x90\x04")
    size = len(zlib.decompress(delta))
    ids = [f"{n:040x}" for n in range(1, 20_001)]
    entries = [(a, _head(7, size) + bytes.fromhex(b) + delta) for a, b in pairwise(ids)]
    _pack(path, "2" * 40, [*entries, (ids[-1], _head(3, 4) + zlib.compress(b"abcd"))])
    _world(path, b"memories", _loose(path, "tree", _entry(b"_", ids[0])))


@case("an index that points beyond its pack")
def _(path: Path, canary: Path) -> None:
    _pack(path, "3" * 40, [("ef" * 20, _head(3, 4) + zlib.compress(b"abcd"))])
    index = path / f"objects/pack/pack-{'3' * 40}.idx"
    data = bytearray(index.read_bytes()[:-20])
    data[-24:-20] = struct.pack(">L", 0x7FFFFFF0)
    index.write_bytes(bytes(data) + hashlib.sha1(data, usedforsecurity=False).digest())
    _world(path, b"memories", _loose(path, "tree", _entry(b"_", "ef" * 20)))


@case("an index that says it has 4 billion objects")
def _(path: Path, canary: Path) -> None:
    (path / f"objects/pack/pack-{'4' * 40}.pack").write_bytes(b"PACK" + struct.pack(">LL", 2, 0xFFFFFFFF) + bytes(20))
    body = b"\xfftOc" + struct.pack(">L", 2) + b"\xff" * 1024
    (path / f"objects/pack/pack-{'4' * 40}.idx").write_bytes(body + hashlib.sha1(body, usedforsecurity=False).digest())
    _world(path, b"memories", _loose(path, "tree", _entry(b"_", "ee" * 20)))


def _odd_commit(name: str, text: Callable[[Path], str]) -> None:
    def make(path: Path, canary: Path) -> None:
        (path / "refs/heads/main").write_text(
            _loose(path, "commit", text(path).encode("utf-8", "surrogateescape")) + "\n"
        )

    CASES[f"commit: {name}"] = make


_WHO = "a <a@b> 1800000000 +0000"
_odd_commit("no tree", lambda path: f"author {_WHO}\ncommitter {_WHO}\n\nx\n")
_odd_commit("a tree that is not there", lambda path: f"tree {'1' * 40}\nauthor {_WHO}\ncommitter {_WHO}\n\nx\n")
_odd_commit("no time", lambda path: f"tree {'1' * 40}\nauthor a <a@b>\ncommitter a <a@b>\n\nx\n")
_odd_commit(
    "a time beyond all calendars",
    lambda path: f"tree {'1' * 40}\nauthor a <a> 9{'9' * 30} +0000\ncommitter a <a> 9{'9' * 30} +0000\n\nx\n",
)
_odd_commit(
    "no world in it",
    lambda path: f"tree {_loose(path, 'tree', _entry(b'README', _blob(path)))}\nauthor {_WHO}\ncommitter {_WHO}\n\nx\n",
)
_odd_commit(
    "a hundred thousand parents",
    lambda path: f"tree {'1' * 40}\n" + f"parent {'2' * 40}\n" * 100_000 + f"author {_WHO}\ncommitter {_WHO}\n\nx\n",
)
_odd_commit(
    "words that steer a terminal",
    lambda path: f"tree {'1' * 40}\nauthor \x1b[2J <a@b> 1 +0000\ncommitter \x1b[2J <a@b> 1 +0000\n\n\x1b]0;x\x07\n",
)


@case("a merge in progress that is not one")
def _(path: Path, canary: Path) -> None:
    (path / "memento/merge").write_bytes(b"\x80\x04cos\nsystem\n(S'touch x'\ntR.")


@case("a pending operation that is not one", harmless=True)
def _(path: Path, canary: Path) -> None:
    (path / "memento/pending").write_text("ab" * 20 + "\n")


# ── what happens ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    worker.make(str(folder))
    return folder


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        yield str(path), path.read_bytes() if path.is_file() else b""


@pytest.fixture(scope="module")
def visitor() -> Iterator[subprocess.Popen[str]]:
    home = os.environ.get("HOME")
    environment = {**os.environ, "MEMENTO_DURABILITY": "fast", "HOME": home or "/"}
    command = [sys.executable, str(VISITOR), str(SECONDS), str(MEGABYTES)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process


def visit(plain: Path, folder: Path, name: str, visitor: subprocess.Popen[str]) -> dict[str, str]:
    """Makes a case and has it visited; returns what each step of the visit ended in."""
    shutil.copytree(plain, folder / "w")
    (folder / "victim").mkdir()
    (folder / "victim/file").write_text("0" * 40 + "\n")
    canary = folder / "canary"
    CASES[name](folder / "w/.memento", canary)
    victim = dict(_files(folder / "victim"))
    assert visitor.stdin is not None
    assert visitor.stdout is not None
    visitor.stdin.write(f"{folder / 'w'}\n")
    visitor.stdin.flush()
    report: dict[str, str] = json.loads(visitor.stdout.readline())
    assert not canary.exists(), f"{name}: it ran a program"
    assert dict(_files(folder / "victim")) == victim, f"{name}: it wrote elsewhere"
    return report


@pytest.mark.parametrize("name", list(CASES))
def test_it_does_nothing_and_is_told(plain: Path, tmp_path: Path, visitor: subprocess.Popen[str], name: str) -> None:
    report = visit(plain, tmp_path, name, visitor)
    odd = {step: said for step, said in report.items() if said not in ("ok", "refused")}
    assert not odd, f"{name}: {odd}"
    if name in HARMLESS:
        assert set(report.values()) == {"ok"}, report
    else:
        assert "refused" in report.values(), report


def test_there_are_more_than_a_hundred() -> None:
    assert len(CASES) > 130
