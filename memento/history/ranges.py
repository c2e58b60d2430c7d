"""Which commits some words of a command line stand for, as git reads them (gitrevisions(7), ranges)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from memento.errors import UsageError
from memento.history.revisions import Revisions

_DOTS = re.compile(r"((?:[^{}.]|\{[^{}]*\}|\.(?!\.))*)(\.{2,3})(?!\.)(.*)", re.DOTALL)
_SPECIAL = re.compile(r"(.+)\^(!|@|-([1-9][0-9]{0,3})?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Range:
    """Commits reachable from `starts` and from none of `exclude`, by their ids."""

    starts: tuple[str, ...]
    exclude: tuple[str, ...] = ()


def read_range(revisions: Revisions, words: Iterable[str]) -> Range:
    """The range that some words stand for, each a revision or one of git's forms:

    ``A..B`` what B has and A has not, ``A...B`` what one of both has, ``^A`` without what A has,
    ``A^!`` the one commit, ``A^@`` what its parents have, ``A^-N`` without what its Nth parent has. A
    side left out is HEAD, and so is the start where none is given. Raises what revisions raise.
    """
    starts: list[str] = []
    exclude: list[str] = []
    for word in words:
        dots = None if word.startswith(":/") else _DOTS.fullmatch(word)
        special = _SPECIAL.fullmatch(word)
        if dots:
            old, new = (revisions.resolve(side or "HEAD").id for side in dots.group(1, 3))
            if dots[2] == "..":
                starts.append(new)
                exclude.append(old)
            else:
                starts += [old, new]
                exclude += revisions.walker.merge_bases(old, new)
        elif word.startswith("^"):
            exclude.append(revisions.resolve(word[1:]).id)
        elif special:
            commit = revisions.resolve(special[1])
            if special[2] == "@":
                starts += commit.parents
                continue
            starts.append(commit.id)
            number = int(special[3] or 1)
            if special[2] == "!":
                exclude += commit.parents
            elif number > len(commit.parents):
                raise UsageError(f"{word!r}: commit {commit.id[:10]} has {len(commit.parents)} parent(s)")
            else:
                exclude.append(commit.parents[number - 1])
        else:
            starts.append(revisions.resolve(word).id)
    if not starts and not any(word.endswith("^@") for word in words):
        starts.append(revisions.resolve("HEAD").id)
    return Range(tuple(dict.fromkeys(starts)), tuple(dict.fromkeys(exclude)))
