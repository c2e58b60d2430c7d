"""Housekeeping: everything that references lead to is kept and equal, what is left over goes in its time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memento.errors import CorruptRecord, LockHeld, StoreError
from memento.history import Repository
from memento.history.gc import LONGEST
from memento.history.lock import Lock
from memento.vary import parse
from memento.vary.expand import expand
from memento.world import tree

from .conftest import Git, edited, line, small_world


def contents(repository: Repository) -> dict[str, object]:
    """Every reference, and every commit with its world."""
    found: dict[str, object] = dict(repository.refs.values("refs/"))
    for commit in repository.log(*repository.branch_names()):
        found[commit.id] = commit
        found[commit.tree] = tree.read(repository.objects, commit.tree)
    found["operations"] = list(repository.operations())
    return found


def packs(repository: Repository) -> list[str]:
    return sorted(name for name in os.listdir(repository.objects.folder) if name.endswith(".pack"))


def test_one_pack_holds_all_and_stock_git_agrees(repository: Repository, first: str, git: Git, tmp_path: Path) -> None:
    line(repository, 40)
    repository.fork("main~10", "side")
    line(repository, 5, "side")
    repository.tag("v1", "main~3", "words")
    before = contents(repository)
    swept = repository.gc()
    assert len(packs(repository)) == 1
    assert swept.before.packs > 1
    assert swept.after.packs == 1
    assert swept.after.bytes < swept.before.bytes / 2
    assert contents(repository) == before
    with Repository.open(repository.root) as fresh:
        assert contents(fresh) == before
        line(fresh, 1)
    git("fsck", "--full", "--strict")
    git("clone", "-q", "--mirror", str(repository.path), str(tmp_path / "copy"))
    git("verify-pack", str(next(Path(repository.objects.folder).glob("*.idx"))))


def test_chains_of_differences_are_bounded(repository: Repository, first: str, git: Git) -> None:
    line(repository, 3 * LONGEST)
    repository.gc()
    shown = git("verify-pack", "-v", str(next(Path(repository.objects.folder).glob("*.idx"))))
    depths = [int(words[5]) for row in shown.splitlines() if len(words := row.split()) == 7]
    assert LONGEST // 2 < max(depths) <= LONGEST
    tree.read(repository.objects, repository.tree_of("main~140"))


def test_variants_stay_differences_from_their_base(repository: Repository, first: str, git: Git) -> None:
    line(repository, 3)
    expand(repository, "main", parse(["jitter:share=0.1", "drop:share=0.05"]), depth=2, fanout=12)
    line(repository, 3)  # the variants' base is now nearest to a younger one itself
    before = contents(repository)
    swept = repository.gc()
    assert swept.after.bytes <= swept.before.bytes
    assert contents(repository) == before
    assert repository.gc().after == swept.after
    line(repository, 1)
    assert repository.gc().after.bytes < 1.02 * swept.after.bytes
    with Repository.open(repository.root) as fresh:
        assert contents(fresh).items() >= {k: v for k, v in before.items() if len(k) == 40}.items()
    git("fsck", "--full", "--strict")
    shown = git("verify-pack", "-v", str(next(Path(repository.objects.folder).glob("*.idx"))))
    depths = [int(words[5]) for row in shown.splitlines() if len(words := row.split()) == 7]
    assert len(depths) > 300
    assert max(depths) <= LONGEST


def test_the_newest_world_is_kept_whole(repository: Repository, first: str, git: Git) -> None:
    line(repository, 10)
    repository.gc()
    shown = git("verify-pack", "-v", str(next(Path(repository.objects.folder).glob("*.idx"))))
    deltas = {words[0] for row in shown.splitlines() if len(words := row.split()) == 7}
    assert deltas
    for entry in repository.objects.tree(repository.tree_of("main")):
        assert entry.id not in deltas


def test_again_changes_nothing(repository: Repository, first: str) -> None:
    line(repository, 5)
    repository.gc()
    before = packs(repository)
    swept = repository.gc()
    assert packs(repository) == before
    assert (swept.removed, swept.young) == (0, 0)


def test_what_nothing_leads_to_is_kept_for_its_time(repository: Repository, first: str, git: Git) -> None:
    name = repository.objects.add_blob(b"left over")
    repository.objects.add_tree([])
    repository.commit("main", edited(repository, repository.tree_of("main")), "with a blob beside it")
    assert repository.gc().young == 1
    assert repository.objects.contains(name)
    for pack in Path(repository.objects.folder).glob("*.pack"):
        os.utime(pack, (1, 1))
    assert repository.gc().removed == 1
    with Repository.open(repository.root) as fresh:
        assert not fresh.objects.contains(name)
    git("fsck", "--full", "--strict")


def test_its_time_goes_on_where_it_was_packed_anew(repository: Repository, first: str) -> None:
    repository.objects.add_blob(b"left over")
    repository.commit("main", edited(repository, repository.tree_of("main")), "with a blob beside it")
    then = time.time() - 10 * 86_400
    for pack in Path(repository.objects.folder).glob("*.pack"):
        os.utime(pack, (then, then))
    assert repository.gc().young == 1
    line(repository, 2)
    assert repository.gc(9 * 86_400).removed == 1


def test_loose_objects_of_git_are_packed(repository: Repository, first: str, git: Git) -> None:
    git("-c", "user.name=a", "-c", "user.email=a@b", "tag", "-a", "loose", "-m", "by git", first)
    swept = repository.gc(0.0)
    assert (swept.before.loose, swept.after.loose) == (1, 0)
    assert git("cat-file", "-t", "loose").strip() == "tag"


def test_what_undo_brings_back_is_never_taken_away(repository: Repository, first: str) -> None:
    repository.fork("main", "gone")
    made = line(repository, 3, "gone")
    repository.delete_branch("gone")
    repository.gc(0.0)
    repository.undo()
    assert repository.resolve("gone") == made[-1]
    tree.read(repository.objects, repository.tree_of("gone"))


def test_a_merge_in_progress_keeps_its_sides(repository: Repository, first: str, git: Git) -> None:
    made = git("-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "x", f"{first}^{{tree}}").strip()
    (repository.path / "memento/merge").write_bytes(b"names " + made.encode() + b" and others")
    repository.gc(0.0)
    assert repository.objects.contains(made)


def test_a_missing_object_stops_it_and_nothing_is_taken_away(repository: Repository, first: str) -> None:
    line(repository, 3)
    names = packs(repository)
    lost = Path(repository.objects.folder, names[0])
    lost.with_suffix(".idx").unlink()
    with Repository.open(repository.root) as opened:
        with pytest.raises(CorruptRecord):
            opened.gc(0.0)
        assert packs(opened) == names


def test_a_damaged_object_stops_it(repository: Repository, first: str) -> None:
    line(repository, 3)
    names = packs(repository)
    for name in names:
        path = Path(repository.objects.folder, name)
        data = bytearray(path.read_bytes())
        data[40] ^= 0xFF
        path.chmod(0o600)
        path.write_bytes(bytes(data))
    with Repository.open(repository.root) as opened:
        with pytest.raises(StoreError):
            opened.gc(0.0)
        assert packs(opened) == names


def test_one_at_a_time(repository: Repository, first: str) -> None:
    with Lock(str(repository.path / "memento/gc")), pytest.raises(LockHeld):
        repository.gc()


@pytest.mark.parametrize("verb", ["fork", "commit", "part", "undo"])
def test_a_handle_that_has_read_what_is_taken_away_does_not_refer_to_it(
    repository: Repository, first: str, git: Git, verb: str
) -> None:
    repository.fork("main", "side")
    line(repository, 7, "side")
    line(repository, 2)
    tip = repository.commit_of("side")
    edited(repository, tip.tree, "m1-1")
    repository.objects.discard()
    repository.delete_branch("side")
    with Repository.open(repository.root) as other:
        if verb != "undo":
            other.forget_operations()
        assert (other.gc(0.0).removed > 0) == (verb != "undo")
    before = repository.refs.values("refs/heads/")
    if verb == "undo":
        repository.undo()
        assert repository.resolve("side") == tip.id
        return
    do = {
        "fork": lambda: repository.fork(tip.id, "again"),
        "commit": lambda: repository.commit("main", tip.tree, "again"),
        "part": lambda: repository.commit("main", edited(repository, tip.tree, "m1-1"), "a part of it"),
    }[verb]
    with pytest.raises(StoreError):
        do()
    assert repository.refs.values("refs/heads/") == before
    line(repository, 1)
    git("fsck", "--full", "--strict")


def test_a_dry_run_does_nothing(repository: Repository, first: str) -> None:
    line(repository, 3)
    before = packs(repository)
    swept = repository.gc(dry_run=True)
    assert swept.objects > 10
    assert packs(repository) == before


def test_what_moves_meanwhile_is_kept(repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer refers, after the packs were written, to what nothing led to before."""
    from memento.history import gc

    old = repository.objects.add("commit", repository.objects.read(first)[1].replace(b"first", b"other"))
    line(repository, 2)
    original = gc._remove

    def late(*arguments: object) -> None:
        with Repository.open(repository.root) as other:
            (other.path / "refs/heads/late").write_text(old + "\n")
        original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gc, "_remove", late)
    repository.gc(0.0)
    with Repository.open(repository.root) as fresh:
        assert fresh.resolve("late") == old
        tree.read(fresh.objects, fresh.tree_of("late"))


def by_git(git: Git, first: str, words: str = "by git") -> str:
    """A commit that no reference of ours leads to."""
    made = git(
        "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-p", first, "-m", words, f"{first}^{{tree}}"
    )
    return made.strip()


def test_branches_with_names_that_memento_does_not_take_are_kept(repository: Repository, first: str, git: Git) -> None:
    names = {"refs/heads/über": by_git(git, first, "umlaut"), f"refs/heads/{'n' * 200}/{'n' * 200}": by_git(git, first)}
    for name, commit in names.items():
        git("update-ref", name, commit)
    line(repository, 3)
    repository.gc(0.0)
    for commit in names.values():
        assert git("cat-file", "-t", commit).strip() == "commit"
    git("fsck", "--full", "--strict")


def test_what_a_work_tree_of_git_stands_on_is_kept(
    repository: Repository, first: str, git: Git, tmp_path: Path
) -> None:
    git("worktree", "add", "--detach", str(tmp_path / "tree"), first)
    made = by_git(git, first)
    git("checkout", "-q", "--detach", made, folder=tmp_path / "tree")
    line(repository, 3)
    repository.gc(0.0)
    assert git("log", "-1", "--format=%H", folder=tmp_path / "tree").strip() == made


def test_a_reference_that_cannot_be_read_stops_it(repository: Repository, first: str, git: Git) -> None:
    line(repository, 3)
    before = packs(repository)
    (repository.path / "refs/heads/über").write_text("no id")
    with pytest.raises(CorruptRecord):
        repository.gc(0.0)
    assert packs(repository) == before


def test_nothing_is_moved_to_a_commit_that_was_taken_away(repository: Repository, first: str, git: Git) -> None:
    """What another process took away is still in the memory of this one."""
    lost = by_git(git, first)
    assert repository.resolve(lost) == lost
    with Repository.open(repository.root) as other:
        line(other, 2)
        other.gc(0.0)
    with pytest.raises(StoreError, match="taken it away"), repository.batch("move") as batch:
        batch.move("main", lost)
    with pytest.raises(StoreError, match=r"taken it away|missing"), repository.batch("start") as batch:
        batch.start("late", lost)
    line(repository, 1)
    with Repository.open(repository.root) as fresh:
        assert fresh.branch_names() == ["main"]
        assert lost not in fresh.ancestors("main")


def test_packs_that_another_writer_joins_meanwhile(
    repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memento.history import gc
    from memento.history.consolidate import FACTOR

    line(repository, FACTOR - 2)
    before = contents(repository)
    original = gc._unreachable

    def joined(*arguments: object) -> object:
        with Repository.open(repository.root) as other:
            line(other, 3)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gc, "_unreachable", joined)
    repository.gc(0.0)
    with Repository.open(repository.root) as fresh:
        found = contents(fresh)
        assert all(found[name] == value for name, value in before.items() if len(name) == 40)


def test_the_log_is_forgotten_only_where_gc_can_be_done(repository: Repository, first: str) -> None:
    line(repository, 2)
    with Lock(str(repository.path / "memento/gc")), pytest.raises(LockHeld):
        repository.gc(forget=True)
    assert len(list(repository.operations())) == 3
    swept = repository.gc(0.0, forget=True)
    assert swept.removed
    assert list(repository.operations()) == []
    line(repository, 1)
    repository.undo()
    names = packs(repository)
    Path(repository.objects.folder, names[0]).with_suffix(".idx").unlink()
    with Repository.open(repository.root) as opened:
        tip = opened.refs.read("refs/memento/operations")
        with pytest.raises(CorruptRecord):
            opened.gc(forget=True)
        assert opened.refs.read("refs/memento/operations") == tip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["edit", "side", "fork", "delete", "undo", "world", "gc", "prune"]), max_size=14))
def test_after_any_work_everything_is_there(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    with Repository.init(tmp_path_factory.mktemp("any")) as repository:
        repository.commit("main", tree.write(repository.objects, small_world(70)), "first")
        repository.fork("main", "side")
        for number, step in enumerate([*steps, "gc"]):
            if step == "edit":
                line(repository, 2)
            elif step == "side":
                line(repository, 1, "side")
            elif step == "fork":
                repository.fork("side", f"f{number}", 3)
            elif step == "delete":
                repository.delete_branch(*([n for n in repository.branch_names() if n[0] == "f"][:2] or ["side"]))
                if not repository.has_branch("side"):
                    repository.fork("main", "side")
            elif step == "undo":
                repository.undo()
                if not repository.has_branch("main") or not repository.has_branch("side"):
                    repository.redo()
            elif step == "world":
                repository.commit("main", tree.write(repository.objects, small_world(90, number)), "another")
            else:
                before = contents(repository)
                repository.gc(0.0 if step == "prune" else None)
                assert contents(repository) == before
                with Repository.open(repository.root) as fresh:
                    assert contents(fresh) == before
