from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from memento.errors import MementoError, NotFound
from memento.history import Repository
from memento.history.fsck import Fault
from memento.world import tree
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta

from .conftest import Git, line


def kinds(repository: Repository, **options: bool) -> list[str]:
    return [fault.kind for fault in repository.fsck(**options).faults]  # type: ignore[arg-type]


def faults(repository: Repository) -> list[Fault]:
    with Repository.open(repository.root) as opened:
        return opened.fsck().faults


def test_a_sound_repository_has_none(repository: Repository, first: str, git: Git) -> None:
    line(repository, 8)
    repository.fork("main", "many", 40)
    repository.tag("v1", "main", "words")
    found = repository.fsck(full=True)
    assert found.faults == []
    assert (found.worlds, found.packs) == (9, len(list(Path(repository.objects.folder).glob("*.pack"))))
    repository.gc()
    again = repository.fsck(full=True)
    assert again.faults == []
    assert again.packs == 1
    git("gc", "-q")
    assert repository.fsck().faults == []


def test_a_revision_that_there_is_not(repository: Repository, first: str) -> None:
    with pytest.raises(NotFound):
        repository.fsck("mian")


def test_a_damaged_object_is_told_with_its_branches(repository: Repository, first: str) -> None:
    repository.fork("main", "side")
    made = line(repository, 1, "side")[0]
    place = repository.objects.place_of(repository.commit_of(made).tree)
    assert place is not None
    pack, _, end = place
    path = Path(pack.path + ".pack")
    data = bytearray(path.read_bytes())
    data[end - 3] ^= 0x55
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    found = faults(repository)
    assert {fault.kind for fault in found} == {"corrupt"}
    of_tree = next(fault for fault in found if fault.object_id == repository.commit_of(made).tree)
    assert of_tree.branches == ("side",)
    assert "clone or a backup" in of_tree.hint
    assert any(fault.why == "the pack does not match its checksum" for fault in found)


def test_a_missing_pack_is_told_object_by_object(repository: Repository, first: str) -> None:
    made = line(repository, 2)
    place = repository.objects.place_of(made[0])
    assert place is not None
    for ending in (".pack", ".idx"):
        os.unlink(place[0].path + ending)
    found = faults(repository)
    assert made[0] in {fault.object_id for fault in found}
    assert all(fault.kind == "corrupt" for fault in found)


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"1" * 40 + b"\n"])
def test_a_reference_that_leads_nowhere(repository: Repository, first: str, content: bytes) -> None:
    repository.fork("main", "side")
    (repository.path / "refs/heads/side").write_bytes(content)
    found = [fault for fault in faults(repository) if fault.kind == "corrupt"]
    assert found
    assert (
        "refs/heads/side" in {fault.path for fault in found} | set(found[0].branches) or found[0].object_id == "1" * 40
    )


def test_packed_references_that_are_none(repository: Repository, first: str) -> None:
    repository.fork("main", "many", 40)
    (repository.path / "packed-refs").write_bytes(b"# pack-refs with: peeled fully-peeled sorted \nwhat?\n")
    assert any(fault.path == "packed-refs" for fault in faults(repository))


def test_what_stock_git_moved_is_a_note(repository: Repository, first: str, git: Git) -> None:
    line(repository, 3)
    git("update-ref", "refs/heads/main", "refs/heads/main~2")
    found = faults(repository)
    assert [(fault.kind, fault.path) for fault in found] == [("note", "refs/heads/main")]
    assert "something else has moved it" in found[0].why


def test_a_world_that_contradicts_itself(repository: Repository, first: str) -> None:
    objects = repository.objects
    row = tree.find(objects, repository.tree_of("main"), "memories", ["m0-0"])
    bad = row.replace(superseded_by=["m9-9"])
    repository.commit("main", tree.apply(objects, repository.tree_of("main"), Delta({"memories": bad})), "bad")
    found = faults(repository)
    assert {fault.kind for fault in found} == {"contradiction"}
    assert any("dangling reference" in fault.why and fault.branches == ("main",) for fault in found)


def test_a_tree_that_memento_does_not_write(repository: Repository, first: str) -> None:
    objects = repository.objects
    rows = Table.from_records(TABLES["memories"], [{"id": "x-1", "text": "a", "created_at": 1}])
    from memento.world import chunk
    from memento.world.objects import Entry

    entries = [entry for entry in objects.tree(repository.tree_of("main")) if entry.name != "memories"]
    odd = objects.add_tree([Entry("0", objects.add_blob(chunk.encode(rows)), False)])
    repository.commit("main", objects.add_tree([*entries, Entry("memories", odd, True)]), "odd")
    found = faults(repository)
    assert {fault.kind for fault in found} == {"corrupt"}
    assert {fault.path for fault in found} <= {"memories", "memories/0"}
    assert found[0].branches == ("main",)


def seen(folder: Path) -> object:
    """All that a user can see."""
    with Repository.open(folder) as repository:
        branches = repository.branches()
        if any(branch.subject.startswith("(corrupt") for branch in branches):
            raise MementoError("corrupt")
        names = [f"refs/heads/{branch.name}" for branch in branches]
        return (
            repository.head, branches, [tree.read(repository.objects, repository.tree_of(name)) for name in names],
            list(repository.log(*names)), repository.tags(), list(repository.operations()),
        )  # fmt: skip


def test_any_changed_byte_is_found_or_harms_nothing(repository: Repository, first: str, tmp_path: Path) -> None:
    line(repository, 2)
    repository.fork("main", "side")
    line(repository, 1, "side")
    repository.tag("v1", "main", "words")
    repository.fork("main", "many", 33)
    right = seen(repository.root)
    copy = tmp_path / "copy"
    shutil.copytree(repository.root, copy)
    tried = silent = 0
    for number, path in enumerate(sorted(p for p in (copy / ".memento").rglob("*") if p.is_file())):
        if path.name in ("config", "description"):
            continue
        data, mode = path.read_bytes(), path.stat().st_mode
        path.chmod(0o600)
        for at in range(number % 83, len(data), 83):
            for mask in (0x01, 0x20, 0xFF):
                changed = bytearray(data)
                changed[at] ^= mask
                path.write_bytes(bytes(changed))
                tried += 1
                try:
                    with Repository.open(copy) as opened:
                        found = opened.fsck().faults
                except MementoError:
                    continue
                if not found:
                    silent += 1
                    assert seen(copy) == right, f"{path}, byte {at}"
        path.write_bytes(data)
        path.chmod(mode)
    assert tried > 150
    assert silent < tried / 4


def test_a_branch_that_only_git_sees_is_told_and_followed(repository: Repository, first: str, git: Git) -> None:
    git("update-ref", "refs/heads/über", first)
    found = repository.fsck()
    assert [(fault.kind, fault.path) for fault in found.faults] == [("note", "refs/heads/über")]
    (repository.path / "refs/heads/über").write_text("1" * 40 + "\n")
    assert "1" * 40 in [fault.object_id for fault in repository.fsck().of("corrupt")]
    (repository.path / "refs/heads/über").write_text("x")
    assert [fault.path for fault in repository.fsck().of("corrupt")] == ["refs/heads/über"]
