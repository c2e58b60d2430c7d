"""A sweep of scenario parameters: a world simulated again at every point of a grid, each a variant of its base."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, isfinite, prod

from memento import rng
from memento.errors import InvalidFile, UsageError
from memento.history.repository import Repository
from memento.scenario import parameters
from memento.scenario.loading import faults_of
from memento.simulate.again import SPAN, law_of, start_only
from memento.vary.expand import MAX_VARIANTS, Estimate, Expansion, Progress, foresee, grow
from memento.vary.parameter import Resimulate
from memento.vary.recipe import Recipe
from memento.world import tree

_COMMA = re.compile(r",(?![^\[]*\])")
_HINT = "`memento scenarios --parameters` lists every parameter; write KEY=LOW:HIGH:COUNT or KEY=A,B,C"
_DIGITS = 12
_FEW = 1000


@dataclass(frozen=True)
class Point:
    """A point of a grid: its values by dotted key, and the branch that holds its world; the base itself
    where nothing changes there."""

    values: Mapping[str, str]
    branch: str


@dataclass(frozen=True)
class Sweep:
    """What came of a sweep: every point in the order of the grid (the last key turns fastest), what was made
    for them, and the keys that could have no say any more at `since`."""

    points: tuple[Point, ...]
    made: Expansion
    silent: tuple[str, ...]


def axes(words: Sequence[str]) -> dict[str, list[str]]:
    """The values of each key that some words name: ``key=a,b,c``, ``key=lo:hi:n`` or ``key=lo:hi:n:log``.

    Both ends belong to a range; values are rounded to 12 digits, and to whole numbers where the parameter
    is one. Raises `InvalidFile` with the faults of all words, `UsageError` for a grid beyond the limit.
    """
    found: dict[str, list[str]] = {}
    faults: list[str] = []
    for word in words:
        key, equals, text = (part.strip() for part in word.partition("="))
        if not (key and equals and text):
            faults.append(f"{word!r} is not KEY=LOW:HIGH:COUNT or KEY=A,B,C")
        elif key in found:
            faults.append(f"{key} is swept twice")
        else:
            found[key] = _values(key, text, faults)
    for key, values in found.items():
        tried = values if len(values) <= _FEW else (values[0], values[-1])
        faults += dict.fromkeys(fault for value in tried for fault in faults_of({key: value}))
        faults += [f"{key} = {value}: a value has no ';'" for value in tried if ";" in value]
    if faults:
        raise InvalidFile("--sweep", faults, _HINT)
    total = prod(map(len, found.values()))
    if total > MAX_VARIANTS:
        raise UsageError(
            f"the grid has {total:,} points; the limit is {MAX_VARIANTS:,}", "take fewer values of a key, or fewer keys"
        )
    return found


def _values(key: str, text: str, faults: list[str]) -> list[str]:
    if ":" not in text:
        return list(dict.fromkeys(value.strip() for value in _COMMA.split(text)))
    low, high, count, scale = [*text.split(":"), "", "", ""][:4]
    try:
        ends, number = (float(low), float(high)), int(count)
        good = isfinite(ends[0]) and isfinite(ends[1]) and scale in ("", "log") and text.count(":") <= 3
    except ValueError:
        good = False
    if not good:
        faults.append(f"{key}={text} is no range: LOW:HIGH:COUNT or LOW:HIGH:COUNT:log, all numbers")
        return []
    if not 1 <= number <= MAX_VARIANTS:
        faults.append(f"{key}={text}: the count is 1 to {MAX_VARIANTS:,}")
        return []
    if scale and min(ends) <= 0:
        faults.append(f"{key}={text}: both ends of a logarithmic range are above 0")
        return []
    whole = key in parameters() and parameters()[key].kind == "int"
    values = _spaced(*ends, number, bool(scale))
    if not all(map(isfinite, values)):
        faults.append(f"{key}={text}: the ends lie too far apart")
        return []
    return list(dict.fromkeys(_written(at, whole) for at in values))


def _spaced(low: float, high: float, count: int, log: bool) -> list[float]:
    parts = [at / max(1, count - 1) for at in range(count)]
    if log and not isfinite(high / low):
        return [inf]
    if log:
        return [low * float(rng.power(high / low, part)) for part in parts]
    return [low + (high - low) * part for part in parts]


def _written(value: float, whole: bool) -> str:
    return str(round(value)) if whole else repr(float(f"{value:.{_DIGITS}g}"))


def sweep(
    repository: Repository,
    base: str,
    name: str,
    words: Sequence[str],
    since: str = "",
    workers: int = 1,
    progress: Progress | None = None,
) -> Sweep:
    """Simulates the world of revision `base` again at every point of the grid of `words` (see `axes`), from
    the instant `since` on; as one operation. Branches are called ``NAME-<digits of the tree>``.

    Worlds that come out equal are one branch, that of the first point. The same bytes for any number of
    `workers`. Raises as `axes` and `memento.simulate.again`; nothing is made then.
    """
    recipes = _recipes(repository, base, words, since)
    keys = ", ".join(axes(words))
    made = grow(repository, base, recipes, 1, len(recipes), name, f"sweep {base} over {keys}", workers, progress)
    at = {**{variant.operator: variant.name for variant in made.variants}, **dict(made.same)}
    operators = [recipe.operator for recipe in recipes]
    points = [Point(made_by.values, at[str(made_by)]) for made_by in operators if isinstance(made_by, Resimulate)]
    return Sweep(tuple(points), made, tuple(start_only(dict.fromkeys(axes(words), ""))) if since else ())


def estimate(repository: Repository, base: str, name: str, words: Sequence[str], since: str = "") -> Estimate:
    """What `sweep` would make, from the first few points; nothing is written."""
    recipes = _recipes(repository, base, words, since)
    return foresee(repository, base, recipes, len(recipes), name)


def _recipes(repository: Repository, base: str, words: Sequence[str], since: str) -> list[Recipe]:
    """One for each point, the last key turning fastest, all checked with the world's own parameters."""
    grid = axes(words)
    world = tree.read(repository.objects, repository.tree_of(base))
    points = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    faults = dict.fromkeys(f"{key} is fixed once a world has begun" for key in SPAN if since and key in grid)
    for point in points:
        try:
            law_of(world, point)
        except InvalidFile as error:
            faults.update(dict.fromkeys(error.faults))
    if faults:
        raise InvalidFile("--sweep", list(faults), _HINT)
    return [Recipe(Resimulate.of(point, since), 0, 0) for point in points]
