from __future__ import annotations

import pytest

from memento.errors import CorruptRecord, NotFound, ProtectedBranch, UsageError
from memento.history import Repository
from memento.history.tombstones import REF
from memento.world import tree

from .conftest import Git, line


def test_a_pruned_branch_leaves_its_record(repository: Repository, first: str) -> None:
    repository.fork("main", "trial")
    tip = repository.commit_of(line(repository, 2, "trial")[-1])
    repository.fork("main", "other")
    made = repository.prune("trial", "other", why="no use")
    assert repository.branch_names() == ["main"]
    assert [stone.branch for stone in made] == ["other", "trial"]
    stone = made[1]
    assert (stone.commit, stone.tree, stone.parents, stone.why) == (tip.id, tip.tree, tip.parents, "no use")
    assert list(repository.tombstones()) == made
    repository.fork("main", "third")
    later = repository.prune("third", why="later")
    assert list(repository.tombstones()) == [*later, *made]


def test_it_is_one_operation(repository: Repository, first: str) -> None:
    repository.fork("main", "t", 50)
    before = repository.refs.values("refs/heads/")
    repository.prune(*[name for name in repository.branch_names() if name != "main"], why="all of them")
    assert next(repository.operations()).description == "prune 50 branches: all of them"
    repository.undo()
    assert repository.refs.values("refs/heads/") == before
    assert list(repository.tombstones()) == []


def test_the_current_and_protected_branches_stay(repository: Repository, first: str) -> None:
    repository.fork("main", "kept")
    repository.fork("main", "gone")
    repository.config.set("protected.kept.enabled", "true")
    for name, error in (("main", UsageError), ("kept", ProtectedBranch), ("mian", NotFound)):
        with pytest.raises(error):
            repository.prune("gone", name, why="x")
    assert repository.branch_names() == ["gone", "kept", "main"]
    assert repository.prune(why="nothing") == []


def test_gc_lets_go_of_what_the_log_has_forgotten_alone(repository: Repository, first: str, git: Git) -> None:
    repository.fork("main", "trial")
    tip = line(repository, 3, "trial")[-1]
    tree_id = repository.commit_of(tip).tree
    repository.prune("trial", why="no use")
    repository.gc(0.0)
    assert repository.objects.contains(tip)
    repository.forget_operations()
    assert list(repository.operations()) == []
    with pytest.raises(UsageError, match="nothing to undo"):
        repository.undo()
    assert repository.gc(0.0).removed > 3
    with Repository.open(repository.root) as fresh:
        assert not fresh.objects.contains(tip)
        assert not fresh.objects.contains(tree_id)
        assert next(fresh.tombstones()).commit == tip
        assert fresh.fsck().faults == []
        line(fresh, 1)
        fresh.undo()
        tree.read(fresh.objects, fresh.tree_of("main"))
    git("fsck", "--full", "--strict")


def test_a_record_that_is_none(repository: Repository, first: str) -> None:
    (repository.path / REF).write_text(first + "\n")
    with pytest.raises(CorruptRecord, match="not a record of what was pruned"):
        list(repository.tombstones())


def test_commits_that_only_some_branches_have(repository: Repository, first: str) -> None:
    repository.fork("main", "a")
    line(repository, 2, "a")
    repository.fork("a", "b")
    line(repository, 1, "b")
    repository.tag("v1", "a~1", "words")
    assert repository.only_on(["b"]) == 1
    assert repository.only_on(["a"]) == 0
    assert repository.only_on(["a", "b"]) == 2
