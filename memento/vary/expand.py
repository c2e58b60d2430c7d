"""A tree of variants of one world: depth, fan-out, and a branch for every different world in it.

The children of a world take the operators in turn, and every child's draws hang on its parent's content,
the operator, its parameters and the child's number: an expansion is a function of the base world, the
operators and the seed. Worlds that come out equal are one branch: the first in the order of levels.
A world that comes out on a deeper level again would have the same children, so nothing is lost.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from memento.errors import UsageError
from memento.history.objects import ALIKE, Objects
from memento.history.repository import Repository
from memento.vary import recipe
from memento.vary.making import Job, Made, Maker, Staged, jobs
from memento.vary.operator import Operator, Value
from memento.vary.recipe import Recipe

MAX_VARIANTS = 1_000_000
MAX_BYTES = 2 << 30
"""What the objects of an expansion may have together before they are compressed."""
_DIGITS = 10
_SAMPLE = 8
_COMMIT_BYTES = 330
_NEXT_COMMIT_BYTES = 85
"""Of a commit that is kept by its difference from another."""
_INDEX_BYTES = 32

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Variant:
    """A branch that holds a variant: what it was made from, how, and how many steps from the base."""

    name: str
    commit: str
    tree: str
    parent: str
    operator: str
    depth: int


@dataclass(frozen=True)
class Rejected:
    """A variant that was not committed, being not what its operator promises: of what world, how made, and why."""

    parent: str
    operator: str
    child: int
    depth: int
    why: str


@dataclass(frozen=True)
class Expansion:
    """What came of an expansion: variants; `same`, worlds that came out again, each as its operator and the
    branch that holds it; the number of branches that were there already; and what was `rejected`."""

    base: str
    variants: tuple[Variant, ...]
    same: tuple[tuple[str, str], ...]
    known: int
    rejected: tuple[Rejected, ...] = ()

    @property
    def identical(self) -> int:
        """How many worlds came out again."""
        return len(self.same)


@dataclass(frozen=True)
class Estimate:
    """What an expansion would make: variants at most, the first names, and bytes stored, roughly."""

    variants: int
    names: tuple[str, ...]
    bytes: int


def count(depth: int, fanout: int) -> int:
    """How many variants a tree has at most, its root left out.

    Raises `UsageError` beyond the limit, before anything is made.
    """
    if depth < 1 or fanout < 1:
        raise UsageError("depth and fan-out are at least 1")
    digits = depth * math.log10(fanout) if fanout > 1 else math.log10(depth)
    total = 0
    if digits < 7:
        total = depth if fanout == 1 else (fanout ** (depth + 1) - 1) // (fanout - 1) - 1
    if digits >= 7 or total > MAX_VARIANTS:
        said = f"10^{digits:.0f}" if digits >= 7 else f"{total:,}"
        raise UsageError(
            f"depth {depth} and fan-out {fanout} ask for {said} variants; the limit is {MAX_VARIANTS:,}",
            "take a smaller depth or fan-out",
        )
    return total


def expand(
    repository: Repository,
    base: str,
    operators: Sequence[Operator],
    depth: int = 1,
    fanout: int = 1,
    seed: int = 0,
    prefix: str = "",
    workers: int = 1,
    progress: Progress | None = None,
    checked: bool = True,
) -> Expansion:
    """Makes the tree of variants, as one operation; branches are called ``PREFIX-<digits of the tree>``.

    With `checked` every node is held to what its operator promises (`memento.vary.consistency`); one that is not
    consistent is told and not committed, and has no children.
    `prefix` is the base's name where that is a branch, else ``variant``. The same bytes for any number of
    `workers`. A branch that is there already, with this world as a variant of this parent, stays.
    Raises `UsageError` beyond the limits, and what the operators raise; nothing is made then.
    """
    total, prefix = _checked(repository, base, operators, depth, fanout, prefix)
    what = f"expand {base} by {', '.join(map(str, operators))}"
    recipes = _recipes(operators, fanout, seed)
    return grow(repository, base, recipes, depth, total, prefix, what, workers, progress, checked)


def grow(
    repository: Repository,
    base: str,
    recipes: Sequence[Recipe],
    depth: int,
    total: int,
    prefix: str,
    what: str,
    workers: int = 1,
    progress: Progress | None = None,
    checked: bool = False,
) -> Expansion:
    """Makes a tree of `total` variants in which every world has a child by each recipe, as one operation
    that the log calls `what`."""
    root = repository.commit_of(base)
    tips = repository.tips(f"{prefix}-")
    names: dict[str, str] = {}
    seen = {root.tree: base}
    found: list[Variant] = []
    same: list[tuple[str, str]] = []
    rejected: list[Rejected] = []
    known = 0
    measured = False
    first = ""
    level: list[tuple[str, str, str, tuple[str, ...]]] = [(base, root.id, root.tree, ())]
    with Maker(repository.objects, workers) as maker, repository.batch(what) as batch:
        objects, staged = repository.objects, repository.objects.staged
        for step in range(1, depth + 1):
            work: list[Job] = []
            of: list[tuple[str, str, tuple[str, ...]]] = []
            for name, commit, tree, needs in level:
                roots = {key: objects.differences[key][0] for key in needs if key in objects.differences}
                held: Staged = {key: staged[key] for key in (*needs, *roots.values()) if key in staged}
                parts = list(jobs(tree, recipes, held, checked, roots))
                work += parts
                of += [(name, commit, tuple(held))] * len(parts)
            level = []
            for (name, commit, needs), children in zip(of, maker.make(work), strict=True):
                if not measured:
                    size = sum(len(staged[key][1]) for made in children for key in made.objects)
                    _refuse_bytes(size // len(children) * total, total)
                    measured = True
                for made in children:
                    if made.why:
                        rejected.append(Rejected(name, str(made.recipe.operator), made.recipe.child, step, made.why))
                        continue
                    if made.tree in seen:
                        same.append((str(made.recipe.operator), seen[made.tree]))
                        continue
                    branch = seen[made.tree] = _name(prefix, made.tree, names)
                    child = tips.get(branch, "")
                    if child and _holds(repository, child, made.tree, commit):
                        known += 1
                    else:
                        message = made.recipe.message(made.inverse)
                        child = batch.write(made.tree, message, [commit], time=made.clock)
                        batch.start(branch, child)
                        if first:
                            objects.resembles(child, first)
                        first = first or child
                    found.append(Variant(branch, child, made.tree, name, str(made.recipe.operator), step))
                    level.append((branch, child, made.tree, (*needs, *made.objects) if workers > 1 else ()))
                if progress:
                    progress(len(found) + len(same) + len(rejected), total, "variants")
    return Expansion(base, tuple(found), tuple(same), known, tuple(rejected))


def estimate(
    repository: Repository,
    base: str,
    operators: Sequence[Operator],
    depth: int = 1,
    fanout: int = 1,
    seed: int = 0,
    prefix: str = "",
) -> Estimate:
    """What `expand` would make, from the first few children; nothing is written."""
    total, prefix = _checked(repository, base, operators, depth, fanout, prefix)
    return foresee(repository, base, _recipes(operators, min(fanout, _SAMPLE), seed), total, prefix)


def foresee(repository: Repository, base: str, recipes: Sequence[Recipe], total: int, prefix: str) -> Estimate:
    """What `grow` would make, from the first few recipes; nothing is written."""
    root = repository.commit_of(base)
    sample = _sample(repository, root.tree, recipes, total)
    names: dict[str, str] = {}
    first = dict.fromkeys(_name(prefix, made.tree, names) for made, _ in sample if made.tree != root.tree)
    commit = _INDEX_BYTES + (_COMMIT_BYTES if total <= ALIKE else _NEXT_COMMIT_BYTES)
    mean = sum(packed for _, packed in sample) / len(sample) + commit
    return Estimate(total, tuple(first), int(mean * total))


def _checked(
    repository: Repository, base: str, operators: Sequence[Operator], depth: int, fanout: int, prefix: str
) -> tuple[int, str]:
    if not operators:
        raise UsageError("an expansion needs an operator", "`memento expand BASE --operators jitter,drop:share=0.2`")
    return count(depth, fanout), prefix or (base if repository.has_branch(base) else "variant")


def _recipes(operators: Sequence[Operator], fanout: int, seed: int) -> list[Recipe]:
    """Those of the children of any world: the operators in turn."""
    return [Recipe(operators[child % len(operators)], seed, child) for child in range(fanout)]


def _sample(repository: Repository, tree: str, recipes: Sequence[Recipe], total: int) -> list[tuple[Made, int]]:
    """The first few children, with the bytes that a pack and its index would hold of each among all `total`;
    all is forgotten."""
    objects = repository.objects
    found = []
    try:
        children = next(Maker(objects, 1).make([Job(tree, tuple(recipes[:_SAMPLE]), {})]))
        uses = Counter(base for base, _ in objects.differences.values())
        often = {base for base, count in uses.items() if count * total >= ALIKE * len(children)}
        for made in children:
            packed = sum(_INDEX_BYTES + _packed(objects, name, often) for name in made.objects)
            found.append((made, packed))
    finally:
        objects.discard()
    return found


def _packed(objects: Objects, name: str, often: Collection[str]) -> int:
    """The bytes of a staged object in a pack, by its difference from one that is `often` resembled."""
    base, delta = objects.differences.get(name, ("", b""))
    return len(zlib.compress(delta if base in often else objects.staged[name][1], 1))


def _refuse_bytes(size: int, total: int) -> None:
    if size > MAX_BYTES:
        raise UsageError(
            f"{total:,} variants of this world hold about {size / 2**30:,.1f} GiB at once; the limit is "
            f"{MAX_BYTES / 2**30:.0f} GiB",
            "expand less at once, or by operators that change less",
        )


def _holds(repository: Repository, commit: str, tree: str, parent: str) -> bool:
    """Whether a commit is this world as a variant of this parent, by whatever recipe."""
    found = repository.commit_of(commit)
    return found.tree == tree and found.parents == (parent,) and recipe.is_variant(found.message)


def _name(prefix: str, tree: str, names: dict[str, str]) -> str:
    """A name from a world's content: as many digits of its tree as no other variant here begins with."""
    for digits in range(_DIGITS, 41):
        name = f"{prefix}-{tree[:digits]}"
        if names.setdefault(name, tree) == tree:
            return name
    return f"{prefix}-{tree}"


@dataclass(frozen=True)
class Verified:
    """Whether a branch's tip is what its recipe makes of its parent; `why` is not empty where it is not."""

    name: str
    commit: str
    why: str = ""


def verify(
    repository: Repository, names: Iterable[str], workers: int = 1, progress: Progress | None = None
) -> list[Verified]:
    """Makes the variants of some branches again from their parents and compares the ids of their trees.

    Branches that hold no variant are left out.
    """
    wanted = []
    for name in names:
        commit = repository.commit_of(f"refs/heads/{name}")
        if recipe.is_variant(commit.message):
            wanted.append((name, commit, recipe.of(commit.message)))
    good = [(commit, found) for _, commit, found in wanted if found is not None and commit.parents]
    work = [Job(repository.commit_of(commit.parents[0]).tree, (found,), {}) for commit, found in good]
    again: dict[str, str] = {}
    try:
        with Maker(repository.objects, workers) as maker:
            for number, ((commit, _), made) in enumerate(zip(good, maker.make(work), strict=True), 1):
                again[commit.id] = made[0].tree
                repository.objects.discard()
                if progress:
                    progress(number, len(good), "variants")
    finally:
        repository.objects.discard()
    return [Verified(name, commit.id, _why(commit.tree, again.get(commit.id))) for name, commit, _ in wanted]


def _why(tree: str, again: str | None) -> str:
    if again is None:
        return "its recipe cannot be read"
    return "" if again == tree else f"its recipe gives tree {again[:10]}, not {tree[:10]}"


@dataclass(frozen=True)
class Entry:
    """One line of the ledger: a branch that holds a variant, its parent's commit, and what made it."""

    name: str
    commit: str
    parent: str
    operator: str
    parameters: dict[str, Value]
    seed: int
    child: int


def ledger(repository: Repository, names: Iterable[str]) -> list[Entry]:
    """What made each of some branches' tips, as their commits tell; branches that hold no variant are left out."""
    found = []
    for name in names:
        commit = repository.commit_of(f"refs/heads/{name}")
        made = recipe.of(commit.message)
        if made is not None and commit.parents:
            operator = made.operator
            entry = Entry(name, commit.id, commit.parents[0], operator.name, operator.to_map(), made.seed, made.child)
            found.append(entry)
    return found
