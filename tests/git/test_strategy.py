from __future__ import annotations

from pathlib import Path

import memento
from memento.git.attach import PROGRAM
from memento.history import Repository
from memento.history.merges import Merges
from memento.world import tree
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta

from .conftest import CLOCK, Clone, change


def add(repository: Repository, branch: str, ids: list[str]) -> None:
    if not repository.has_branch(branch):
        repository.fork("main", branch)
    rows = [{"id": i, "text": f"new {i}", "entity": "e-1", "importance": 0.5, "created_at": CLOCK} for i in ids]
    tree_id = repository.tree_of(branch)
    after = tree.apply(repository.objects, tree_id, Delta({"memories": Table.from_records(TABLES["memories"], rows)}))
    repository.commit(branch, after, f"{branch}: add {len(ids)}")


def both(repository: Repository, clone: Clone) -> str:
    """Fetches branches a and b; the tree that memento makes of them."""
    clone("fetch", "--quiet")
    clone("checkout", "--quiet", "-b", "a", "origin/a")
    merged = Merges(repository).start("b", "a")
    assert merged.kind == "merged"
    return repository.tree_of("a")


def test_two_fields_of_one_record(repository: Repository, clone: Clone) -> None:
    change(repository, "a", importance=0.25)
    change(repository, "b", text="another text")
    expected = both(repository, clone)
    clone("merge", "--quiet", "--no-edit", "origin/b")
    assert clone.tree() == expected
    assert clone("status", "--porcelain") == ""
    assert len(clone("log", "-1", "--format=%P").split()) == 2
    clone("fsck", "--strict")


def test_a_pull_of_diverged_branches(repository: Repository, clone: Clone) -> None:
    clone("checkout", "--quiet", "-b", "mine", "origin/main")
    change(repository, "a", importance=0.25)
    clone("fetch", "--quiet")
    clone("merge", "--quiet", "origin/a")
    change(repository, "b", text="another text")
    clone("pull", "--quiet", "--no-rebase", "--no-edit", "origin", "b")
    Merges(repository).start("b", "a")
    assert clone.tree() == repository.tree_of("a")


def test_a_merge_that_splits_a_leaf(repository: Repository, clone: Clone) -> None:
    add(repository, "a", [f"n-{number}" for number in range(40)])
    add(repository, "b", [f"k-{number}" for number in range(300)])
    change(repository, "b", importance=0.3)
    expected = both(repository, clone)
    before = set(clone("ls-tree", "-r", "--name-only", "HEAD", "memories").splitlines())
    clone("merge", "--quiet", "--no-edit", "origin/b")
    assert clone.tree() == expected
    assert before - set(clone("ls-tree", "-r", "--name-only", "HEAD", "memories").splitlines())


def test_removals_on_both_sides_join_leaves(repository: Repository, clone: Clone) -> None:
    for branch, numbers in (("a", range(20)), ("b", range(40, 60))):
        repository.fork("main", branch)
        gone = tuple(f"m{n // 40}-{n % 40}" for n in numbers)
        after = tree.apply(repository.objects, repository.tree_of(branch), Delta(deletes={"memories": gone}))
        repository.commit(branch, after, f"{branch}: remove")
    expected = both(repository, clone)
    clone("merge", "--quiet", "--no-edit", "origin/b")
    assert clone.tree() == expected


def test_a_conflict_is_told_and_nothing_half_decided_is_committed(repository: Repository, clone: Clone) -> None:
    ours = change(repository, "a", importance=0.25)
    change(repository, "b", importance=0.75)
    clone("fetch", "--quiet")
    clone("checkout", "--quiet", "-b", "a", "origin/a")
    said = clone("merge", "--no-edit", "origin/b", code=1)
    assert "memory:m0-0.importance was" in said
    assert "is 0.25 in HEAD and 0.75 in" in said
    assert "git merge --abort" in said
    assert "UU memories/" in clone("status", "--porcelain")
    clone("commit", "-m", "half", code=128)
    clone("merge", "--abort")
    assert clone("rev-parse", "HEAD") == ours
    assert clone("status", "--porcelain") == ""
    clone("merge", "--quiet", "--no-edit", "-X", "theirs", "origin/b")
    Merges(repository).start("b", "a", "theirs")
    assert clone.tree() == repository.tree_of("a")


def test_deciding_with_memento_as_the_hint_says(repository: Repository, clone: Clone) -> None:
    change(repository, "a", importance=0.25)
    change(repository, "b", importance=0.75)
    clone("fetch", "--quiet")
    clone("checkout", "--quiet", "-b", "a", "origin/a")
    clone("merge", "--no-edit", "origin/b", code=1)
    clone("merge", "--abort")
    clone("push", "--quiet", "origin", "HEAD:mine")
    merges = Merges(repository)
    opened = merges.start("b", "mine")
    assert opened.result is not None
    merges.resolve([conflict.resolution("theirs") for conflict in opened.result.conflicts])
    merges.finish()
    clone("pull", "--quiet", "origin", "mine")
    assert clone("rev-parse", "HEAD") == repository.resolve("mine")


def test_a_contradiction_in_files_that_merge_is_not_committed(repository: Repository, clone: Clone) -> None:
    repository.fork("main", "a")
    after = tree.apply(repository.objects, repository.tree_of("a"), Delta(deletes={"memories": ("m0-0",)}))
    repository.commit("a", after, "a: remove m0-0")
    change(repository, "b", "m1-30", superseded_by="m0-0")
    clone("fetch", "--quiet")
    clone("checkout", "--quiet", "-b", "a", "origin/a")
    assert "m0-0" in clone("merge", "--no-edit", "origin/b", code=1)
    assert clone("ls-files", "-u") != ""
    clone("commit", "-m", "half", code=128)
    clone("merge", "--abort")


def test_crosswise_histories(repository: Repository, clone: Clone) -> None:
    change(repository, "a", importance=0.25)
    change(repository, "b", text="another text")
    a, b = repository.resolve("a"), repository.resolve("b")
    merges = Merges(repository)
    merges.start(b, "a")
    merges.start(a, "b")
    change(repository, "a", "m1-1", importance=0.11)
    change(repository, "b", "m1-2", importance=0.12)
    assert len(repository.merge_bases("a", "b")) == 2
    expected = both(repository, clone)
    clone("merge", "--quiet", "--no-edit", "origin/b")
    assert clone.tree() == expected


def test_what_is_no_world_is_left_to_others(repository: Repository, clone: Clone) -> None:
    clone("checkout", "--quiet", "--orphan", "plain")
    clone("rm", "-rfq", ".")
    (clone.folder / "README").write_text("no world\n")
    clone("add", "README")
    clone("commit", "--quiet", "-m", "no world")
    tip = clone("rev-parse", "HEAD")
    assert "no manifest" in clone("merge", "--allow-unrelated-histories", "origin/main", code=2)
    assert clone("rev-parse", "HEAD") == tip
    assert clone("status", "--porcelain") == ""


def test_changes_in_the_work_tree_are_kept(repository: Repository, clone: Clone) -> None:
    change(repository, "a", importance=0.25)
    change(repository, "b", text="another text")
    clone("fetch", "--quiet")
    clone("checkout", "--quiet", "-b", "a", "origin/a")
    file = next(clone.folder / name for name in clone("diff", "--name-only", "origin/main", "origin/b").splitlines())
    file.write_bytes(b"mine")
    clone("merge", "--no-edit", "origin/b", code=2)
    assert file.read_bytes() == b"mine"


def test_three_branches_are_left_to_others(repository: Repository, clone: Clone) -> None:
    for branch in "abc":
        change(repository, branch, f"m0-{ord(branch) - 97}", importance=0.25)
    clone("fetch", "--quiet")
    clone("checkout", "--quiet", "-b", "a", "origin/a")
    assert "two branches, no more" in clone("merge", "-s", "memento", "origin/b", "origin/c", code=2)


def test_rebase_and_cherry_pick_merge_file_by_file(repository: Repository, clone: Clone) -> None:
    change(repository, "a", importance=0.25)
    change(repository, "b", text="another text")
    change(repository, "c", importance=0.75)
    expected = both(repository, clone)
    clone("cherry-pick", "origin/b")
    assert clone.tree() == expected
    said = clone("cherry-pick", "origin/c", code=1)
    assert "memory:m0-0.importance" in said
    clone("cherry-pick", "--abort")


def test_the_console_script_is_declared() -> None:
    declared = (Path(memento.__file__).parent.parent / "pyproject.toml").read_text()
    assert f'{PROGRAM} = "memento.git.strategy:run"' in declared
