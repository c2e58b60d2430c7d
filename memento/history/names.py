"""What a branch or a tag may be called: the safe part of what git allows, on every file system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from memento.errors import UsageError

LENGTH = 100
_MANY = 32
HEADS = "refs/heads/"
TAGS = "refs/tags/"
_ALLOWED = re.compile(r"[A-Za-z0-9._/-]*")
_ID = re.compile(r"[0-9a-fA-F]{40}")
_HINT = f"a name is 1 to {LENGTH} of A-Z a-z 0-9 . _ / - and begins with a letter or a digit"


def check_name(name: str, what: str = "branch") -> str:
    """Returns `name`; raises `UsageError` that says which rule it breaks."""
    rule = _broken(name)
    if rule:
        raise UsageError(f"{name!r} cannot be the name of a {what}: {rule}", _HINT)
    return name


def check_new(names: Iterable[str], existing: Iterable[str], what: str = "branch") -> None:
    """Checks names to be created against each other and those that exist; see `Taken.add`."""
    taken, new = Taken(existing, what), list(names)
    if len(new) > _MANY and taken.numbered(new):
        return
    for name in new:
        taken.add(name)


class Taken:
    """The names of branches, or tags, that there are, to which new ones are added one by one."""

    def __init__(self, existing: Iterable[str], what: str = "branch") -> None:
        self.what = what
        self._known: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        for name in existing:
            self._learn(name, name.casefold())

    def _learn(self, name: str, folded: str) -> None:
        self._known[folded] = name
        at = folded.find("/")
        while at >= 0:
            self._folders.setdefault(folded[:at], name)
            at = folded.find("/", at + 1)

    def numbered(self, names: Sequence[str]) -> bool:
        """Whether names that differ in a number at their end alone may all be taken: none is like another that
        there is. What the rules say of the first they say of all. Learns nothing."""
        stem = names[0].rstrip("0123456789")
        folded = stem.casefold()
        if not all(name.startswith(stem) and name[len(stem) :].isdecimal() for name in names):
            return False
        if len(set(names)) != len(names) or len({len(name) for name in names}) != 1 or _ID.fullmatch(names[0]):
            return False
        check_name(names[0], self.what)
        parts = folded.split("/")
        above = any("/".join(parts[:count]) in self._known for count in range(1, len(parts)))
        like = any(name.startswith(folded) for table in (self._known, self._folders) for name in table)
        return not (above or like)

    def add(self, name: str) -> None:
        """Takes a new name.

        Raises `UsageError` for one that exists, that differs from another in case alone (they would be
        one file on some file systems), or that would be both a name and a folder of names.
        """
        what, known = self.what, self._known
        folded = check_name(name, what).casefold()
        other = known.get(folded)
        if other == name:
            raise UsageError(
                f"there is a {what} {name!r} already",
                f"choose another name, or delete that one first: `memento {what} -d {name}`",
            )
        if other is not None:
            raise UsageError(
                f"{name!r} cannot be the name of a {what}: it differs from {other!r} in upper and lower case alone"
            )
        parts = folded.split("/")
        above = next((known[p] for n in range(1, len(parts)) if (p := "/".join(parts[:n])) in known), None)
        below = self._folders.get(folded)
        if above or below:
            raise UsageError(
                f"{name!r} cannot be the name of a {what}: there is {above or below!r}, "
                "and a name cannot be a folder of names too"
            )
        self._learn(name, folded)


def _broken(name: str) -> str:
    if not name:
        return "it is empty"
    if len(name) > LENGTH:
        return f"it has {len(name)} characters, at most {LENGTH} are allowed"
    if unicodedata.normalize("NFC", name) != name:
        return "it is not in Unicode normal form C"
    if not _ALLOWED.fullmatch(name):
        odd = next(c for c in name if not _ALLOWED.fullmatch(c))
        return f"{odd!r} is not allowed"
    if not name[0].isalnum():
        return f"it begins with {name[0]!r}"
    if name.upper() in ("HEAD", "FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD"):
        return "git uses it itself"
    if _ID.fullmatch(name):
        return "it looks like a commit id"
    for part in name.split("/"):
        if not part:
            return "a part between slashes is empty"
        if part[0] == ".":
            return "a part begins with '.'"
        if part[-1] == ".":
            return "a part ends with '.'"
        if part.lower().endswith(".lock"):
            return "a part ends with '.lock'"
    if ".." in name:
        return "'..' is not allowed"
    return ""
