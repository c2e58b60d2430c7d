"""Who writes a pack of objects takes them as they are kept, bases first."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from memento.history import Repository
from memento.history import kept as module
from memento.history.bundle import create
from memento.history.delta import make_delta
from memento.history.kept import bases_first, difference, whole
from memento.history.objects import Objects
from memento.history.transfer import clone
from memento.vary import parse
from memento.vary.expand import expand

from .conftest import Git


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    (tmp_path / "objects" / "pack").mkdir(parents=True)
    return Objects(tmp_path)


def alike(objects: Objects, count: int) -> tuple[str, list[str]]:
    """A stored object and some that are kept by their difference from it."""
    content = os.urandom(3000)
    base = objects.add_blob(content)
    made = []
    for number in range(count):
        made.append(objects.add_blob(content[:500] + b"%08d" % number + content[508:]))
        objects.resembles(made[-1], base)
    objects.flush()
    return base, made


def test_differences_are_read_as_they_are_kept(objects: Objects) -> None:
    base, made = alike(objects, 10)
    found = difference(objects, made[3])
    assert found is not None
    assert found.base == base
    assert zlib.decompress(found.data) == make_delta(objects.blob(base), objects.blob(made[3]))
    assert len(zlib.decompress(found.data)) == found.size
    assert difference(objects, base) is None
    assert zlib.decompress(whole(objects, base, "blob", b"", 1)) == objects.blob(base)
    assert zlib.decompress(whole(objects, made[3], "blob", b"made anew", 1)) == b"made anew"
    staged = objects.add_blob(b"not stored yet")
    assert difference(objects, staged) is None


def test_bases_come_first_and_once(objects: Objects) -> None:
    base, made = alike(objects, 10)
    assert [name for name, _ in bases_first(objects, [*made, base])] == [base, *made]
    told = dict(bases_first(objects, [*made, base]))
    assert told[base] is None
    assert all(kept is not None and kept.base == base for name, kept in told.items() if name != base)
    assert list(bases_first(objects, made)) == [(name, None) for name in made]


def test_what_differs_from_each_other_in_two_packs_is_written_once(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = {"a": "b", "b": "c", "c": "a", "d": "d"}
    monkeypatch.setattr(module, "difference", lambda _, name: module.Difference(around[name], 1, b""))
    found = [(name, kept.base if kept else "") for name, kept in bases_first(objects, ["a", "b", "c", "d"])]
    assert found == [("c", ""), ("b", "c"), ("a", "b"), ("d", "")]


def test_variants_go_to_a_clone_and_a_bundle_as_differences(
    repository: Repository, first: str, git: Git, tmp_path: Path
) -> None:
    expand(repository, "main", parse(["jitter:share=0.1"]), fanout=40)
    size = sum(path.stat().st_size for path in (repository.path / "objects" / "pack").iterdir())
    root, _ = clone(str(repository.root), tmp_path / "copy")
    with Repository.open(root) as copy:
        assert sum(path.stat().st_size for path in (copy.path / "objects" / "pack").iterdir()) < 1.1 * size
        for name in repository.branch_names()[:5]:
            commit = repository.commit_of(name)
            assert copy.commit_of(commit.id) == commit
    create(repository, tmp_path / "all.bundle", ["main", *repository.branch_names()])
    assert (tmp_path / "all.bundle").stat().st_size < 1.1 * size
    git("bundle", "verify", "-q", str(tmp_path / "all.bundle"))
