"""The line of what is in force, and what the log keeps alive."""

from __future__ import annotations

import pytest

from memento.errors import StaleBranch, UsageError
from memento.history import Repository
from memento.history.oplog import REF

from .conftest import Git, edited, line


def state(repository: Repository) -> dict[str, str]:
    found = {**repository.refs.values("refs/"), "HEAD": repository.refs.read("HEAD")}
    found.pop(REF, None)
    return found


def test_several_steps_are_one_and_leave_the_rest(repository: Repository, first: str) -> None:
    line(repository, 2)
    before = state(repository)
    repository.fork("main", "a")
    repository.set_head("a")
    repository.rename_branch("a", "b")
    repository.tag("v1", "b", "words")
    after = state(repository)
    count = len(list(repository.operations()))
    assert [op.description for op in repository.undo(4)][::-1][0] == "fork main to a"
    assert state(repository) == before
    assert len(list(repository.operations())) == count + 1
    assert next(repository.in_force()).description == "commit main 1"
    repository.redo(4)
    assert state(repository) == after
    assert next(repository.in_force()).description == "tag v1"


def test_steps_that_end_where_they_began_are_kept_too(repository: Repository, first: str) -> None:
    repository.fork("main", "a")
    fork = repository.operation().id
    repository.tag("v1")
    repository.take_back(fork)
    repository.undo()
    repository.redo()
    assert not repository.has_branch("a")
    undone = repository.undo(3)
    assert [op.reverts for op in undone] == [fork, "", ""]
    assert undone[-1].id == fork
    with pytest.raises(UsageError, match="cannot undo 2 operations: there is 1"):
        repository.undo(2)
    assert len(repository.redo(3)) == 3
    assert [tag.name for tag in repository.tags()] == ["v1"]


def test_many_steps_are_refused_whole_where_git_moved_a_branch_between(
    repository: Repository, first: str, git: Git
) -> None:
    line(repository, 1)
    git("update-ref", "refs/heads/main", first)
    repository.commit("main", edited(repository, repository.tree_of("main"), importance=0.7), "after")
    before = state(repository)
    with pytest.raises(StaleBranch, match="branch main"):
        repository.undo(2)
    assert state(repository) == before
    repository.undo()
    assert repository.resolve("main") == first


def test_a_log_of_the_first_version_reads_as_before(repository: Repository, first: str) -> None:
    """Records that do not say what is in force: the place is found along the log."""
    from dataclasses import replace

    line(repository, 3)
    log = repository._operations.log
    repository.undo(2)
    repository.redo()
    tip = log.read(log.tip)
    bare = replace(tip, shows="")
    shown = log.in_force(tip)
    assert shown is not None
    assert log.in_force(bare) == shown
    undo = log.read(tip.parent)
    assert log.in_force(replace(undo, shows="")) == log.in_force(undo)


def test_everything_that_moved_is_kept_however_many(repository: Repository, first: str, git: Git) -> None:
    with repository.batch("many tips") as batch:
        tips = []
        for number in range(200):
            tree_id = edited(repository, repository.tree_of(first), importance=number / 1000)
            tips.append(batch.commit(f"b{number}", tree_id, f"tip {number}", parents=[first]))
    repository.undo()
    git("gc", "--prune=now", "--quiet")
    git("fsck", "--strict")
    assert all(git("cat-file", "-t", tip).strip() == "commit" for tip in (tips[0], tips[100], tips[199]))
    repository.close()
    with Repository.open(repository.root) as opened:
        opened.redo()
        assert opened.resolve("b199") == tips[199]
