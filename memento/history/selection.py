"""Picking commits by what they say, who made them, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memento.history.commit import Commit
from memento.language.matching import compile_pattern, within
from memento.world.values import parse_time

_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Selection:
    """What a commit must be like: a message that matches one of `messages` (if any), an author that
    matches one of `authors`, a time from `since` to `until` (s UTC, both included), and two parents
    or more where `merges` is true, fewer where it is false."""

    messages: tuple[re.Pattern[str], ...] = ()
    authors: tuple[re.Pattern[str], ...] = ()
    since: int | None = None
    until: int | None = None
    merges: bool | None = None

    def __bool__(self) -> bool:
        return self != Selection()

    def fits(self, commit: Commit) -> bool:
        """Whether a commit is like that."""
        return (
            (self.since is None or commit.time >= self.since)
            and (self.until is None or commit.time <= self.until)
            and (self.merges is None or (len(commit.parents) > 1) == self.merges)
            and (not self.authors or any(pattern.search(commit.author) for pattern in self.authors))
            and (not self.messages or any(pattern.search(commit.message) for pattern in self.messages))
        )

    def of(self, commits: Iterable[Commit]) -> Iterator[Commit]:
        """Those of some commits that fit, in order."""
        patterns = (*self.messages, *self.authors)
        for commit in commits:
            if patterns:
                with within(_PATIENCE, patterns[0]):
                    fits = self.fits(commit)
            else:
                fits = self.fits(commit)
            if fits:
                yield commit


def select(
    messages: Iterable[str] = (),
    authors: Iterable[str] = (),
    since: str | None = None,
    until: str | None = None,
    merges: bool | None = None,
    ignore_case: bool = False,
    fixed: bool = False,
) -> Selection:
    """A selection from words: patterns, and times as ISO 8601 or seconds. Raises `UsageError`."""
    return Selection(
        tuple([compile_pattern(text, fixed, ignore_case) for text in messages]),
        tuple([compile_pattern(text, fixed, ignore_case) for text in authors]),
        None if since is None else _time(since, "--since"),
        None if until is None else _time(until, "--until"),
        merges,
    )


def _time(text: str, where: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 13 else parse_time(text, where)
