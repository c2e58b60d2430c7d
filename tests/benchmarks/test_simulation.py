"""How many candidate rows a second are simulated: with the seed's six patterns, with all, and with every mechanism of
the simulator as well; beside numpy drawing as many normal numbers as a rendering of them has columns."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from memento.patterns import CATALOG
from memento.scenario import load
from memento.simulate.story import Story

WORLD = [
    "time.days=400",
    "memories.count=2000",
    "sessions.per_day_mean=14",
    "entities.count=60",
    "candidates.per_session=50",
]
SIX = ("recency", "entity", "temporal", "frequency", "supersession", "traversal")
OTHERS = [f"patterns.{name}.{made.factors[0]}=0.05" for name, made in CATALOG.items() if name not in SIX]
MECHANISMS = [
    "topics.drift=0.2",
    "topics.repetition=0.5",
    "sessions.activity=ising",
    "memories.chain_share=0.5",
    "memories.hop_share=0.2",
]


@pytest.mark.parametrize(
    "settings",
    [[], OTHERS, [*OTHERS, *MECHANISMS]],
    ids=["six patterns", "all patterns", "all patterns and mechanisms"],
)
def test_candidate_rows(benchmark: Any, settings: list[str]) -> None:
    scenario = load("default", [*WORLD, *settings])
    made: list[int] = []
    benchmark.pedantic(lambda: made.append(len(Story(scenario, 3).world.candidates)), rounds=3)
    start = time.perf_counter()
    np.random.default_rng(0).standard_normal((made[0], 17))
    reference = time.perf_counter() - start
    assert made[0] > 100_000
    benchmark.extra_info["rows/s"] = round(made[0] / benchmark.stats["min"])
    benchmark.extra_info["times drawing 17 columns"] = round(benchmark.stats["min"] / reference, 1)
