"""Git objects as anyone may have made them: what they lead to, and whether they may come in.

Stricter than git where git warns: names in a tree are unique and sorted, modes are those of folders
and files, and no name is one that some file system takes for ``.git`` or for a way out of the folder.
"""

from __future__ import annotations

import re
from typing import NamedTuple

FOLDER_MODE = b"40000"
_ENTRY = re.compile(rb"([0-7]{1,7}) ([^\0]*)\0(.{20})", re.DOTALL)
MODES = frozenset((FOLDER_MODE, b"100644", b"100755"))
_COMMIT = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n){0,1000})"
    rb"author [^\n\0]*<[^\n\0<>]*> [0-9]{1,19} [+-][0-9]{4}\ncommitter [^\n\0]*<[^\n\0<>]*> [0-9]{1,19} [+-][0-9]{4}\n"
)
_TAG = re.compile(rb"object ([0-9a-f]{40})\ntype (commit|tag|tree|blob)\ntag [^\n\0]+\n")
_EVIL = re.compile(rb"\.{0,2}|\.git[ .]*(:.*)?|git~[0-9]+", re.IGNORECASE)
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
MAX_NAME = 255


class Link(NamedTuple):
    """What an object leads to: the kind that must be there, and the raw id."""

    kind: str
    raw: bytes


def tree_entries(data: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """(mode, name, raw id) of each entry of any tree object, git's own included. Raises `ValueError`."""
    found: list[tuple[bytes, bytes, bytes]] = _ENTRY.findall(data)
    if sum(len(mode) + len(name) + 22 for mode, name, _ in found) != len(data):
        raise ValueError("a tree that cannot be read")
    return found


def is_elsewhere(mode: bytes) -> bool:
    """Whether an entry of a tree is a commit of another repository, of which nothing is here."""
    return mode.startswith(b"16")


def links(kind: str, data: bytes) -> list[Link]:
    """What an object leads to. Raises `ValueError` for one that may not come in."""
    if kind == "tree":
        return _tree_links(data)
    if kind == "commit":
        found = _COMMIT.match(data)
        if found is None or b"\n\n" not in data[found.end() - 1 :]:
            raise ValueError("a commit that cannot be read")
        parents = [bytes.fromhex(line[7:].decode()) for line in found[2].splitlines()]
        return [Link("tree", bytes.fromhex(found[1].decode())), *(Link("commit", parent) for parent in parents)]
    if kind == "tag":
        found = _TAG.match(data)
        if found is None:
            raise ValueError("a tag that cannot be read")
        return [Link(found[2].decode(), bytes.fromhex(found[1].decode()))]
    return []


def _tree_links(data: bytes) -> list[Link]:
    found = []
    before = b""
    names = set()
    for mode, name, raw in tree_entries(data):
        if mode not in MODES:
            raise ValueError(
                f"a tree whose entry {_shown(name)} has mode {_shown(mode)}: only files and folders are kept"
            )
        if _evil(name):
            raise ValueError(f"a tree with the name {_shown(name)}")
        folder = mode == FOLDER_MODE
        key = name + b"/" if folder else name
        if key <= before or name in names:
            raise ValueError(f"a tree whose names are not sorted, or not unique: {_shown(name)}")
        before = key
        names.add(name)
        found.append(Link("tree" if folder else "blob", raw))
    return found


def _evil(name: bytes) -> bool:
    if _EVIL.fullmatch(name) or len(name) > MAX_NAME or b"/" in name or b"\\" in name:
        return True
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return True
    return not text.isprintable() or _EVIL.fullmatch(_IGNORED.sub("", text).encode()) is not None


def _shown(text: bytes) -> str:
    return repr(text.decode("utf-8", "backslashreplace")[:60])
