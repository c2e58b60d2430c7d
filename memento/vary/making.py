"""Making the children of one world, here or in other processes, with the same bytes either way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from memento.history.objects import Objects
from memento.vary.consistency import Checker
from memento.vary.operator import Operator
from memento.vary.recipe import Recipe
from memento.world import tree
from memento.world.tree import Delta
from memento.world.world import World

Staged = dict[str, tuple[str, bytes]]
Differences = dict[str, tuple[str, bytes]]
"""What an object resembles, and its difference from that, by id."""
_TOGETHER = 16
"""Children of one parent that are made in one go: the parent is read once for them."""


@dataclass(frozen=True)
class Made:
    """A world that was made: its tree, its clock (s UTC), and the objects that it added.

    `why` says what is wrong with one that is not what its operator promises; of such a one nothing is kept.
    """

    recipe: Recipe
    tree: str
    clock: int
    objects: tuple[str, ...] = ()
    why: str = ""
    inverse: Operator | None = None


@dataclass(frozen=True)
class Job:
    """Some children of one parent; `staged` are the objects of the parent that are not stored yet, `near` what
    they resemble."""

    parent: str
    recipes: tuple[Recipe, ...]
    staged: Staged
    checked: bool = False
    near: Mapping[str, str] = field(default_factory=dict)


def jobs(
    parent: str, recipes: Sequence[Recipe], staged: Staged, checked: bool, near: Mapping[str, str]
) -> Iterator[Job]:
    """The work for one parent in parts of a size that no number of workers changes."""
    for first in range(0, len(recipes), _TOGETHER):
        yield Job(parent, tuple(recipes[first : first + _TOGETHER]), staged, checked, near)


class Maker:
    """Makes worlds with a number of workers; use as a context manager. New objects are staged in `objects`."""

    def __init__(self, objects: Objects, workers: int) -> None:
        self.objects = objects
        self._pool = (
            ProcessPoolExecutor(workers, get_context("spawn"), _begin, (str(objects.path),)) if workers > 1 else None
        )

    def __enter__(self) -> Maker:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def make(self, work: Sequence[Job]) -> Iterator[list[Made]]:
        """What each job makes, in order."""
        if self._pool is None:
            for job in work:
                yield self._compared(job, list(_children(self.objects, job)))
            return
        for job, (made, staged, differences) in zip(work, self._pool.map(_work, work), strict=True):
            self.objects.staged.update(staged)
            self.objects.differences.update(differences)
            yield self._compared(job, made)

    def _compared(self, job: Job, made: list[Made]) -> list[Made]:
        """Tells the store what each new folder and chunk came of, so that it may keep the difference."""
        for child in made:
            if child.objects:
                _pair(self.objects, job.parent, child.tree)
        return made


def _pair(objects: Objects, old: str, new: str) -> None:
    if new not in objects.staged or old == new or new in objects.near:
        return
    objects.near[new] = old
    before = {entry.name: entry for entry in objects.tree(old)}
    for entry in objects.tree(new):
        match = before.get(entry.name)
        if match is not None and match.id != entry.id and match.folder == entry.folder:
            if entry.folder:
                _pair(objects, match.id, entry.id)
            elif entry.id in objects.staged:
                objects.near.setdefault(entry.id, match.id)


def _children(objects: Objects, job: Job) -> Iterator[Made]:
    world, checker = _world(objects, job.parent)
    for recipe in job.recipes:
        held = len(objects.staged)
        result = recipe.operator.apply(world, recipe.key(job.parent))
        why = checker.inconsistency(result, recipe.operator) if job.checked else ""
        if why:
            yield Made(recipe, job.parent, world.manifest.clock, (), why)
            continue
        if isinstance(result, Delta):
            after = tree.apply(objects, job.parent, result) if result else job.parent
        else:
            after = tree.write(objects, result)
        new = [*islice(reversed(objects.staged), len(objects.staged) - held)]
        inverse = recipe.operator.inverse(world, recipe.key(job.parent))
        yield Made(recipe, after, _clock(world, result), tuple(reversed(new)), inverse=inverse)


def _world(objects: Objects, parent: str) -> tuple[World, Checker]:
    """The world of a tree and what holds its variants; the last is kept, since many jobs in a row have one parent."""
    if not _last or _last[0][0] != parent:
        world = tree.read(objects, parent)
        _last[:] = [(parent, world, Checker(world))]
    return _last[0][1:]


_last: list[tuple[str, World, Checker]] = []


def _clock(world: World, result: Delta | World) -> int:
    manifest = result.manifest or world.manifest
    return manifest.clock


# ── in another process ───────────────────────────────────────────────────────────────────────────

_store: list[Objects] = []


def _begin(path: str) -> None:
    _store.append(Objects(Path(path), durable=False))


def _work(job: Job) -> tuple[list[Made], Staged, Differences]:
    """The children of a job and all objects of theirs that are not stored; each child's are complete."""
    objects = _store[0]
    objects.staged, objects.near = dict(job.staged), dict(job.near)
    found: Staged = {}
    differences: Differences = {}
    done = []
    for made in _children(objects, job):
        _pair(objects, job.parent, made.tree)
        new = tuple(name for name in made.objects if objects.pack_of(name) is None)
        for name in new:
            difference = objects.difference(name)
            if difference is not None:
                differences[name] = difference
        own = {name: objects.staged.pop(name) for name in made.objects}
        found.update({name: own[name] for name in new})
        done.append(replace(made, objects=new))
    objects.discard()
    return done, found, differences
