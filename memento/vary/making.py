"""Making the children of one world, here or in other processes, with the same bytes either way."""

from __future__ import annotations

import gc
import signal
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from memento.errors import StoreError
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
_COLLECT = 50_000
"""Objects between collections of cycles in a worker: it makes millions of objects, and hardly a cycle."""
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
    """Some children of one parent; `staged` are the objects of the parent that are not stored yet, `roots` those
    that they are kept by their difference from."""

    parent: str
    recipes: tuple[Recipe, ...]
    staged: Staged
    checked: bool = False
    roots: Mapping[str, str] = field(default_factory=dict)


def jobs(
    parent: str, recipes: Sequence[Recipe], staged: Staged, checked: bool, roots: Mapping[str, str]
) -> Iterator[Job]:
    """The work for one parent in parts of a size that no number of workers changes."""
    for first in range(0, len(recipes), _TOGETHER):
        yield Job(parent, tuple(recipes[first : first + _TOGETHER]), staged, checked, roots)


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
                yield list(_children(self.objects, job))
            return
        with _interrupts_held():
            coming = self._pool.map(_work, work)
        try:
            for made, staged, differences in coming:
                self.objects.staged.update(staged)
                for name, difference in differences.items():
                    self.objects.differences.setdefault(name, difference)
                yield made
        except BrokenProcessPool:
            raise StoreError(
                "a process that made variants was ended from outside; nothing was made",
                "it may have run out of memory: take fewer --workers",
            ) from None


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Holds Ctrl-C back while processes start: they inherit that, and let it end them once they are up (`_begin`)."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _compare(objects: Objects, old: str, new: str, made: Collection[str]) -> None:
    """Tells the store what each folder and chunk that was `made` came of, so that it may keep the difference."""
    if new not in made:
        return
    objects.resembles(new, old)
    before = {entry.name: entry for entry in objects.tree(old)}
    for entry in objects.tree(new):
        match = before.get(entry.name)
        if match is not None and match.id != entry.id and match.folder == entry.folder:
            if entry.folder:
                _compare(objects, match.id, entry.id, made)
            elif entry.id in made:
                objects.resembles(entry.id, match.id)


def _children(objects: Objects, job: Job) -> Iterator[Made]:
    parent = _parent(objects, job.parent)
    world = parent.world
    for recipe in job.recipes:
        held = len(objects.staged)
        result = recipe.operator.apply(world, recipe.key(job.parent))
        why = parent.checker.inconsistency(result, recipe.operator) if job.checked else ""
        if why:
            yield Made(recipe, job.parent, world.manifest.clock, (), why)
            continue
        if isinstance(result, Delta):
            after = tree.apply(objects, job.parent, result, parent.where) if result else job.parent
        else:
            after = tree.write(objects, result)
        new = [*islice(reversed(objects.staged), len(objects.staged) - held)]
        _compare(objects, job.parent, after, frozenset(new))
        inverse = recipe.operator.inverse(world, recipe.key(job.parent))
        yield Made(recipe, after, _clock(world, result), tuple(reversed(new)), inverse=inverse)


class _Parent:
    """A world, and what is known of it for all its children."""

    def __init__(self, tree_id: str, world: World) -> None:
        self.tree_id, self.world = tree_id, world
        self.checker, self.where = Checker(world), tree.where_in(world)


def _parent(objects: Objects, tree_id: str) -> _Parent:
    """The world of a tree; the last is kept, since many jobs in a row have one parent."""
    if not _last or _last[0].tree_id != tree_id:
        _last[:] = [_Parent(tree_id, tree.read(objects, tree_id))]
    return _last[0]


_last: list[_Parent] = []


def _clock(world: World, result: Delta | World) -> int:
    manifest = result.manifest or world.manifest
    return manifest.clock


# ── in another process ───────────────────────────────────────────────────────────────────────────

_store: list[Objects] = []


def _begin(path: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    gc.set_threshold(_COLLECT)
    _store.append(Objects(Path(path), durable=False))


def _work(job: Job) -> tuple[list[Made], Staged, Differences]:
    """The children of a job and all objects of theirs that are not stored; each child's are complete."""
    objects = _store[0]
    objects.staged, objects.differences = dict(job.staged), {name: (root, b"") for name, root in job.roots.items()}
    found: Staged = {}
    differences: Differences = {}
    done = []
    for made in _children(objects, job):
        new = tuple(name for name in made.objects if objects.pack_of(name) is None)
        differences.update({name: objects.differences[name] for name in new if name in objects.differences})
        own = {name: objects.staged.pop(name) for name in made.objects}
        found.update({name: own[name] for name in new})
        done.append(replace(made, objects=new))
    objects.discard()
    return done, found, differences
