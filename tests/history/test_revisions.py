from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from memento.errors import MementoError, NotFound, UsageError
from memento.history import Repository
from memento.world import tree

from .conftest import Git, edited, line, small_world


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A history with a merge and two tags, for tests that only read it."""
    with Repository.init(tmp_path_factory.mktemp("read")) as made:
        made.commit("main", tree.write(made.objects, small_world()), "first")
        made.fork("main", "side")
        line(made, 4)
        other = line(made, 2, "side")[-1]
        made.commit("main", made.tree_of(), "merge", parents=[made.resolve("main"), other])
        made.tag("v1.0", "main~1", "words")
        made.tag("light", "side")
        yield made


@pytest.fixture
def merged(read_only: Repository) -> str:
    return read_only.resolve("main")


READ = [
    "main",
    "HEAD",
    "@",
    "refs/heads/main",
    "heads/main",
    "main~0",
    "main^0",
    "main~1",
    "main~",
    "main~~",
    "main^",
    "main^2",
    "main^2~1",
    "main~2^",
    "v1.0",
    "v1.0~1",
    "v1.0^{}",
    "v1.0^{commit}",
    "light",
    "tags/light",
    "side~2",
    "main~5",
    "HEAD^2^",
]


@pytest.mark.parametrize("revision", READ)
def test_revisions_are_read_as_git_reads_them(read_only: Repository, merged: str, git: Git, revision: str) -> None:
    expected = git("rev-parse", f"{revision}^{{commit}}", folder=read_only.path).strip()
    assert read_only.resolve(revision) == expected


def test_ids_full_and_short(read_only: Repository, merged: str) -> None:
    assert (
        read_only.resolve(merged) == read_only.resolve(merged[:7]) == read_only.resolve(merged[:12].upper()) == merged
    )
    assert read_only.resolve(f"{merged[:8]}^2") == read_only.resolve("side")


def test_an_ambiguous_id_lists_its_candidates(repository: Repository, first: str) -> None:
    wanted: dict[str, list[str]] = {}
    tree_id, pair = repository.tree_of(first), None
    with repository.batch("many") as batch:
        for number in range(1200):
            made = batch.commit("many", tree_id, f"number {number}", parents=[first])
            wanted.setdefault(made[:4], []).append(made)
            if len(wanted[made[:4]]) == 2:
                pair = wanted[made[:4]]
                break
    assert pair is not None
    with pytest.raises(UsageError, match="is ambiguous: 2 commits begin with it") as caught:
        repository.resolve(pair[0][:4])
    assert all(commit_id[:12] in caught.value.message for commit_id in pair)
    assert "number" in caught.value.message


def test_unknown_names_are_answered_with_the_nearest(read_only: Repository, merged: str) -> None:
    with pytest.raises(NotFound) as caught:
        read_only.resolve("mian~2")
    assert caught.value.hint.startswith("did you mean main?")
    with pytest.raises(NotFound):
        read_only.resolve("f" * 40)


@pytest.mark.parametrize("revision", ["main~99", "side^2", "main^3", "main~5^", "@{99}", "side@{4}"])
def test_beyond_the_first_commit(read_only: Repository, merged: str, revision: str) -> None:
    with pytest.raises(UsageError):
        read_only.resolve(revision)


@pytest.mark.parametrize(
    "revision", ["main~x", "main^{tree}", "a b", "../x", "main..side", "\0", "@{x}", "~" * 50, "é"]
)
def test_nonsense_is_an_error_of_ours(read_only: Repository, merged: str, revision: str) -> None:
    assert read_only.resolve("") == merged
    with pytest.raises(MementoError):
        read_only.resolve(revision)


def test_earlier_values_come_from_the_operation_log(repository: Repository, first: str) -> None:
    commits = line(repository, 3)
    assert [repository.resolve(f"main@{{{n}}}") for n in range(4)] == [*commits[::-1], first]
    repository.undo()
    assert repository.resolve("@{0}") == commits[1]
    assert repository.resolve("@{1}") == commits[2]


def test_no_commit_yet(repository: Repository) -> None:
    with pytest.raises(UsageError, match="branch 'main' has no commit yet") as caught:
        repository.resolve()
    assert "memento generate" in caught.value.hint
    with pytest.raises(NotFound, match="no revision named 'x'"):
        repository.resolve("x")


def test_a_detached_head_is_read(repository: Repository, first: str) -> None:
    (repository.path / "HEAD").write_text(first + "\n")
    assert repository.resolve() == first
    with pytest.raises(UsageError, match="HEAD names no branch"):
        _ = repository.head


def test_a_tag_of_a_tree_is_no_commit(repository: Repository, first: str) -> None:
    tree_id = edited(repository, repository.tree_of(first))
    repository.commit("main", tree_id, "second")
    subprocess.run(["git", "-C", str(repository.path), "update-ref", "refs/tags/t", tree_id], check=True)
    with pytest.raises(UsageError, match="names a tree"):
        repository.resolve("t")
