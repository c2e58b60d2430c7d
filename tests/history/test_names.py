from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.errors import UsageError
from memento.history.names import check_name, check_new


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "it is empty"),
        ("x" * 101, "101 characters"),
        ("cafe\u0301", "normal form"),
        ("a b", "' ' is not allowed"),
        ("-x", "begins with '-'"),
        (".x", "begins with '.'"),
        ("HEAD", "git uses it"),
        ("head", "git uses it"),
        ("a" * 40, "commit id"),
        ("a//b", "slashes"),
        ("a/", "slashes"),
        ("a/.b", "begins with '.'"),
        ("a.", "ends with '.'"),
        ("a.lock", "'.lock'"),
        ("a.LOCK/b", "'.lock'"),
        ("a..b", "'..'"),
        ("a@{1}", "'@' is not allowed"),
    ],
)
def test_the_message_says_which_rule(name: str, rule: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_name(name)
    assert rule in caught.value.message
    assert caught.value.hint


@settings(max_examples=60, deadline=None)
@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,20}", fullmatch=True))
def test_git_takes_every_name_that_is_taken(name: str) -> None:
    try:
        check_name(name)
    except UsageError:
        return
    assert (
        subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [("main", "already"), ("Main", "upper and lower case"), ("main/x", "folder"), ("a", "folder"), ("A", "folder")],
)
def test_new_names_do_not_clash(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_new([name], ["main", "a/b"])


def test_new_names_are_checked_against_each_other() -> None:
    with pytest.raises(UsageError, match="upper and lower"):
        check_new(["x", "X"], [])
    check_new(["x", "y/z"], ["y/a"])


@pytest.mark.parametrize(
    ("existing", "fault"),
    [
        (["x-17"], "already"), (["X-17"], "upper and lower case"), (["x-17/y"], "folder of names"), (["x"], ""),
        (["x-1"], ""), (["y/x-17"], ""),
    ],
)  # fmt: skip
def test_many_numbered_names_are_checked_as_one_by_one(existing: list[str], fault: str) -> None:
    names = [f"x-{number:02d}" for number in range(1, 60)]
    if fault:
        with pytest.raises(UsageError, match=fault):
            check_new(names, existing)
    else:
        check_new(names, existing)
    with pytest.raises(UsageError):
        check_new([*names, "x-01"], existing)
    with pytest.raises(UsageError):
        check_new([f"a..b-{number:02d}" for number in range(60)], existing)


def test_many_numbered_names_in_a_folder_that_is_a_name() -> None:
    names = [f"a/x-{number:02d}" for number in range(60)]
    with pytest.raises(UsageError, match="folder of names"):
        check_new(names, ["a"])
    check_new(names, ["ab"])
