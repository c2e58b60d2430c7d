"""Label flips: the pairs of a session and a memory whose label crosses one half between two renderings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from memento.errors import CorruptRecord, UsageError
from memento.render.rendering import Rendering, Spec, render
from memento.world import tree
from memento.world.objects import ObjectStore

HALF = 0.5
"""A label of at least this much is relevant."""
_SHOWN = 10
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


class Change(NamedTuple):
    """One pair with its label before and after."""

    session: str
    memory: str
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class Pairs:
    """Two renderings brought together by (session id, memory id).

    `before` and `after` (P,) are rows of the pairs that both have, in the order of the first;
    `only_before` and `only_after` the rows that only one of them has.
    """

    before: Ints
    after: Ints
    only_before: Ints
    only_after: Ints


@dataclass(frozen=True, eq=False)
class Flips:
    """How labels differ between two renderings.

    `pairs` are those that both have; of these `up` reach 0.5 and `down` fall below it, and
    `changed` have another label at all. `only_before` and `only_after` count pairs that one of them
    lacks. `rows_before` and `rows_after` (F,) are the rows of the pairs that flip, in order, and
    `largest` the pairs whose labels differ most, largest first.
    """

    pairs: int
    up: int
    down: int
    changed: int
    only_before: int
    only_after: int
    largest: tuple[Change, ...]
    rows_before: Ints
    rows_after: Ints

    @property
    def flipped(self) -> int:
        """Pairs that cross 0.5, either way."""
        return self.up + self.down

    def __bool__(self) -> bool:
        return bool(self.changed or self.only_before or self.only_after)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        counts = ("pairs", "changed", "up", "down", "only_before", "only_after")
        return {name: getattr(self, name) for name in counts} | {"largest": [item._asdict() for item in self.largest]}


def flips(before: Rendering, after: Rendering, largest: int = _SHOWN) -> Flips:
    """The label flips from one rendering to another, with the `largest` changes of a label.

    A pair flips where its label is at least 0.5 in one and below it in the other. Ties among the
    largest are in the order of the first rendering. O(N log N) for N candidates.
    """
    both = pairs(before, after)
    old, new = before.labels[both.before], after.labels[both.after]
    up, down = (old < HALF) & (new >= HALF), (old >= HALF) & (new < HALF)
    changed = np.flatnonzero(old != new)
    size = np.abs(new[changed].astype(np.float64) - old[changed])
    first = changed[np.argsort(-size, kind="stable")[:largest]]
    flipped = np.flatnonzero(up | down)
    return Flips(
        pairs=len(both.before),
        up=int(np.count_nonzero(up)),
        down=int(np.count_nonzero(down)),
        changed=len(changed),
        only_before=len(both.only_before),
        only_after=len(both.only_after),
        largest=tuple(_change(before, after, int(both.before[row]), int(both.after[row])) for row in first),
        rows_before=both.before[flipped],
        rows_after=both.after[flipped],
    )


def of_trees(store: ObjectStore, before: str, after: str) -> Flips | None:
    """The label flips between two stored worlds; None where one of them has nothing to label.

    The labels are those that the first world has: planted where patterns are, else observed.
    """
    labels = "planted" if tree.read_manifest(store, before).patterns else "observed"
    spec = Spec(labels, dimension=1)
    try:
        old, new = (render(tree.read(store, tree_id), spec, tree=tree_id) for tree_id in (before, after))
    except (UsageError, CorruptRecord):
        return None
    return flips(old, new)


def pairs(before: Rendering, after: Rendering) -> Pairs:
    """The candidates of two renderings, paired by session id and memory id."""
    sessions = _codes(before.session_ids, after.session_ids)
    memories = _codes(before.memory_ids, after.memory_ids)
    old, new = (
        np.repeat(sessions[side], np.diff(made.offsets)) << 32 | memories[side][made.memory_rows]
        for side, made in enumerate((before, after))
    )
    order = np.argsort(new, kind="stable")
    place = np.minimum(np.searchsorted(new[order], old), max(len(new) - 1, 0))
    found = new[order][place] == old if len(new) else np.zeros(len(old), bool)
    there = order[place[found]] if len(new) else np.empty(0, np.int64)
    alone = np.ones(len(new), bool)
    alone[there] = False
    return Pairs(np.flatnonzero(found), there, np.flatnonzero(~found), np.flatnonzero(alone))


def session_of(rendering: Rendering, row: int) -> str:
    """The id of the session of a row."""
    return rendering.session_ids[int(np.searchsorted(rendering.offsets, row, side="right")) - 1]


def _codes(before: Sequence[str], after: Sequence[str]) -> tuple[Ints, Ints]:
    codes: dict[str, int] = {}
    old, new = (np.array([codes.setdefault(name, len(codes)) for name in ids], np.int64) for ids in (before, after))
    return old, new


def _change(before: Rendering, after: Rendering, old: int, new: int) -> Change:
    memory = before.memory_ids[int(before.memory_rows[old])]
    return Change(session_of(before, old), memory, float(before.labels[old]), float(after.labels[new]))
