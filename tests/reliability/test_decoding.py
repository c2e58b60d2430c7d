"""Bytes of every stored form, changed at random: each reader gives a value or the error that it documents."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from memento import codec
from memento.errors import CorruptRecord, MementoError, StoreError
from memento.history import config
from memento.history.commit import commit_bytes, parse_commit, parse_tag, tag_bytes
from memento.history.oplog import REF
from memento.history.packs import Index, inflate, inflate_loose, parse
from memento.history.refs import Refs
from memento.workspace import Workspace
from memento.world import chunk
from memento.world.objects import parse_tree, tree_bytes
from memento.world.records import TABLES
from memento.world.world import Manifest

from . import worker
from .worker import small_world

ID = "1" * 40
Reader = Callable[[bytes], object]
Forms = dict[str, tuple[list[bytes], Reader, tuple[type[Exception], ...]]]
MARKS = (
    b"\xff",
    b"\0",
    b"\x80",
    b"\xdd\xff\xff\xff\xff",
    b"\xc7",
    b"9" * 30,
    b"\n",
    b" ",
    b"..",
    b"/",
    b"\xcb\x7f\xf8",
)


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """`seed` with a few bytes changed, taken out, put in, doubled or cut off."""
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 9))):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = chance.randrange(256)
        elif kind == 2:
            del data[at : at + chance.randrange(1, 9)]
        elif kind == 3:
            data[at:at] = chance.choice(MARKS)
        elif kind == 4:
            data[at:at] = data[max(0, at - chance.randrange(1, 20)) : at]
        else:
            del data[at:]
    return bytes(data)


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Forms:
    """By name: seeds, a reader of them, and the errors that it documents."""
    folder = tmp_path_factory.mktemp("forms")
    worker.make(str(folder))
    with Workspace.open(folder) as workspace:
        workspace.fork("main", "many", 40)
        repository = workspace.repository
        tip = repository.refs.read(REF)
        operation = repository.objects.blob(repository.objects.tree(repository._operations.log._commit(tip).tree)[0].id)
    world = small_world(30)
    chunks = {name: chunk.encode(world.tables[name]) for name in ("memories", "entities")}
    pack = next((folder / ".memento/objects/pack").glob("*.idx")).with_suffix("")
    scratch = folder / "scratch"
    scratch.mkdir()

    def index(data: bytes) -> object:
        (scratch / "x.idx").write_bytes(data)
        (scratch / "x.pack").write_bytes(pack.with_suffix(".pack").read_bytes())
        return list(Index(str(scratch / "x")).entries())

    def entry(data: bytes) -> object:
        stored = parse(memoryview(data), 50)
        return inflate(stored.data, stored.size)

    def packed(data: bytes) -> object:
        (scratch / "packed-refs").write_bytes(data)
        refs = Refs(scratch)
        return refs.values("refs/"), refs.read("refs/heads/many-20")

    def loose(data: bytes) -> object:
        (scratch / "HEAD").write_bytes(data)
        return Refs(scratch).read("HEAD")

    def settings(data: bytes) -> object:
        path = Path(scratch, "config")
        path.write_bytes(data)
        return config.Config.load(path)

    body = pack.with_suffix(".pack").read_bytes()
    text = b"blob 3\0abc"
    corrupt, value = (CorruptRecord,), (ValueError,)
    return {
        "codec": (
            [codec.encode({"a": [1, -5, 2.5, None, True, "x" * 40, b"y"], "b": {"c": {}}})],
            codec.decode,
            corrupt,
        ),
        "memories": ([chunks["memories"]], lambda d: chunk.decode(TABLES["memories"], [d], [(ID, "x")]), corrupt),
        "entities": ([chunks["entities"]], lambda d: chunk.decode(TABLES["entities"], [d], [(ID, "x")]), corrupt),
        "manifest": (
            [codec.encode(world.manifest.to_map())],
            lambda d: Manifest.from_map(codec.decode(d), ID),
            (StoreError,),
        ),
        "tree": ([tree_bytes([])], parse_tree, value),
        "folder": ([bytes.fromhex("3430303030206100") + bytes(20) + b"100644 b\0" + bytes(20)], parse_tree, value),
        "commit": ([commit_bytes(ID, [ID, ID], "a <b@c>", 5, "words\n\nmore")], lambda d: parse_commit(ID, d), corrupt),
        "tag": ([tag_bytes(ID, "v1", "a <b@c>", 5, "words")], lambda d: parse_tag(ID, d), corrupt),
        "operation": ([operation], codec.decode, corrupt),
        "index": ([pack.with_suffix(".idx").read_bytes()], index, value),
        "entry": ([body[12:400]], entry, value),
        "loose": ([zlib.compress(text)], inflate_loose, value),
        "packed references": ([(folder / ".memento/packed-refs").read_bytes()], packed, corrupt),
        "reference": ([b"ref: refs/heads/main\n", ID.encode() + b"\n"], loose, corrupt),
        "settings": ([(folder / ".memento/config").read_bytes()], settings, (MementoError,)),
    }


def trial(forms: Forms, cases: int, seed: int) -> int:
    """Reads so many changed forms; returns how many were refused."""
    chance = random.Random(seed)
    refused = 0
    for name, (seeds, reader, documented) in forms.items():
        for _ in range(cases // len(forms)):
            data = mutated(chance.choice(seeds), chance)
            try:
                reader(data)
            except documented:
                refused += 1
            except Exception as error:
                pytest.fail(f"{name}: {type(error).__name__}: {error} of {data[:200]!r}")
    return refused


def test_thirty_thousand_changed_forms(forms: Forms) -> None:
    assert trial(forms, 30_000, 3) > 15_000


@pytest.mark.long
def test_a_million_changed_forms(forms: Forms) -> None:
    assert trial(forms, 1_000_000, 4) > 500_000
