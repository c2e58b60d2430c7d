from __future__ import annotations

from memento.history import Repository
from memento.world import tree
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta

from .conftest import CLOCK, edited, line


def told(repository: Repository, table: str, key: str, revision: str = "main") -> list[tuple[str, str]]:
    return [(commit.subject, change) for commit, change in repository.log_record(revision, table, key)]


def test_only_the_commits_that_changed_a_record(repository: Repository, first: str) -> None:
    line(repository, 3)
    repository.commit("main", edited(repository, repository.tree_of(), "m1-3"), "another record")
    assert told(repository, "memories", "m0-0") == [
        ("main 2", "changed"), ("main 1", "changed"), ("main 0", "changed"), ("first", "added"),
    ]  # fmt: skip
    assert told(repository, "memory", "m1-3") == [("another record", "changed"), ("first", "added")]
    assert told(repository, "memories", "m1-4") == [("first", "added")]
    assert told(repository, "memories", "nobody") == []
    assert told(repository, "entities", "e-1") == [("first", "added")]


def test_a_record_that_comes_and_goes(repository: Repository, first: str) -> None:
    gone = tree.apply(repository.objects, repository.tree_of(), Delta(deletes={"memories": ("m0-0",)}))
    repository.commit("main", gone, "delete")
    repository.commit("main", repository.tree_of(first), "put back")
    assert told(repository, "memories", "m0-0") == [("put back", "added"), ("delete", "removed"), ("first", "added")]


def test_a_merge_is_followed_along_the_side_it_took(repository: Repository, first: str) -> None:
    repository.fork("main", "side")
    repository.commit("side", edited(repository, repository.tree_of("side"), "m1-1"), "on the side")
    line(repository, 1)
    merged = edited(repository, repository.tree_of("main"), "m1-1")
    repository.commit("main", merged, "merge", parents=[repository.resolve("main"), repository.resolve("side")])
    assert told(repository, "memories", "m1-1") == [("on the side", "changed"), ("first", "added")]
    assert told(repository, "memories", "m0-0") == [("main 0", "changed"), ("first", "added")]


def test_a_session_and_its_turns(repository: Repository, first: str) -> None:
    sessions = Table.from_records(TABLES["sessions"], [{"id": "s-1", "started_at": CLOCK, "ended_at": CLOCK + 60}])
    turns = Table.from_records(TABLES["turns"], [{"id": "s-1.1", "session": "s-1", "text": "hello"}])
    one = tree.apply(repository.objects, repository.tree_of(), Delta({"sessions": sessions, "turns": turns}))
    repository.commit("main", one, "talk")
    two = tree.apply(repository.objects, one, Delta({"sessions": sessions.replace(score=[0.5])}))
    repository.commit("main", two, "score")
    assert told(repository, "sessions", "s-1") == [("score", "changed"), ("talk", "added")]
    assert told(repository, "turns", "s-1.1") == [("talk", "added")]
