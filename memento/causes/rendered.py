"""The difference of two worlds as a model sees it: drift of columns, label flips, and the edits behind each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from memento.causes.effect import Effect, effect
from memento.changes.diff import Change, Diff
from memento.errors import CorruptRecord, UsageError
from memento.render.flips import HALF, pairs, session_of
from memento.render.rendering import Rendering, Spec, render
from memento.world import tree
from memento.world.objects import MemoryObjects, ObjectStore
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta

MOST = 64
"""Edits that are tried one by one."""
MANIFEST = "manifest"
Sides = npt.NDArray[np.bool_]
Verdict = Literal["alone", "needed", "together"]


@dataclass(frozen=True)
class Flip:
    """A pair whose label crosses 0.5, and the edits that made it.

    `how` is alone where each of `edits` flips it by itself; needed where none does, and it does not
    flip without any one of `edits`; together where neither tells (`edits` is empty then).
    """

    session: str
    memory: str
    before: float
    after: float
    how: Verdict
    edits: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What a model sees of a difference: the effect, and the flips with their edits.

    `tried` edits were tried one by one, `left_out` were not since there are too many.
    """

    effect: Effect
    flips: tuple[Flip, ...]
    tried: int
    left_out: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        flips = [{**vars(flip), "edits": list(flip.edits)} for flip in self.flips]
        return {**self.effect.to_json(), "flips_by_edit": flips, "tried": self.tried, "left_out": self.left_out}


def seen(
    store: ObjectStore, old: str, new: str, diff: Diff, before: Rendering, after: Rendering, most: int = MOST
) -> Seen:
    """What a model sees of the difference of the trees `old` and `new`, whose renderings are given.

    Every edit (a record that differs, or the manifest) is applied by itself to the old world, and for
    flips that none explains taken away by itself from the new one; each time the world is rendered
    again. So the answer is exact for causes that work alone or that a flip cannot do without.
    """
    both = pairs(before, after)
    then, now = before.labels[both.before] >= HALF, after.labels[both.after] >= HALF
    rows = np.flatnonzero(then != now)
    edits = list(_edits(diff))
    trials = edits[:most] if rows.size else []
    labels = before.spec.labels
    alone = [_sides(store, old, delta, labels, before, both.before[rows]) for _, delta, _ in trials]
    flipped = [side is not None and _differs(side, then[rows]) for side in alone]
    solved = np.any(np.array([f for f in flipped if f is not False] or [np.zeros(len(rows), bool)]), axis=0)
    needed: list[Sides | Literal[False]] = [False] * len(trials)
    if rows.size and not solved.all():
        for number, (_, _, back) in enumerate(trials):
            side = _sides(store, new, back, labels, after, both.after[rows])
            needed[number] = side is not None and _differs(side, now[rows])
    found = []
    for place, row in enumerate(rows.tolist()):
        by_itself = tuple(name for (name, _, _), f in zip(trials, flipped, strict=True) if f is not False and f[place])
        without = tuple(name for (name, _, _), f in zip(trials, needed, strict=True) if f is not False and f[place])
        how: Verdict = "alone" if by_itself else "needed" if without else "together"
        at = int(both.before[row])
        memory = before.memory_ids[int(before.memory_rows[at])]
        labels_of = float(before.labels[at]), float(after.labels[both.after[row]])
        found.append(Flip(session_of(before, at), memory, *labels_of, how, by_itself or without))
    return Seen(effect(before, after, diff), tuple(found), len(trials), len(edits) - len(trials) if rows.size else 0)


def _edits(diff: Diff) -> Iterator[tuple[str, Delta, Delta]]:
    """(place, the edit as a change of the old world, its inverse): what changed first, what was added last."""
    if diff.manifest_changed:
        yield MANIFEST, Delta(manifest=diff.manifests[1]), Delta(manifest=diff.manifests[0])
    order = {"changed": 0, "removed": 1, "added": 2}
    for change in sorted(diff.records(), key=lambda change: order[change.kind]):
        if change.table != "turns":
            yield change.place, _delta(change, change.after), _delta(change, change.before)


def _delta(change: Change, record: dict[str, Any] | None) -> Delta:
    if record is None:
        return Delta(deletes={change.table: (change.key,)})
    return Delta({change.table: Table.from_records(TABLES[change.table], [record])})


def _sides(
    store: ObjectStore, tree_id: str, delta: Delta, labels: str, beside: Rendering, rows: npt.NDArray[np.int64]
) -> Sides | None:
    """Which of some rows of a rendering have a label of at least 0.5 after a change of its world, shape (F,);
    a row that is gone keeps its side. None where the change cannot stand by itself."""
    memory = MemoryObjects(store)
    try:
        made = render(tree.read(memory, tree.apply(memory, tree_id, delta)), Spec(labels, dimension=1))
    except (UsageError, CorruptRecord):
        return None
    result = beside.labels[rows] >= HALF
    both = pairs(beside, made)
    place = {row: number for number, row in enumerate(both.before.tolist())}
    for number, row in enumerate(rows.tolist()):
        if row in place:
            result[number] = made.labels[both.after[place[row]]] >= HALF
    return result


def _differs(side: Sides, other: Sides) -> Sides:
    return np.asarray(side != other)


def grouped(flips: Sequence[Flip]) -> dict[tuple[Verdict, tuple[str, ...]], list[Flip]]:
    """Flips by what made them, those with the most first."""
    groups: dict[tuple[Verdict, tuple[str, ...]], list[Flip]] = {}
    for flip in flips:
        groups.setdefault((flip.how, flip.edits), []).append(flip)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))
