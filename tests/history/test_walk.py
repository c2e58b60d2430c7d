from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.history import Repository
from memento.history.commit import commit_bytes
from memento.history.graph import draw
from memento.history.objects import Objects
from memento.history.walk import Walker
from memento.world.objects import object_id

from .conftest import line

EMPTY = object_id("tree", b"")
History = tuple[Walker, list[str], "networkx.DiGraph[str]"]


def build(folder: Path, parents: list[list[int]], times: list[int]) -> History:
    """Commits number 0, 1, … with parents among the earlier ones, at any times."""
    objects = Objects(folder)
    ids: list[str] = []
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for number, (before, time) in enumerate(zip(parents, times, strict=True)):
        above = [ids[n] for n in before]
        ids.append(objects.add("commit", commit_bytes(EMPTY, above, "a <b>", time, f"commit {number}")))
        graph.add_node(ids[-1])
        graph.add_edges_from((ids[-1], parent) for parent in above)
    return Walker(objects), ids, graph


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[int]], list[int]]:
    size = draw(st.integers(2, 14))
    parents: list[list[int]] = [[]]
    parents += [draw(st.lists(st.integers(0, n - 1), max_size=3, unique=True)) for n in range(1, size)]
    return parents, draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))


def best(graph: networkx.DiGraph[str], a: str, b: str) -> set[str]:
    common = (networkx.descendants(graph, a) | {a}) & (networkx.descendants(graph, b) | {b})
    return {c for c in common if not any(c in networkx.descendants(graph, other) for other in common - {c})}


@settings(max_examples=300, deadline=None)
@given(histories(), st.data())
def test_merge_bases_are_all_the_best_whatever_the_times(
    tmp_path_factory: pytest.TempPathFactory, history: tuple[list[list[int]], list[int]], data: st.DataObject
) -> None:
    walker, ids, graph = build(Path("/nonexistent"), *history)
    a, b = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
    found = walker.merge_bases(a, b)
    assert set(found) == best(graph, a, b)
    assert len(found) == len(set(found))
    assert found == walker.merge_bases(b, a)
    assert walker.is_ancestor(a, b) == (a in networkx.descendants(graph, b) | {b})
    only_a = (networkx.descendants(graph, a) | {a}) - (networkx.descendants(graph, b) | {b})
    only_b = (networkx.descendants(graph, b) | {b}) - (networkx.descendants(graph, a) | {a})
    assert walker.ahead_behind(a, b) == (len(only_a), len(only_b))


@settings(max_examples=200, deadline=None)
@given(histories())
def test_topological_order_never_puts_a_parent_first(history: tuple[list[list[int]], list[int]]) -> None:
    walker, ids, graph = build(Path("/nonexistent"), *history)
    order = [commit.id for commit in walker.topological(ids)]
    assert sorted(order) == sorted(ids)
    place = {commit_id: n for n, commit_id in enumerate(order)}
    assert all(place[child] < place[parent] for child, parent in graph.edges)
    drawn = [commit.id for _, commit in draw(walker.topological(ids)) if commit]
    assert drawn == order


def grown(parents: list[list[int]]) -> list[int]:
    times: list[int] = []
    for before in parents:
        times.append(max([0, *(times[n] + 1 for n in before)]))
    return times


@settings(max_examples=100, deadline=None)
@given(histories())
def test_log_is_topological_where_times_grow(history: tuple[list[list[int]], list[int]]) -> None:
    parents, _ = history
    walker, ids, graph = build(Path("/nonexistent"), parents, grown(parents))
    order = [commit.id for commit in walker.log(ids)]
    place = {commit_id: n for n, commit_id in enumerate(order)}
    assert sorted(order) == sorted(ids)
    assert all(place[child] < place[parent] for child, parent in graph.edges)
    hidden = networkx.descendants(graph, ids[-1]) | {ids[-1]}
    assert {commit.id for commit in walker.log(ids, [ids[-1]])} == set(ids) - hidden


def test_a_criss_cross_has_two_bases() -> None:
    walker, ids, _ = build(Path("/nonexistent"), [[], [0], [0], [1, 2], [2, 1]], [0, 1, 1, 2, 2])
    assert sorted(walker.merge_bases(ids[3], ids[4])) == sorted(ids[1:3])


def test_unrelated_histories_have_no_base() -> None:
    walker, ids, _ = build(Path("/nonexistent"), [[], []], [0, 0])
    assert walker.merge_bases(*ids) == []
    assert walker.ahead_behind(*ids) == (1, 1)


def rows(parents: list[list[int]], starts: list[int]) -> Iterator[str]:
    walker, ids, _ = build(Path("/nonexistent"), parents, grown(parents))
    for drawing, commit in draw(walker.topological([ids[n] for n in starts])):
        yield f"{drawing} {commit.subject.removeprefix('commit ')}" if commit else drawing


def test_a_line_is_drawn_as_stars() -> None:
    assert list(rows([[], [0], [1]], [2])) == ["* 2", "* 1", "* 0"]


def test_a_merge_is_drawn_as_git_draws_it() -> None:
    assert list(rows([[], [0], [0], [1], [3, 2]], [4])) == ["* 4", "|\\", "* | 3", "* | 1", "| * 2", "|/", "* 0"]


def test_two_tips_of_one_line() -> None:
    assert list(rows([[], [0], [0]], [1, 2])) == ["* 2", "| * 1", "|/", "* 0"]


def test_unrelated_lines_close() -> None:
    assert list(rows([[], [], [1], [0, 2]], [3])) == ["* 3", "|\\", "| * 2", "| * 1", "* 0"]


def test_ten_thousand_commits_are_walked_without_recursion() -> None:
    walker, ids, _ = build(Path("/nonexistent"), [[], *([n] for n in range(9_999))], list(range(10_000)))
    assert sum(1 for _ in walker.log(ids[-1:])) == 10_000
    assert walker.merge_bases(ids[-1], ids[0]) == ids[:1]


def test_descendants_are_those_that_reach_a_commit(repository: Repository, first: str) -> None:
    middle = line(repository, 3)[-1]
    repository.fork("main", "a")
    repository.fork(first, "old")
    tips = [line(repository, 2)[-1], line(repository, 1, "a")[-1], line(repository, 1, "old")[-1]]
    walker = repository._walker
    assert walker.descendants(middle, tips) == set(tips[:2])
    assert walker.descendants(first, [*tips, first]) == {*tips, first}
    assert walker.descendants(tips[0], [*tips, middle]) == {tips[0]}
    assert repository.containing(middle) == ["a", "main"]
    assert repository.merged("main") == ["main"]
    assert repository.merged("a") == ["a"]
