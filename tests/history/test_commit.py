from __future__ import annotations

import os
import subprocess
import sys

import pytest

from memento.errors import CorruptRecord, StaleBranch, UsageError
from memento.history import Repository
from memento.history.commit import check_author, check_message, commit_bytes, next_time, parse_commit
from memento.world import tree
from memento.world.objects import object_id

from .conftest import CLOCK, edited, small_world


def test_bytes_and_back() -> None:
    data = commit_bytes("1" * 40, ["2" * 40, "3" * 40], "Ada <a@b>", 7, "héllo\n\nworld")
    commit = parse_commit("4" * 40, data)
    assert (commit.tree, commit.parents, commit.author) == ("1" * 40, ("2" * 40, "3" * 40), "Ada <a@b>")
    assert (commit.time, commit.subject, commit.message) == (7, "héllo", "héllo\n\nworld")


def test_git_hashes_the_same(repository: Repository, first: str) -> None:
    done = subprocess.run(
        ["git", "-C", str(repository.path), "commit-tree", "-m", "first", f"{first}^{{tree}}"],
        capture_output=True, text=True, check=True,
        env={**os.environ, **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
             (("NAME", "memento"), ("EMAIL", "memento@localhost"), ("DATE", f"{CLOCK} +0000"))}},
    )  # fmt: skip
    assert done.stdout.strip() == first


@pytest.mark.parametrize("data", [b"", b"tree x\n\n", b"tree " + b"1" * 40 + b"\nauthor x\ncommitter x\n\nm"])
def test_what_is_no_commit_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptRecord, match="not a commit"):
        parse_commit("4" * 40, data)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("", "needs a message"),
        (" \n ", "needs"),
        ("a\0b", "NUL"),
        ("\ud800", "surrogate"),
        ("x" * (1 << 21), "at most"),
    ],
)
def test_messages_are_checked(message: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_message(message)


@pytest.mark.parametrize("author", ["", "Ada", "Ada <a", "Ada <a\n>", "Ada\n <a@b>", "Ada <a <b>>", "<a@b>", " <a@b>"])
def test_authors_are_checked(author: str) -> None:
    with pytest.raises(UsageError, match="is not an author"):
        check_author(author, "MEMENTO_AUTHOR")


def test_the_author_comes_from_the_environment_then_the_configuration(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.config.set("user.name", "Ada")
    repository.config.set("user.email", "ada@example.org")
    for name, expected in ((None, "Ada <ada@example.org>"), ("Bob <b@x>", "Bob <b@x>")):
        if name:
            monkeypatch.setenv("MEMENTO_AUTHOR", name)
        with Repository.open(repository.root) as opened:
            made = opened.commit("main", tree.write(opened.objects, small_world(seed=len(expected))), "m")
            assert opened.commit_of(made).author == expected


def test_times_follow_the_worlds_clock_and_grow(repository: Repository, first: str) -> None:
    assert repository.commit_of(first).time == CLOCK
    second = repository.commit("main", edited(repository, repository.tree_of(), importance=0.1), "same clock")
    assert repository.commit_of(second).time == CLOCK + 1
    third = repository.commit("main", edited(repository, repository.tree_of(), importance=0.2), "set", time=CLOCK + 50)
    assert repository.commit_of(third).time == CLOCK + 50
    assert next_time(-5, []) == 0
    assert next_time(CLOCK, [repository.commit_of(third), repository.commit_of(first)]) == CLOCK + 51


def test_a_commit_onto_a_moved_branch_is_refused(repository: Repository, first: str) -> None:
    second = repository.commit("main", edited(repository, repository.tree_of()), "second", expected=first)
    with pytest.raises(StaleBranch, match="branch main is at"):
        repository.commit("main", repository.tree_of(first), "late", expected=first)
    with pytest.raises(StaleBranch):
        repository.commit("main", repository.tree_of(first), "late", expected="")
    assert repository.resolve("main") == second
    assert not repository.objects.staged


def test_ids_do_not_depend_on_the_process() -> None:
    program = (
        "import sys, tempfile; sys.path.insert(0, 'tests')\n"
        "from history.conftest import small_world, edited\n"
        "from memento.history import Repository\n"
        "from memento.world import tree\n"
        "r = Repository.init(tempfile.mkdtemp())\n"
        "r.commit('main', tree.write(r.objects, small_world()), 'first')\n"
        "print(r.commit('main', edited(r, r.tree_of()), 'second'), next(r.operations()).id)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1


def test_an_empty_tree_has_gits_id() -> None:
    assert object_id("tree", b"") == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
