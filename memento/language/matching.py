"""Patterns that people type: compiled, and kept from running away.

Python's `re` backtracks, so that a pattern such as ``(a+)+b`` takes time that doubles with every
character of the text. Two guards hold it. A pattern in which one text can be matched in more ways
than there are places in it is refused when it is compiled: a repeat inside a repeat, alternatives
inside a repeat that may begin alike, a backreference. What is left is polynomial; `within` ends it
when it takes too long all the same.
"""

from __future__ import annotations

import re
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from memento.errors import UsageError

MAX_PATTERN = 1000
"""The longest pattern, in characters."""
_FEW = 8
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_PLAIN = "`-F` takes the pattern as plain text"


def compile_pattern(text: str, fixed: bool = False, ignore_case: bool = False) -> re.Pattern[str]:
    """A regular expression of Python's kind, or with `fixed` the text as it stands.

    Raises `UsageError` for one that is malformed, too long, or could take exponential time.
    """
    if not text:
        raise UsageError("the pattern is empty", "say what to look for")
    if len(text) > MAX_PATTERN:
        raise UsageError(f"the pattern has {len(text):,} characters, at most {MAX_PATTERN:,} are allowed")
    flags = re.IGNORECASE if ignore_case else 0
    if fixed:
        return re.compile(re.escape(text), flags)
    try:
        risk = _risk(parser.parse(text, flags), False)
        pattern = re.compile(text, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{text!r} is not a regular expression: {error}", _PLAIN) from None
    if risk:
        raise UsageError(f"{text!r} could take for ever: {risk}", f"write it without that; {_PLAIN}")
    return pattern


def literal_of(pattern: re.Pattern[str]) -> str:
    """The longest run of characters that every match contains; empty where none is known."""
    if pattern.flags & re.IGNORECASE:
        return ""
    best = run = ""
    for code, value in parser.parse(pattern.pattern, pattern.flags):
        run = run + chr(value) if code is codes.LITERAL else ""
        best = max(best, run, key=len)
    return best


@contextmanager
def within(seconds: float, pattern: re.Pattern[str]) -> Iterator[None]:
    """Ends matching that lasts longer, with a `UsageError`; `re` looks for signals as it works.

    Without effect outside of the main thread, and where a timer runs already.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def stop(number: int, frame: Any) -> NoReturn:
        raise UsageError(
            f"{pattern.pattern!r} was given up: matching some texts took over {seconds:g} s",
            "write fewer of .* and + in a row, or look for plain text with `-F`",
        )

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _risk(parsed: Any, repeated: bool) -> str:
    """Why a parsed pattern may take exponential time; empty where it cannot."""
    for code, value in parsed:
        found = ""
        if code in _REPEATS:
            low, high, body = value
            if repeated and low != high:
                return "it has a repeat inside a repeat"
            found = _risk(body, repeated or high > _FEW)
        elif code is codes.BRANCH:
            if repeated and not _apart(value[1]):
                return "it repeats alternatives that may begin alike"
            found = next(filter(None, (_risk(part, repeated) for part in value[1])), "")
        elif code in (codes.GROUPREF, codes.GROUPREF_EXISTS):
            return "it refers back to a group"
        elif code is codes.SUBPATTERN:
            found = _risk(value[3], repeated)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            found = _risk(value[1], repeated)
        elif code is codes.ATOMIC_GROUP:
            found = _risk(value, repeated)
        if found:
            return found
    return ""


def _apart(alternatives: Any) -> bool:
    """Whether each alternative begins with a character of its own."""
    first = [part[0] if len(part) else (None, 0) for part in alternatives]
    letters = {chr(value).casefold() for code, value in first if code is codes.LITERAL}
    return len(letters) == len(first)
