from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from memento.errors import MementoError, NotFound, UsageError
from memento.history import Repository
from memento.world import tree
from memento.world.tree import Delta

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


def clocked(repository: Repository, branch: str, clock: int, message: str) -> str:
    """A commit whose world's clock stands at `clock`."""
    manifest = replace(tree.read_manifest(repository.objects, repository.tree_of(branch)), clock=clock)
    tree_id = tree.apply(repository.objects, repository.tree_of(branch), Delta(manifest=manifest))
    return repository.commit(branch, tree_id, message)


def test_a_moment_is_the_last_first_parent_whose_clock_is_not_after_it(repository: Repository, first: str) -> None:
    day = clocked(repository, "main", 1_767_225_600, "2026-01-01")
    same_clock = repository.commit("main", edited(repository, day and repository.tree_of()), "an edit, a second later")
    repository.fork("main", "side")
    side = clocked(repository, "side", 1_767_300_000, "on the side")
    week = clocked(repository, "main", 1_767_830_400, "2026-01-08")
    repository.commit("main", repository.tree_of(), "merge", parents=[week, side])
    assert repository.resolve("main@{2026-01-08}") == repository.resolve("main")
    assert repository.resolve("main@{2026-01-07T23:59:59Z}") == same_clock
    assert repository.resolve("main@{2026-01-01}") == same_clock
    assert repository.resolve("main@{2025-12-31T23:59}") == first
    assert repository.resolve("@{1767225600}~1") == day
    assert repository.resolve("main^2@{2026-01-01T12:00+00:00}") == repository.resolve("side~1")
    assert repository.commit_at("main", 1_767_225_599).id == first
    with pytest.raises(UsageError, match=r"no world of .* is as early as 2001-01-01") as caught:
        repository.resolve("main@{2001-01-01}")
    assert "2023-11-14T22:13:20Z" in caught.value.hint
    with pytest.raises(UsageError, match="is not a time"):
        repository.resolve("main@{last tuesday}")


def test_the_newest_commit_whose_message_matches(repository: Repository, first: str) -> None:
    commits = line(repository, 3)
    repository.fork("main~2", "side")
    side = repository.commit("side", edited(repository, repository.tree_of("side"), "m1-1"), "side! works\n\nbody text")
    assert repository.resolve(":/main [01]") == commits[1]
    assert repository.resolve(":/body") == side
    assert repository.resolve("main^{/main [01]}") == commits[1]
    assert repository.resolve("main^{/main}~1") == commits[1]
    assert repository.resolve(":/!-main|side") == first
    assert repository.resolve("side^{/!-body}") == commits[0]
    repository.commit("main", edited(repository, repository.tree_of(), "m1-2"), "!important")
    assert repository.resolve(":/!!imp") == repository.resolve("main")
    with pytest.raises(NotFound, match="no commit message"):
        repository.resolve("main^{/body}")
    for bad in (":/", ":/[", ":/!x", ":/(a+)+b", "main^{/}"):
        with pytest.raises(UsageError):
            repository.resolve(bad)


def test_branches_left_behind(repository: Repository, first: str) -> None:
    for name in ("a", "b"):
        repository.fork("main", name)
    line(repository, 1, "a")
    with pytest.raises(UsageError, match="switched never"):
        repository.resolve("@{-1}")
    for name in ("a", "b", "a"):
        repository.set_head(name)
    assert [repository.left_branch(n) for n in (1, 2, 3)] == ["b", "a", "main"]
    assert repository.resolve("@{-2}~1") == first
    repository.rename_branch("a", "c")
    assert repository.left_branch() == "b"
    with pytest.raises(UsageError, match="switched 3 times"):
        repository.left_branch(4)
    for bad in ("@{-0}", "main@{-1}"):
        with pytest.raises(UsageError):
            repository.resolve(bad)


def test_where_head_was(repository: Repository, first: str) -> None:
    commits = line(repository, 2)
    repository.fork("main", "side")
    repository.set_head("side")
    moved = repository.commit("side", edited(repository, repository.tree_of("side"), "m1-1"), "on the side")
    line(repository, 1, "main")
    assert [repository.resolve(f"HEAD@{{{n}}}") for n in range(4)] == [moved, commits[1], commits[1], commits[0]]
    assert repository.resolve("@{1}") == commits[1]
    with pytest.raises(UsageError, match="HEAD has moved"):
        repository.resolve("HEAD@{9}")


def test_a_revision_without_end_is_refused(read_only: Repository) -> None:
    with pytest.raises(UsageError, match="characters"):
        read_only.resolve("@{1700000000}" * 5000)
