from __future__ import annotations

import hashlib
import os
import random
import re
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.errors import CorruptRecord, StaleBranch
from memento.history import Repository
from memento.history.lock import Lock
from memento.history.packedrefs import Packed
from memento.history.refs import Move, Refs

from .conftest import Git, line

ID = "a" * 40


@pytest.fixture
def refs(tmp_path: Path) -> Refs:
    for folder in ("refs/heads", "refs/tags", "memento"):
        (tmp_path / folder).mkdir(parents=True)
    return Refs(tmp_path)


def put(refs: Refs, *moves: Move) -> None:
    with Lock(f"{refs.path}/memento/lock") as lock:
        refs.prepare(moves, lock).finish()


def test_a_ref_is_made_moved_and_deleted(refs: Refs) -> None:
    put(refs, Move("refs/heads/a/b", "", ID))
    assert refs.read("refs/heads/a/b") == ID
    assert refs.values("refs/heads/") == {"refs/heads/a/b": ID}
    put(refs, Move("refs/heads/a/b", ID, "b" * 40))
    put(refs, Move("refs/heads/a/b", "b" * 40, ""))
    assert refs.read("refs/heads/a/b") == ""
    assert not os.listdir(f"{refs.path}/refs/heads")
    put(refs, Move("refs/heads/a", "", ID))
    assert refs.read("refs/heads/a") == ID


@pytest.mark.parametrize("before", ["", "b" * 40])
def test_a_ref_that_is_elsewhere_is_not_moved(refs: Refs, before: str) -> None:
    put(refs, Move("refs/heads/x", "", ID))
    was = "not at bbbbbbbbbb: it was moved" if before else "and was not there before: it was made"
    with pytest.raises(StaleBranch, match=f"branch x is at aaaaaaaaaa, {was} meanwhile"):
        put(refs, Move("refs/heads/y", "", ID), Move("refs/heads/x", before, "c" * 40))
    assert refs.values("refs/") == {"refs/heads/x": ID}
    assert os.listdir(f"{refs.path}/refs/heads") == ["x"]


@pytest.mark.parametrize("content", ["", "\n", "z" * 40, "a" * 39, "ref: somewhere", "a" * 40 + " x"])
def test_a_file_that_is_no_ref_is_corrupt_not_absent(refs: Refs, content: str) -> None:
    Path(refs.path, "refs/heads/x").write_text(content)
    with pytest.raises(CorruptRecord, match="refs/heads/x"):
        refs.read("refs/heads/x")


def test_a_ref_that_is_gone_is_told_as_such(refs: Refs) -> None:
    with pytest.raises(StaleBranch, match="branch x is gone, and was at aaaaaaaaaa: it was deleted meanwhile"):
        put(refs, Move("refs/heads/x", ID, "c" * 40))


@pytest.mark.parametrize(
    ("ref", "way"),
    [
        ("HEAD", "echo ref: refs/heads/main > .memento/HEAD"),
        ("refs/heads/x", f"echo {ID} > .memento/refs/heads/x"),
        ("refs/memento/operations", "rm .memento/refs/memento/operations"),
    ],
)
def test_the_way_back_from_an_empty_ref_works(tmp_path: Path, ref: str, way: str) -> None:
    with Repository.init(tmp_path) as repository:
        path = repository.path / ref
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    with pytest.raises(CorruptRecord) as caught, Repository.open(tmp_path) as repository:
        repository.refs.read(ref)
    assert way.replace(ID, "COMMIT") in caught.value.hint
    subprocess.run(way, shell=True, check=True, cwd=tmp_path)
    with Repository.open(tmp_path) as repository:
        repository.refs.read(ref)


def test_names_outside_of_refs_are_never_opened(refs: Refs) -> None:
    Path(refs.path, "secret").write_text(ID)
    assert refs.read("refs/heads/../../secret") == ""
    assert refs.read("secret") == ""


@pytest.mark.parametrize("count", [1, 40, 3000])
def test_packed_refs_are_found_by_bisection(refs: Refs, count: int) -> None:
    rng = random.Random(count)
    names = sorted(
        {f"refs/heads/{rng.randrange(10 ** rng.randrange(1, 12))}{'x' * rng.randrange(60)}" for _ in range(count)}
    )
    lines = ["# pack-refs with: peeled fully-peeled sorted "]
    values = {}
    for name in names:
        values[name] = f"{rng.getrandbits(160):040x}"
        lines.append(f"{values[name]} {name}")
        if rng.random() < 0.3:
            lines.append("^" + "1" * 40)
    Path(refs.path, "packed-refs").write_text("\n".join(lines) + "\n")
    assert all(refs.read(name) == values[name] for name in names)
    assert all(refs.read(name + "!") == "" for name in names)
    assert refs.read("refs/heads/") == refs.read("refs/heads/~") == ""
    assert refs.values("refs/heads/") == values
    unsorted = [lines[0].replace("sorted ", ""), *(line for line in reversed(lines[1:]) if line[0] != "^")]
    Path(refs.path, "packed-refs").write_text("\n".join(unsorted) + "\n")
    assert refs.read(names[0]) == values[names[0]]


def test_a_broken_line_of_packed_refs_is_corrupt(refs: Refs) -> None:
    Path(refs.path, "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \nnonsense\n")
    with pytest.raises(CorruptRecord, match="packed-refs"):
        refs.values("refs/heads/")


def test_many_are_made_moved_and_deleted_in_one_rewrite(refs: Refs) -> None:
    put(refs, Move("refs/heads/z", "", ID), Move("refs/heads/n050", "", ID))
    names = [f"refs/heads/n{n:03d}" for n in range(100)]
    put(refs, *(Move(name, ID if "050" in name else "", "b" * 40) for name in names))
    assert refs.values("refs/") == {**dict.fromkeys(names, "b" * 40), "refs/heads/z": ID}
    assert os.listdir(f"{refs.path}/refs/heads") == ["z"]
    put(refs, *(Move(name, "b" * 40, "") for name in names))
    assert refs.values("refs/") == {"refs/heads/z": ID}


def test_peeled_tags_survive_a_rewrite(repository: Repository, first: str, git: Git) -> None:
    repository.tag("v1", first, "words")
    git("pack-refs", "--all")
    repository.fork("main", "many", 50)
    assert f"^{first}" in (repository.path / "packed-refs").read_text()
    assert git("rev-parse", "v1^{commit}").strip() == first
    git("pack-refs", "--all")
    assert len(repository.branch_names()) == 51


def test_a_strangers_lock_is_waited_for_then_broken(
    repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("memento.history.refs._PATIENCE", 0.05)
    stale = repository.path / "refs/heads/main.lock"
    stale.write_text("")
    line(repository, 1)
    assert "main.lock" in caplog.text
    assert not stale.exists()


def test_a_lock_from_before_the_machine_started_is_broken_at_once(repository: Repository, first: str) -> None:
    lock = repository.path / "refs/heads/main.lock"
    lock.write_text("")
    os.utime(lock, (1, 1))
    began = time.monotonic()
    line(repository, 1)
    assert time.monotonic() - began < 2
    assert not lock.exists()


def test_names_by_their_beginning(repository: Repository, first: str) -> None:
    repository.fork("main", "many", 40)
    repository.fork("main", "folder/many-1")
    repository.fork("main", "manifold")
    assert repository.branch_names("many-0") == [f"many-0{n}" for n in range(1, 10)]
    assert repository.branch_names("man") == ["manifold", *(f"many-{n:02d}" for n in range(1, 41))]
    assert repository.branch_names("folder/") == ["folder/many-1"]
    assert repository.branch_names("x") == []
    assert repository.tips("manif") == {"manifold": first}


@pytest.mark.parametrize(
    "line", ["junk", "0" * 40 + " rdfs/heads/x", "0" * 39 + " refs/heads/x", "0" * 40 + " refs/heads/x..y"]
)
def test_a_line_that_is_none_is_told_whatever_is_asked_for(repository: Repository, first: str, line: str) -> None:
    repository.fork("main", "many", 40)
    path = repository.path / "packed-refs"
    text = path.read_text()
    path.write_text(text + line + "\n")
    with pytest.raises(CorruptRecord, match="do not match their checksum"):
        repository.branch_names("many-01")
    path.write_text(re.sub(" sha1:[0-9a-f]{40}", "", text) + line + "\n")  # as another program writes it
    with pytest.raises(CorruptRecord, match="not a reference"):
        repository.branch_names("many-01")


def test_a_changed_name_in_packed_refs_is_told(repository: Repository, first: str) -> None:
    repository.fork("main", "many", 40)
    path = repository.path / "packed-refs"
    path.write_bytes(path.read_bytes().replace(b"many-19", b"many-59"))
    with Repository.open(repository.root) as opened:
        for read in (lambda: opened.resolve("many-19"), lambda: opened.resolve("many-20"), opened.branches):
            with pytest.raises(CorruptRecord, match="checksum"):
                read()


def test_gits_own_packed_refs_are_read_and_get_a_checksum_again(repository: Repository, first: str, git: Git) -> None:
    repository.fork("main", "many", 40)
    assert "sha1:" in (repository.path / "packed-refs").read_text()
    assert git("rev-parse", "many-07").strip() == first
    git("pack-refs", "--all")
    assert "sha1:" not in (repository.path / "packed-refs").read_text()
    assert len(repository.branch_names()) == 41
    repository.fork("main", "more", 40)
    assert "sha1:" in (repository.path / "packed-refs").read_text()
    git("fsck", "--strict")


@settings(max_examples=60, deadline=None)
@given(
    names=st.sets(st.from_regex(r"refs/(heads|tags)/[a-d]{1,3}(-[0-9]{1,2})?", fullmatch=True), max_size=60),
    peeled=st.integers(0, 3),
)
def test_every_line_is_found_and_no_other(names: set[str], peeled: int) -> None:
    ids = {name: f"{number:040x}" for number, name in enumerate(sorted(names))}
    lines = []
    for number, name in enumerate(sorted(names)):
        lines.append(f"{ids[name]} {name}\n")
        if peeled and number % peeled == 0:
            lines.append(f"^{ids[name]}\n")
    packed = Packed.parse(b"# pack-refs with: peeled fully-peeled sorted \n" + "".join(lines).encode())
    for name in names:
        assert packed.value(name.encode()) == ids[name]
        for other in (name + "0", name[:-1]):
            assert packed.value(other.encode()) == ids.get(other, "")
    assert {name: value for value, name in packed.lines} == ids
    again = Packed.parse(packed.changed(dict.fromkeys(sorted(names)[::2], "f" * 40)))
    assert [name for _, name in again.lines] == sorted(names)
    assert Packed.parse(packed.changed(dict.fromkeys(names, ""))).lines == []


NAMES = st.sets(
    st.builds("refs/{}/{}".format, st.sampled_from(["heads", "tags", "notes"]), st.text("ab/", min_size=1, max_size=4)),
    max_size=30,
).map(lambda names: sorted(name for name in names if "//" not in name and name[-1] != "/"))


@given(NAMES, st.text("ab/", max_size=3), st.sampled_from(["refs/heads/", "refs/tags/", "refs/"]), st.booleans())
def test_names_with_a_beginning_are_found_by_bisection(names: list[str], word: str, folder: str, peeled: bool) -> None:
    made = Packed(b"").changed({name: f"{number:040x}" for number, name in enumerate(names)})
    if peeled:
        head, _, body = made.partition(b"\n")
        body = b"".join(line + b"\n^" + b"a" * 40 + b"\n" for line in body.splitlines())
        made = head.partition(b" sha1")[0] + b" sha1:%s \n" % hashlib.sha1(body).hexdigest().encode() + body
    packed = Packed.parse(made)
    assert packed.sound
    assert packed.names(folder + word) == [name for name in names if name.startswith(folder + word)]
    assert Packed.parse(made.partition(b"\n")[2]).names(folder) == [name for name in names if name.startswith(folder)]


def test_what_git_alone_keeps(repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = repository.refs
    (repository.path / "refs/heads/über").write_text(first + "\n")
    (repository.path / "refs/heads/.hidden").write_text("no reference, as git sees it")
    (repository.path / "worktrees/w").mkdir(parents=True)
    (repository.path / "worktrees/w/HEAD").write_text(first + "\n")
    assert refs.foreign() == {"refs/heads/über": first, "worktrees/w/HEAD": first}
    (repository.path / "worktrees/w/HEAD").write_text("ref: refs/heads/über\n")
    assert refs.foreign() == {"refs/heads/über": first}
    loose = list(refs.loose("refs"))
    monkeypatch.setattr(refs, "loose", lambda folder: iter(loose if folder == "refs" else ()))
    (repository.path / "refs/heads/über").unlink()
    assert refs.foreign() == {}
