"""What is asked of a scorer: episodes, and the measures taken on them; the parts that questions are put together from.

A tie is never right: a model that cannot see a difference has not answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from memento.patterns import from_manifest
from memento.render.rendering import Spec
from memento.validate.episodes import Draw, Scene, Source

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

RISE = 1e-4
"""Shares of two sessions closer than this count as tied: logits of 32 bits with a large common part are rounded."""
AGE = (1.0, 20.0)
"""Days that candidates are old where nothing hangs on their age."""


@dataclass(frozen=True)
class Measure:
    """One way to count: `right` takes the score of each offer, as a share of its session, and gives (episodes,).

    `threshold` is for the verdict, `sharp` for the sharp form of the question; None where nothing is asked of it.
    """

    name: str
    right: Callable[[Floats], Flags]
    chance: float
    threshold: float | None = None
    note: str = ""
    scene: Scene | None = None
    sharp: float | None = None


@dataclass(frozen=True)
class Asked:
    """Episodes, and the measures taken on them; the one with a threshold is the verdict."""

    scene: Scene
    measures: tuple[Measure, ...]


Question = Callable[[Source, Spec, int, int], "Asked | str"]
"""Of what a world offers, how to render, how many episodes and a seed; a text says why it cannot be asked."""


def planted(source: Source, name: str) -> bool:
    """Whether a pattern is planted and says something."""
    for pattern in from_manifest(source.world.manifest.patterns):
        if pattern.name == name:
            values = pattern.to_map()
            return all(values.get(key, 1.0) != 0.0 for key in ("weight", "strength", "penalty", "decay_rate"))
    return False


def off_peak(source: Source, draw: Draw, besides: tuple[int, ...] = ()) -> tuple[int, str, list[int], list[int]]:
    """A clock, a topic, three memories about it and seven about others, none of which matters at that hour."""
    entity = source.world.memories["entity"]
    taken = {str(entity[row]) for row in besides}
    best: tuple[int, str, list[int], list[int]] | None = None
    for _ in range(20):
        at = int(draw.one(source.recent))
        topic = draw.one([name for name in source.topics if name not in taken] or source.topics)
        calm = ~source.matching(source.usable, int(source.hours[at]), int(source.weekdays[at]))
        about = source.usable[calm & (entity[source.usable] == topic)]
        others = source.usable[calm & (entity[source.usable] != topic)]
        quiet = (
            not len(besides)
            or not source.matching(np.array(besides), int(source.hours[at]), int(source.weekdays[at])).any()
        )
        if len(others) and (len(about) or besides):
            best = at, topic, draw.some(about, 3), draw.some(others, 7)
            if quiet and (len(about) >= 3 or besides) and len(others) >= 7:
                return best
    if best is not None:
        return best
    others = source.usable[entity[source.usable] != topic]
    return at, topic, draw.some(source.of_entity[topic], 3), draw.some(others if len(others) else source.usable, 7)


def withheld(scene: Scene) -> Scene:
    """The same scene with the superseded flag at 0 in every row."""
    features = scene.rendering.features.copy()
    features[:, 11] = 0.0
    return Scene(replace(scene.rendering, features=features), scene.rows)


def offers(episodes: int, stride: int, first: int, span: int, step: int) -> Ints:
    """The offers of each episode, shape (episodes, span / step): every `step`-th of its `stride` from `first`."""
    inside: Ints = np.arange(first, span, step)
    return np.arange(episodes)[:, None] * stride + inside


def grid(scores: Floats, size: int) -> Floats:
    """Scores by episode, shape (episodes, size)."""
    return scores.reshape(-1, size)


def descending(size: int) -> Callable[[Floats], Flags]:
    """Whether the offers of an episode stand in falling order."""
    return lambda s: np.all(np.diff(grid(s, size), axis=1) < 0, axis=1)


def first_on_top(size: int) -> Callable[[Floats], Flags]:
    """Whether the first offer of an episode is the best."""
    return lambda s: grid(s, size)[:, 0] > grid(s, size)[:, 1:].max(axis=1)


def above(size: int, higher: int, lower: int) -> Callable[[Floats], Flags]:
    """Whether one offer of an episode beats another."""
    return lambda s: grid(s, size)[:, higher] > grid(s, size)[:, lower]
