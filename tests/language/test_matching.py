from __future__ import annotations

import re
import threading
import time

import pytest

from memento.errors import UsageError
from memento.language.matching import MAX_PATTERN, compile_pattern, literal_of, within


@pytest.mark.parametrize(
    "text",
    ["deploy.*prod", r"\bregion \d+\b", "(foo|bar)+", r"(\d{1,3}\.){3}\d{1,3}", "a?b*c+", "^x|y$", "(?i)ab", "[ab]+c",
     "(?=a)b", "colou?r"],
)  # fmt: skip
def test_ordinary_patterns_are_taken(text: str) -> None:
    assert compile_pattern(text).pattern == text


@pytest.mark.parametrize(
    "text",
    ["(a+)+b", "(a*)*", "(a|a)*b", "(a|ab)*c", "(.|x)+y", r"(\w+ ?)*z", "((ab?)+){2,}", "(?:x*){9}", "(?=(a+)+b)c",
     "(?>(a+)+)b", "(|a)+b", "(?i:(ab|AC))*b"],
)  # fmt: skip
def test_what_could_take_for_ever_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="could take for ever") as caught:
        compile_pattern(text)
    assert "-F" in caught.value.hint


@pytest.mark.parametrize("text", ["(", "[", "*a", "a{2,1}", r"(a)\2", "(?P<n", "a" * (MAX_PATTERN + 1), "", "(" * 900])
def test_nonsense_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(UsageError):
        compile_pattern(text)


def test_backreferences_are_refused() -> None:
    with pytest.raises(UsageError, match="refers back"):
        compile_pattern(r"(a)\1")


def test_plain_text_is_taken_as_it_stands() -> None:
    assert compile_pattern("(a+)+b", fixed=True).search("x (a+)+b")
    assert compile_pattern("ZOË", fixed=True, ignore_case=True).search("zoë")


@pytest.mark.parametrize(
    ("text", "literal"),
    [("deploy.*prod", "deploy"), ("a|b", ""), ("ab+cd", "cd"), ("(?i)abc", ""), ("x(ab)", "x"), (r"\d", "")],
)
def test_what_every_match_contains(text: str, literal: str) -> None:
    assert literal_of(compile_pattern(text)) == literal


def test_matching_that_lasts_is_ended() -> None:
    slow = re.compile("(a+)+b")
    started = time.monotonic()
    with pytest.raises(UsageError, match="was given up"), within(0.2, slow):
        slow.search("a" * 40)
    assert time.monotonic() - started < 5


def test_outside_of_the_main_thread_there_is_no_timer() -> None:
    found: list[bool] = []

    def work() -> None:
        with within(0.01, re.compile("a")):
            time.sleep(0.05)
            found.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [True]
