"""Memories ranked by how well their texts answer some words.

Two rankings are made and joined. BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework:
BM25 and Beyond", k1 = 1.2, b = 0.75) counts the words of the query in each text, rare words for more; a
word stands for those like it too (`Index.like`), each for as much as its likeness squared. The cosine of the
built-in embeddings (`memento.language.embed`) compares whole texts, over the 100 that BM25 puts first or as
many as are asked for. The joined score is reciprocal rank fusion (Cormack, Clarke & Büttcher 2009, k = 60):
the sum of 1 / (60 + rank) over both. Equal scores stand in natural order of their ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.find.index import DELETED, SUPERSEDED, Cache, Index, build
from memento.language.embed import embed, tokenize
from memento.world import tree
from memento.world.objects import ObjectStore
from memento.world.records import TABLES, Record

K1, B, K = 1.2, 0.75, 60
DIMENSION = 256
DEPTH = 100
_SCALE = 1 << 15


@dataclass(frozen=True, slots=True)
class Hit:
    """A memory found: its record, its joined score, and the two scores that it comes from."""

    record: Record
    score: float
    bm25: float
    cosine: float

    @property
    def state(self) -> str:
        """live, superseded or deleted."""
        if self.record["superseded_by"]:
            return "superseded"
        return "deleted" if self.record["deleted"] else "live"

    def to_map(self) -> dict[str, Any]:
        """Plain values, for ``--json``."""
        return {
            "record": f"memory:{self.record['id']}", "score": self.score, "bm25": self.bm25, "cosine": self.cosine,
            "state": self.state, "memory": self.record,
        }  # fmt: skip


def search(
    store: ObjectStore,
    tree_id: str,
    words: str,
    count: int = 10,
    project: str = "",
    live: bool = False,
    cache: Cache | None = None,
) -> list[Hit]:
    """The memories of a world that answer `words` best, at most `count`, best first.

    `project` leaves only the memories of one, `live` only those neither deleted nor superseded. Raises
    `UsageError` where there is no word in `words`, or no such project.
    """
    wanted = list(dict.fromkeys(tokenize(words)))
    if not wanted:
        raise UsageError(f"{words!r} has no word to look for", "a word is letters and digits")
    index = index_of(store, tree_id, cache)
    allowed = np.ones(len(index.keys), bool)
    if project:
        if project not in index.projects:
            known = ", ".join(filter(None, index.projects[:20])) or "none"
            raise UsageError(f"no memory belongs to project {project!r}", f"projects: {known}")
        allowed &= index.project == index.projects.index(project)
    if live:
        allowed &= index.flags & (DELETED | SUPERSEDED) == 0
    scores = np.where(allowed, bm25(index, wanted), 0.0)
    rows = _top(scores, max(count, DEPTH))
    found = tree.find(store, tree_id, "memories", [index.keys[row] for row in rows])
    records = {record["id"]: record for record in found.records()}
    rows = [row for row in rows if index.keys[row] in records]
    held = [records[index.keys[row]] for row in rows]
    cosines = _cosines(words, [record["text"] for record in held])
    first = {row: rank for rank, row in enumerate(rows, 1)}
    by_cosine = sorted(range(len(rows)), key=lambda place: (-cosines[place], rows[place]))
    second = {rows[place]: rank for rank, place in enumerate(by_cosine, 1)}
    hits = [
        (Hit(record, 1 / (K + first[row]) + 1 / (K + second[row]), float(scores[row]), cosine), row)
        for row, record, cosine in zip(rows, held, cosines, strict=True)
    ]
    hits.sort(key=lambda pair: (-pair[0].score, pair[1]))
    return [hit for hit, _ in hits[:count]]


def index_of(store: ObjectStore, tree_id: str, cache: Cache | None = None) -> Index:
    """The index of a world's memories, from the cache or made and kept there."""
    name = next((entry.id for entry in store.tree(tree_id) if entry.name == "memories"), "none")
    found = cache.get(name) if cache else None
    if found is None:
        found = build(tree.read_table(store, tree_id, TABLES["memories"].name))
        if cache:
            cache.put(name, found)
    return found


def bm25(index: Index, words: list[str]) -> npt.NDArray[np.float64]:
    """The score of every memory for some words, shape (N,); 0 where it holds none of them."""
    size = len(index.keys)
    scores = np.zeros(size)
    if not size:
        return scores
    norms = K1 * (1 - B + B * index.lengths / max(float(index.lengths.mean()), 1.0))
    for word in words:
        for number, likeness in index.like(word):
            rows, times = index.postings(number)
            counts = times.astype(np.float64)
            rarity = float(rng.log(np.array([1 + (size - len(rows) + 0.5) / (len(rows) + 0.5)]))[0])
            scores[rows] += likeness * likeness * rarity * counts * (K1 + 1) / (counts + norms[rows])
    return scores


def _top(scores: npt.NDArray[np.float64], count: int) -> list[int]:
    """The rows of the highest scores above 0, best first; equal ones in order of their rows."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > count:
        least = np.partition(scores[rows], len(rows) - count)[len(rows) - count]
        rows = rows[scores[rows] >= least]
    chosen: list[int] = rows[np.argsort(-scores[rows], kind="stable")][:count].tolist()
    return chosen


def _cosines(words: str, texts: list[str]) -> list[float]:
    """The cosine of a query with each text, from whole numbers, so that it is the same on any machine."""
    vectors = np.rint(embed([words, *texts], DIMENSION).astype(np.float64) * _SCALE).astype(np.int64)
    return ((vectors[1:] * vectors[0]).sum(axis=1) / (_SCALE * _SCALE)).tolist()  # type: ignore[no-any-return]
