"""What follows from one world, kept for all that ask for it while they work on its variants."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from memento.world.world import World

T = TypeVar("T")


def remembered(make: Callable[[World], T]) -> Callable[[World], T]:
    """A function of a world that gives what it gave last where it is asked of the same world again."""
    last: list[tuple[World, T]] = []

    def of(world: World) -> T:
        kept = last[:1]
        if not kept or kept[0][0] is not world:
            kept = last[:] = [(world, make(world))]
        return kept[0][1]

    return of
