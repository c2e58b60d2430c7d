from __future__ import annotations

import subprocess
from pathlib import Path

from memento.history import Repository
from memento.history.consolidate import FACTOR
from memento.world import tree

from .conftest import Git, edited, line, small_world


def populated(repository: Repository) -> str:
    first = repository.commit("main", tree.write(repository.objects, small_world()), "first\n\nwith a body")
    repository.fork("main", "exp", 3)
    line(repository, 3)
    other = repository.commit("exp-1", edited(repository, repository.tree_of("exp-1"), "m1-3"), "other")
    tip = repository.resolve("main")
    merged = repository.commit("main", repository.tree_of("main"), "merge", parents=[tip, other])
    repository.tag("light", first)
    repository.tag("v1", merged, "the first release")
    return merged


def test_fsck_strict_finds_nothing(repository: Repository, git: Git) -> None:
    populated(repository)
    said = git("fsck", "--full", "--strict", "--connectivity-only")
    assert "error" not in said
    said = git("fsck", "--full", "--strict")
    assert said == ""


def test_git_reads_log_branches_and_tags(repository: Repository, git: Git) -> None:
    merged = populated(repository)
    ours = [commit.id for commit in repository.log("main")]
    assert sorted(git("log", "--format=%H", "main").split()) == sorted(ours)
    assert git("rev-parse", "main").strip() == merged
    assert git("for-each-ref", "--format=%(refname:short)", "refs/heads").split() == repository.branch_names()
    assert git("cat-file", "tag", "v1").endswith("the first release\n")
    assert git("log", "-1", "--format=%an <%ae>", "main").strip() == "memento <memento@localhost>"


def test_everything_is_there_after_gc(repository: Repository, git: Git) -> None:
    populated(repository)
    world = tree.read(repository.objects, repository.tree_of("main~1"))
    repository.undo()
    log = [commit.id for commit in repository.log("main")]
    git("gc", "--prune=now", "--quiet")
    assert (repository.path / "packed-refs").exists()
    for opened in (repository, Repository.open(repository.root)):
        assert [commit.id for commit in opened.log("main")] == log
        assert tree.read(opened.objects, opened.tree_of("main~1")) == world
    repository.redo()
    assert repository.tags()[-1].message == "the first release"
    repository.undo()
    assert repository.undo()[0].description == "tag light"
    git("fsck", "--strict")


def test_an_annotated_tag_comes_back_after_gc(repository: Repository, first: str, git: Git) -> None:
    repository.tag("v1", first, "words")
    repository.delete_tag("v1")
    git("gc", "--prune=now", "--quiet")
    repository.undo()
    assert [(tag.name, tag.commit, tag.message) for tag in repository.tags()] == [("v1", first, "words")]


def test_clone_and_push(repository: Repository, git: Git, tmp_path: Path) -> None:
    merged = populated(repository)
    git("clone", "--quiet", "--bare", str(repository.path), str(tmp_path / "copy"), folder=tmp_path)
    assert git("rev-parse", "main", folder=tmp_path / "copy").strip() == merged
    tip = line(repository, 1)[0]
    git("push", "--quiet", str(tmp_path / "copy"), "main:main")
    assert git("rev-parse", "main", folder=tmp_path / "copy").strip() == tip
    git("push", "--quiet", str(repository.path), "main~2:refs/heads/pushed", folder=tmp_path / "copy")
    assert repository.resolve("pushed") == repository.resolve("main~2")


def test_a_mirror_clone_opens(repository: Repository, git: Git, tmp_path: Path) -> None:
    merged = populated(repository)
    git("clone", "--quiet", "--mirror", str(repository.path), str(tmp_path / "m" / ".memento"), folder=tmp_path)
    with Repository.open(tmp_path / "m") as copy:
        assert copy.resolve("main") == merged
        line(copy, 1)
        assert copy.undo()[0].description == "commit main 0"
        assert copy.resolve("main") == merged


def test_loose_objects_and_packed_refs_of_git_are_read(repository: Repository, first: str, git: Git) -> None:
    made = subprocess.run(
        ["git", "-C", str(repository.path), "commit-tree", "-p", first, "-m", "by git", f"{first}^{{tree}}"],
        capture_output=True, text=True, check=True,
        env={"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b",
             "PATH": "/usr/bin:/bin"},
    ).stdout.strip()  # fmt: skip
    git("update-ref", "refs/heads/main", made)
    git("pack-refs", "--all")
    assert repository.commit_of("main").author == "A <a@b>"
    child = line(repository, 1)[0]
    assert repository.commit_of(child).parents == (made,)
    assert repository.commit_of(child).time > repository.commit_of(made).time


def test_packs_stay_few_and_sound(repository: Repository, first: str, git: Git) -> None:
    before = tree.read(repository.objects, repository.tree_of(first))
    other = Repository.open(repository.root)
    commits = line(repository, 2 * FACTOR + 10)
    packs = list((repository.path / "objects" / "pack").glob("*.pack"))
    assert len(packs) < FACTOR + 10
    assert tree.read(other.objects, other.tree_of(first)) == before
    assert [commit.id for commit in other.log(limit=len(commits))] == commits[::-1]
    git("fsck", "--full", "--strict")
