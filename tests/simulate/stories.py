"""Stories of small worlds, told once."""

from __future__ import annotations

from functools import cache

from memento.scenario import load
from memento.simulate import Story

SEED = 7


@cache
def story(name: str = "tiny", seed: int = SEED, *overrides: str) -> Story:
    return Story(load(name, overrides), seed)
