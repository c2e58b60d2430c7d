"""An inverted index over the texts of memories, kept in a folder by the id of what it was made from.

A kept index that cannot be read or is not what it claims is a miss: it is made again.
"""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from memento.history.files import make_folders, write_atomic
from memento.language.embed import GRAMMAR_WORDS, tokenize
from memento.world.keys import natural
from memento.world.table import Table

Ints = npt.NDArray[np.int32]
DELETED, SUPERSEDED = 1, 2
_MAGIC = b"memento search 1\n"
_LIMIT = 512 << 20
_LIKE, _LIKENESS = 8, 0.6
_TEXTS = ("keys", "words", "projects")
_COLUMNS = {
    "project": "<i4", "flags": "<u1", "lengths": "<i4", "starts": "<i8", "rows": "<i4", "counts": "<u1",
}  # fmt: skip
_MANY = 255


@dataclass(frozen=True)
class Index:
    """Which memories hold which words.

    `keys` are the ids of the N memories in natural order, `words` the W distinct words in order;
    `rows[starts[w]:starts[w + 1]]` are the memories that hold word w, ascending, and `counts` how often (255
    stands for more).
    `lengths` are the words in each text, `flags` are `DELETED` and `SUPERSEDED`, `project` a number in
    `projects`.
    """

    keys: list[str]
    words: list[str]
    projects: list[str]
    project: Ints
    flags: npt.NDArray[np.uint8]
    lengths: Ints
    starts: npt.NDArray[np.int64]
    rows: Ints
    counts: npt.NDArray[np.uint8]

    def postings(self, word: int) -> tuple[Ints, npt.NDArray[np.uint8]]:
        """The memories that hold a word, and how often each."""
        part = slice(int(self.starts[word]), int(self.starts[word + 1]))
        return self.rows[part], self.counts[part]

    def like(self, word: str) -> list[tuple[int, float]]:
        """The words that stand for a word of a query, and how like it each is (1 for itself).

        Words of four letters and more stand for those that share most of their pieces of three letters
        too (Dice's coefficient of at least 0.6): deploy for deploys and deployed.
        """
        found: dict[int, float] = {}
        exact = bisect_left(self.words, word)
        if self.words[exact : exact + 1] == [word]:
            found[exact] = 1.0
        if len(word) >= 4 and word.isalpha() and word not in GRAMMAR_WORDS:
            joined, begins = self._joined
            marked = f"\0{word}\0"
            shared: dict[int, int] = {}
            for piece in sorted({marked[i : i + 3] for i in range(len(word))}):
                hits = [hit.start() for hit in re.finditer(re.escape(piece.encode()), joined)]
                for number in np.unique(np.searchsorted(begins, np.array(hits, np.int64), "right") - 1).tolist():
                    shared[number] = shared.get(number, 0) + 1
            for number, count in shared.items():
                likeness = 2 * count / (len(word) + len(self.words[number]))
                if number != exact and likeness >= _LIKENESS:
                    found[number] = min(likeness, 1.0)
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_LIKE]

    @cached_property
    def _joined(self) -> tuple[bytes, npt.NDArray[np.int64]]:
        """All words with a NUL before and after each, and where each begins, its NUL included."""
        joined = "\0".join(["", *self.words, ""]).encode()
        return joined, np.flatnonzero(np.frombuffer(joined, np.uint8) == 0)[:-1]


def build(memories: Table) -> Index:
    """The index of a table of memories, in any order."""
    keys = memories.keys
    order = sorted(range(len(keys)), key=lambda row: natural(keys[row]))
    table = memories.take(order)
    code_of: defaultdict[str, int] = defaultdict()
    code_of.default_factory = code_of.__len__
    lengths: list[int] = []
    codes: list[int] = []
    for text in table["text"].tolist():
        found = tokenize(text)
        lengths.append(len(found))
        codes += map(code_of.__getitem__, found)
    words = sorted(code_of)
    number = np.empty(len(words), np.int64)
    number[[code_of[word] for word in words]] = np.arange(len(words))
    owners = np.repeat(np.arange(len(keys), dtype=np.int64), lengths)
    pairs = number[np.array(codes, np.int64)] * max(len(keys), 1) + owners
    distinct, counts = np.unique(pairs, return_counts=True)
    word, row = np.divmod(distinct, max(len(keys), 1))
    projects, project = np.unique(np.array(table["project"].tolist(), np.str_), return_inverse=True)
    flags = table["deleted"] * DELETED + (table["superseded_by"] != "") * SUPERSEDED
    return Index(
        table.keys, words, projects.tolist(), project.astype(np.int32), flags.astype(np.uint8),
        np.array(lengths, np.int32), np.searchsorted(word, np.arange(len(words) + 1)).astype(np.int64),
        row.astype(np.int32), np.minimum(counts, _MANY).astype(np.uint8),
    )  # fmt: skip


def to_bytes(index: Index) -> bytes:
    """An index as stored: a mark, a checksum, and each column after its size in bytes."""
    parts = ["\0".join(getattr(index, name)).encode() for name in _TEXTS]
    parts += [getattr(index, name).astype(kind).tobytes() for name, kind in _COLUMNS.items()]
    sizes = np.array([len(part) for part in parts], "<i8").tobytes()
    body = sizes + b"".join(parts)
    return _MAGIC + hashlib.sha1(body, usedforsecurity=False).digest() + body


def from_bytes(data: bytes) -> Index:
    """The index that `to_bytes` gave. Raises `ValueError` for anything else."""
    head = len(_MAGIC) + 20
    body = memoryview(data)[head:]
    if data[: head - 20] != _MAGIC or hashlib.sha1(body, usedforsecurity=False).digest() != data[head - 20 : head]:
        raise ValueError("not an index")
    count = len(_TEXTS) + len(_COLUMNS)
    sizes = np.frombuffer(body[: 8 * count], "<i8").tolist()
    if len(sizes) != count or min(sizes) < 0 or 8 * count + sum(sizes) != len(body):
        raise ValueError("not an index")
    ends = accumulate(sizes, initial=8 * count)
    parts = [bytes(body[start : start + size]) for start, size in zip(ends, sizes)]
    columns = {name: np.frombuffer(part, kind) for (name, kind), part in zip(_COLUMNS.items(), parts[len(_TEXTS) :])}
    size, starts, rows = len(columns["lengths"]), columns["starts"], columns["rows"]
    keys, words, projects = (part.decode().split("\0") for part in parts[: len(_TEXTS)])
    index = Index(keys if size else [], words if len(starts) > 1 else [], projects if size else [], **columns)
    if (
        {size} != {len(index.keys), len(index.project), len(index.flags)}
        or len(index.words) != len(starts) - 1
        or starts[0] != 0
        or np.any(np.diff(starts) < 0)
        or not starts[-1] == len(rows) == len(index.counts)
        or (len(rows) and not 0 <= rows.min() <= rows.max() < size)
    ):
        raise ValueError("not an index")
    return index


class Cache:
    """Indexes in a folder, at most about `limit` bytes of them; the longest unused go first."""

    def __init__(self, folder: str | os.PathLike[str], limit: int = _LIMIT) -> None:
        self.folder = Path(folder)
        self.limit = limit

    def get(self, name: str) -> Index | None:
        """The index kept under a name, or None."""
        place = self.folder / name
        try:
            found = from_bytes(place.read_bytes())
            os.utime(place)
        except (OSError, ValueError):
            return None
        return found

    def put(self, name: str, index: Index) -> None:
        """Keeps an index; says nothing where the folder cannot be written."""
        with suppress(OSError):
            make_folders(str(self.folder), False)
            write_atomic(str(self.folder / name), to_bytes(index), False)
            self._shrink(self.folder / name)

    def _shrink(self, newest: Path) -> None:
        entries = sorted((place.stat().st_mtime_ns, place) for place in self._entries())
        total = sum(place.stat().st_size for _, place in entries)
        for _, place in entries:
            if total > self.limit and place != newest:
                total -= place.stat().st_size
                place.unlink(missing_ok=True)

    def _entries(self) -> Iterable[Path]:
        return [place for place in self.folder.iterdir() if place.is_file()]
