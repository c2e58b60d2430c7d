from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.errors import NotFound
from memento.history import Commit, Repository
from memento.history.blame import blame
from memento.history.commit import commit_bytes, parse_commit
from memento.history.objects import Objects
from memento.history.record import log_record
from memento.history.trail import MANIFEST, Trail
from memento.history.walk import Walker
from memento.world import tree
from memento.world.records import TABLES, Record
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import Manifest

from .conftest import CLOCK, edited, line


def told(repository: Repository, key: str = "m0-0", revision: str = "main", table: str = "memories") -> dict[str, str]:
    return {origin.field: origin.commit.subject for origin in repository.blame(revision, table, key)}


def put(repository: Repository, tree_id: str, **columns: object) -> str:
    row = tree.find(repository.objects, tree_id, "memories", ["m0-0"])
    return tree.apply(
        repository.objects, tree_id, Delta({"memories": row.replace(**{k: [v] for k, v in columns.items()})})
    )


def test_each_field_has_the_commit_that_set_it(repository: Repository, first: str) -> None:
    repository.commit("main", put(repository, repository.tree_of(), importance=0.9), "importance")
    repository.commit("main", put(repository, repository.tree_of(), pinned=True), "pinned")
    repository.commit("main", edited(repository, repository.tree_of(), "m1-1"), "another")
    found = told(repository)
    assert list(found) == [field.name for field in TABLES["memories"].fields]
    assert {name: subject for name, subject in found.items() if subject != "first"} == {
        "importance": "importance",
        "pinned": "pinned",
    }
    assert set(told(repository, "m1-2").values()) == {"first"}
    values = {origin.field: origin.value for origin in repository.blame("main", "memory", "m0-0")}
    assert (values["importance"], values["pinned"]) == (0.9, True)
    some = repository.blame("main", "memories", "m0-0", ["pinned"])
    assert [(origin.field, origin.commit.subject) for origin in some] == [("pinned", "pinned")]


def test_a_value_put_back_is_the_newer_commits(repository: Repository, first: str) -> None:
    before = repository.tree_of()
    line(repository, 1)
    repository.commit("main", before, "back")
    assert told(repository)["importance"] == "back"
    assert told(repository)["text"] == "first"


def test_through_merges_as_git_does(repository: Repository, first: str) -> None:
    repository.fork("main", "side")
    repository.commit(
        "side", put(repository, repository.tree_of("side"), importance=0.9, kind="episode"), "on the side"
    )
    repository.commit("main", put(repository, repository.tree_of(), pinned=True, kind="constraint"), "on main")
    both = put(repository, repository.tree_of(), importance=0.9, kind="episode", prior_accesses=3)
    repository.commit("main", both, "merge", parents=[repository.resolve("main"), repository.resolve("side")])
    found = told(repository)
    assert found["importance"] == found["kind"] == "on the side"
    assert found["pinned"] == "on main"
    assert found["prior_accesses"] == "merge"
    assert found["text"] == "first"


def test_a_record_that_is_gone_or_never_was(repository: Repository, first: str) -> None:
    gone = tree.apply(repository.objects, repository.tree_of(), Delta(deletes={"memories": ("m0-0",)}))
    commit = repository.commit("main", gone, "delete")
    with pytest.raises(NotFound, match=rf"at main: commit {commit[:10]} \(delete\) removed it") as caught:
        repository.blame("main", "memories", "m0-0")
    assert f"memento blame {commit[:10]}~1 memory:m0-0" in caught.value.hint
    with pytest.raises(NotFound, match="no memory named 'm0-x'") as caught:
        repository.blame("main", "memories", "m0-x")
    assert "did you mean" in caught.value.hint
    repository.commit("main", repository.tree_of(first), "put back")
    assert set(told(repository).values()) == {"put back"}
    change = repository.last_change("main", "memories", "m0-0")
    assert change is not None
    assert (change[0].subject, change[1]) == ("put back", "added")
    assert repository.last_change("main", "memories", "nobody") is None


def sessions_of(starts: dict[str, int], score: float) -> Table:
    records = [{"id": s, "started_at": start, "ended_at": start + 60, "score": score} for s, start in starts.items()]
    return Table.from_records(TABLES["sessions"], records)


def test_sessions_turns_and_candidates(repository: Repository, first: str) -> None:
    objects = repository.objects
    many = {f"x-{n}": CLOCK + 1000 * n for n in range(80)}
    turns = Table.from_records(TABLES["turns"], [{"id": "t", "session": "s-1", "text": "hello"}])
    offered = Table.from_records(TABLES["candidates"], [{"session": "s-1", "memory": "m0-0", "rank": 2}])
    one = tree.apply(objects, repository.tree_of(), Delta({"sessions": sessions_of({"s-1": CLOCK}, 0.1)}))
    one = tree.apply(objects, one, Delta({"turns": turns, "candidates": offered}))
    repository.commit("main", one, "talk")
    two = tree.apply(objects, one, Delta({"sessions": sessions_of(many, 0.1)}))
    repository.commit("main", two, "others")
    three = tree.apply(objects, two, Delta({"candidates": offered.replace(used=[True])}))
    repository.commit("main", three, "used")
    four = tree.apply(objects, three, Delta({"sessions": sessions_of({"s-1": CLOCK + 30 * 604_800}, 0.1)}))
    repository.commit("main", four, "moved in time")
    assert told(repository, "s-1/m0-0", table="candidate")["used"] == "used"
    assert told(repository, "s-1/m0-0", table="candidate")["rank"] == "talk"
    assert set(told(repository, "t", table="turns").values()) == {"talk"}
    found = told(repository, "s-1", table="sessions")
    assert found["started_at"] == found["ended_at"] == "moved in time"
    assert found["score"] == "talk"
    log = [(commit.subject, change) for commit, change in repository.log_record("main", "candidates", "s-1/m0-0")]
    assert log == [("used", "changed"), ("talk", "added")]
    assert [c.subject for c, _ in repository.log_record("main", "sessions", "s-1")] == ["moved in time", "talk"]
    assert [c.subject for c, _ in repository.log_record("main", "turns", "t")] == ["talk"]


def test_the_manifest_has_a_history_too(repository: Repository, first: str) -> None:
    manifest = tree.read_manifest(repository.objects, repository.tree_of())
    changed = Delta(manifest=type(manifest)(**{**manifest.to_map(), "patterns": {"recency": {"weight": 2.0}}}))
    line(repository, 1)
    repository.commit("main", tree.apply(repository.objects, repository.tree_of(), changed), "weights")
    line(repository, 1)
    found = {o.field: o.commit.subject for o in repository.blame("main", MANIFEST, fields=["patterns", "seed"])}
    assert found == {"patterns": "weights", "seed": "first"}
    assert repository.last_change("main", MANIFEST) is not None


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[list[int], str, int]]:
    """(parents, session's state, place) of commits: where `state` is empty the session is not there."""
    size = draw(st.integers(2, 9))
    return [
        (
            draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=2, unique=True)) if n else [],
            draw(st.sampled_from(["", "a", "b", "c"])),
            draw(st.integers(0, 2)),
        )
        for n in range(size)
    ]


@settings(max_examples=40, deadline=None)
@given(stories())
def test_both_agree_with_looking_at_every_commit_whole(story: list[tuple[list[int], str, int]]) -> None:
    objects = Objects(Path("/nonexistent"))
    filled = sessions_of({f"x-{n}": CLOCK + 9_000 * n for n in range(40)}, 0.5)
    base = tree.apply(objects, objects.add_tree([]), Delta({"sessions": filled}, manifest=Manifest()))
    commits: dict[str, Commit] = {}
    records: dict[str, Record | None] = {}
    ids: list[str] = []
    for number, (parents, state, where) in enumerate(story):
        row = sessions_of({"s-1": CLOCK + 700_000 * where}, 0.5).replace(topic=np.array([state], object))
        tree_id = tree.apply(objects, base, Delta({"sessions": row})) if state else base
        data = commit_bytes(tree_id, [ids[n] for n in parents], "a <b>", number, f"commit {number}")
        ids.append(objects.add("commit", data))
        commits[ids[-1]] = parse_commit(ids[-1], data)
        table = tree.read_table(objects, tree_id, "sessions")
        records[ids[-1]] = table.record(table.row_of["s-1"]) if "s-1" in table.row_of else None
    walker = Walker(objects)

    trail = Trail(walker.folders, "sessions", "s-1")
    for parent in ids:
        for child in ids:
            wanted = change(records[parent], records[child])
            assert trail.change(commits[parent].tree, commits[child].tree) == wanted
        assert trail.record(commits[parent].tree) == records[parent]
    trail = Trail(walker.folders, "sessions", "s-1")
    found = [(commit.id, what) for commit, what in log_record(walker, trail, [ids[-1]])]
    assert found == plain_log(commits, records, ids[-1])
    for origin in blame(walker, Trail(walker.folders, "sessions", "s-1"), ids[-1]):
        assert origin.commit.id == plain_blame(commits, records, ids[-1], origin.field)


def change(before: Record | None, after: Record | None) -> str:
    if before == after:
        return ""
    return "added" if before is None else "removed" if after is None else "changed"


def plain_log(commits: dict[str, Commit], records: dict[str, Record | None], start: str) -> list[tuple[str, str]]:
    found, todo, seen = [], [start], {start}
    while todo:
        at = max(todo, key=lambda i: commits[i].time)
        todo.remove(at)
        parents = commits[at].parents
        same = [p for p in parents if records[p] == records[at]]
        if not same and (parents or records[at]):
            found.append((at, change(records[parents[0]] if parents else None, records[at])))
        for parent in same[:1] or parents:
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return found


def plain_blame(commits: dict[str, Commit], records: dict[str, Record | None], start: str, field: str) -> str:
    value = (records[start] or {})[field]
    at = start
    while True:
        same = [p for p in commits[at].parents if (record := records[p]) is not None and record[field] == value]
        if not same:
            return at
        at = same[0]
