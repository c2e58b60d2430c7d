from __future__ import annotations

import subprocess

import pytest

from memento.errors import CorruptRecord
from memento.history import Repository
from memento.history import nearby as module
from memento.history.nearby import Nearby

from .conftest import Git, line


def everything(repository: Repository, git: Git) -> list[tuple[str, str]]:
    """(id, kind) of every object that git finds in a repository."""
    lines = git("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)").splitlines()
    return [(name, kind) for name, kind in (text.split() for text in lines)]


@pytest.mark.parametrize("packed", ["as written", "one pack with deltas", "loose"])
def test_it_reads_what_the_store_reads(
    repository: Repository, first: str, git: Git, packed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line(repository, 12)
    if packed == "loose":
        for pack in sorted((repository.path / "objects" / "pack").glob("*.pack")):
            data = pack.read_bytes()
            for path in (pack, pack.with_suffix(".idx")):
                path.unlink()
            subprocess.run(["git", "-C", str(repository.path), "unpack-objects", "-q"], input=data, check=True)
    elif packed != "as written":
        git("repack", "-adfq", "--depth=50")
    repository.objects.refresh(force=True)
    monkeypatch.setattr(module, "_BYTES", 500)
    for kind in ("commit", "tree"):
        reader = Nearby(repository.objects, kind)
        wanted = [name for name, found in everything(repository, git) if found == kind]
        assert len(wanted) > 12
        for name in wanted + wanted[::-1]:
            assert (kind, reader.read(name)) == repository.objects.read(name)


def test_what_is_staged_is_read_too(repository: Repository) -> None:
    name = repository.objects.add_tree([])
    assert Nearby(repository.objects, "tree").read(name) == b""


def test_another_kind_and_a_missing_object_are_told(repository: Repository, first: str) -> None:
    with pytest.raises(CorruptRecord, match="a commit where a tree belongs"):
        Nearby(repository.objects, "tree").read(first)
    with pytest.raises(CorruptRecord, match="missing"):
        Nearby(repository.objects, "commit").read("f" * 40)


def test_every_broken_byte_of_a_commit_is_noticed(repository: Repository, first: str) -> None:
    place = repository.objects.pack_of(first)
    assert place is not None
    pack, offset = place
    good = Nearby(repository.objects, "commit").read(first)
    path = repository.path / "objects" / "pack" / f"{pack.path.rpartition('/')[2]}.pack"
    path.chmod(0o644)
    data = path.read_bytes()
    for at in range(offset, pack.index.end_of(offset)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        with Repository.open(repository.root) as again:
            try:
                found = Nearby(again.objects, "commit").read(first)
            except CorruptRecord:
                continue
            assert found == good
