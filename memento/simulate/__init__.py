"""Worlds from scenarios: one seed, one world, week by week."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from memento.scenario import Scenario
from memento.simulate.story import SIMULATOR, Plan, Story, Week, plan
from memento.world.world import World

__all__ = ["SIMULATOR", "Plan", "Story", "Week", "plan", "weeks", "world"]


def weeks(scenario: Scenario, seed: int, without: Collection[str] = ()) -> Iterator[Week]:
    """The weeks of the world that `seed` makes of `scenario`, each a change of the one before.

    The first holds the manifest, the entities and the first pool. `without` leaves records out of
    the plan (``session:ID``, ``memory:ID``). Raises `UsageError` for a seed over 64 bits.
    """
    return Story(scenario, seed, without).weeks()


def world(scenario: Scenario, seed: int, without: Collection[str] = ()) -> World:
    """The world that `seed` makes of `scenario`, after its last week."""
    return Story(scenario, seed, without).world
