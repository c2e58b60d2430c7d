from __future__ import annotations

from collections.abc import Iterator

import pytest

from memento.errors import MementoError, UsageError
from memento.history import Repository
from memento.history.selection import Selection, select
from memento.world import tree

from .conftest import Git, line, small_world


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Two branches, one merged into main in the middle, and a branch of its own."""
    with Repository.init(tmp_path_factory.mktemp("read")) as made:
        made.commit("main", tree.write(made.objects, small_world()), "first")
        made.fork("main", "side")
        made.fork("main", "apart")
        line(made, 3)
        line(made, 2, "side")
        line(made, 2, "apart")
        made.commit("main", made.tree_of(), "merge", parents=[made.resolve("main"), made.resolve("side")])
        line(made, 2)
        yield made


RANGES = [
    "main", "side..main", "main..side", "apart...main", "main ^side", "^apart main", "main side", "main^!", "main~2^!",
    "main~2^@", "main~2^-", "main~2^-2", "..side", "side..", "apart...", "side..main ^apart", "main~1..", "main..main",
    "main~2^2~1..main~2^2", "^main side apart",
]  # fmt: skip


@pytest.mark.parametrize("words", RANGES)
def test_ranges_are_read_as_git_reads_them(read_only: Repository, git: Git, words: str) -> None:
    expected = git("rev-list", *words.split(), folder=read_only.path).split()
    assert {commit.id for commit in read_only.log(*words.split())} == set(expected)
    assert {commit.id for _, commit in read_only.graph(*words.split()) if commit} == set(expected)
    firsts = git("rev-list", "--first-parent", *words.split(), folder=read_only.path).split()
    assert [commit.id for commit in read_only.log(*words.split(), first_parent=True)] == firsts or "^" in words


def test_without_a_start_it_is_head(read_only: Repository) -> None:
    assert [c.id for c in read_only.log("^side")] == [c.id for c in read_only.log("side..HEAD")]
    assert list(read_only.log("main~6^@")) == []


def test_words_of_a_message_hold_dots(read_only: Repository) -> None:
    assert next(read_only.log(":/ma.. 1")).subject == "main 1"
    assert next(read_only.log("main^{/ma.. 0}..main")).subject == "main 1"


@pytest.mark.parametrize("word", ["main...side...apart", "....", "main^-3", "x..main", "main^!!", "a..b..c"])
def test_nonsense_is_an_error_of_ours(read_only: Repository, word: str) -> None:
    with pytest.raises(MementoError):
        list(read_only.log(word))


def test_the_history_of_a_record_in_a_range(read_only: Repository) -> None:
    def told(*words: str, **options: bool) -> list[str]:
        return [commit.subject for commit, _ in read_only.log_record(words, "memories", "m0-0", **options)]

    assert told("side..apart") == ["apart 1", "apart 0"]
    assert told("main", "apart")[-1] == "first"
    assert told("main", "^main~3") == ["main 1", "main 0"]
    assert told("main~2^2", first_parent=True) == ["side 1", "side 0", "first"]


def test_commits_are_picked_by_words_author_and_time(read_only: Repository) -> None:
    commits = list(read_only.log("main"))

    def picked(**options: object) -> list[str]:
        return [commit.subject for commit in select(**options).of(commits)]  # type: ignore[arg-type]

    assert picked(messages=["^MAIN [12]$"], ignore_case=True) == ["main 1", "main 2", "main 1"]
    assert picked(messages=["merge", "first"]) == ["merge", "first"]
    assert picked(messages=["n ."], fixed=True) == []
    assert picked(authors=["memento"]) == [commit.subject for commit in commits]
    assert picked(authors=["nobody"]) == []
    assert picked(merges=True) == ["merge"]
    assert "merge" not in picked(merges=False)
    middle = commits[2].time
    assert picked(since=str(middle)) == [c.subject for c in commits if c.time >= middle]
    assert picked(until=str(middle), messages=["main"]) == [
        c.subject for c in commits if c.time <= middle and "main" in c.message
    ]
    assert picked(since="2999-01-01") == []
    assert not Selection()
    for bad in ({"messages": ["("]}, {"since": "yesterday"}, {"until": ""}):
        with pytest.raises(UsageError):
            select(**bad)  # type: ignore[arg-type]
