"""A commit: a tree, its parents, who, when and why; and its canonical bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from memento.errors import CorruptRecord, UsageError

MAX_MESSAGE = 1 << 20
_MAX_TIME = 1 << 62
_AUTHOR = re.compile(r"[^<>\n\0]*[^<>\n\0 ] <[^<>\n\0 ]*>")
_WHEN = r" ([^\n]*>) ([0-9]{1,19}) [+-][0-9]{4}\n"
_HEADER = re.compile(
    rf"tree ([0-9a-f]{{40}})\n((?:parent [0-9a-f]{{40}}\n)*)author{_WHEN}committer{_WHEN}(?:[^\n]+\n)*\n"
)


class Commit(NamedTuple):
    """One commit. `author` is ``Name <mail>``, `time` in s UTC; ids are 40 hexadecimal digits."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    time: int
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


def check_author(author: str, where: str) -> str:
    """Returns `author`; raises `UsageError` where it is not ``Name <mail>``."""
    if not _AUTHOR.fullmatch(author):
        raise UsageError(f"{where}: {author!r} is not an author", "write it as 'Name <mail@example.org>'")
    return author


def check_message(message: str) -> str:
    """The message as stored: no space at its end, at least one character. Raises `UsageError`."""
    text = message.strip()
    if not text:
        raise UsageError("a commit needs a message", "give one with -m MESSAGE")
    if "\0" in text:
        raise UsageError("a commit message cannot contain a NUL character")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError("a commit message must be valid Unicode; it has a lone surrogate") from None
    if size > MAX_MESSAGE:
        raise UsageError(f"the commit message has {size} bytes, at most {MAX_MESSAGE} are allowed")
    return text


def commit_bytes(
    tree: str,
    parents: Sequence[str],
    committer: str,
    time: int,
    message: str,
    author: str = "",
    written: int | None = None,
) -> bytes:
    """The content of a commit object; author and committer are one unless another `author` is given,
    who wrote it at `written`, s UTC."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines.append(f"author {author or committer} {time if written is None else written} +0000")
    lines += [f"committer {committer} {time} +0000", "", message]
    return ("\n".join(lines) + "\n").encode()


def parse_commit(object_id: str, data: bytes) -> Commit:
    """The commit of an object's content, git's own included. Raises `CorruptRecord`."""
    text = data.decode("utf-8", "replace")
    header = _HEADER.match(text)
    if header is None:
        raise CorruptRecord("not a commit", object_id)
    tree, before, author, when = header.group(1, 2, 3, 6)
    time = int(when)
    if time >= _MAX_TIME:
        raise CorruptRecord("not a commit: its time cannot be read", object_id)
    parents = (before[7:47],) if len(before) == 48 else tuple(before.split()[1::2])
    return Commit(object_id, tree, parents, author, time, text[header.end() :].removesuffix("\n"))


def next_time(wanted: int, parents: Sequence[Commit]) -> int:
    """The time of a commit, s UTC: as wanted, but after every parent, so that times grow along
    every edge of history."""
    return max([0, wanted, *(parent.time + 1 for parent in parents)])


def tag_bytes(commit: str, name: str, author: str, time: int, message: str) -> bytes:
    """The content of an annotated tag of a commit."""
    return f"object {commit}\ntype commit\ntag {name}\ntagger {author} {time} +0000\n\n{message}\n".encode()


def parse_tag(object_id: str, data: bytes) -> tuple[str, str, str]:
    """What a tag object leads to: (id, kind), and its message. Raises `CorruptRecord`."""
    found = re.match(rb"object ([0-9a-f]{40})\ntype ([a-z]+)\n", data)
    if found is None:
        raise CorruptRecord("not a tag", object_id)
    message = data.partition(b"\n\n")[2].decode("utf-8", "replace").strip()
    return found[1].decode(), found[2].decode(), message
