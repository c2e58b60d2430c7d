"""The trainer beside a bare forward and backward pass over the same sessions, in one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.worlds import arbitrary
from memento.models import CATALOG
from memento.models.base import Model
from memento.train import ranking
from memento.train.batches import Resident, Windows, grouped
from memento.train.config import Config
from memento.train.feed import Feed
from memento.train.judge import Judge
from memento.train.loop import Loop
from memento.train.losses import listnet
from memento.train.mixture import Mixture
from memento.train.threads import one_thread

SESSIONS, CANDIDATES, MEMORIES, DIMENSION = 480, 50, 400, 64


@pytest.fixture(scope="module")
def resident() -> Resident:
    return Resident([arbitrary(SESSIONS, CANDIDATES, MEMORIES, DIMENSION)])


@pytest.mark.parametrize("name", ["interaction", "signet"])
@pytest.mark.benchmark(group="training")
def test_the_trainer_beside_bare_passes(
    benchmark: Any, resident: Resident, median_of: Callable[[Callable[[int], Any], int], float], name: str
) -> None:
    """Everything the loop adds counts: the order, cutting batches, Adam, the schedule."""
    config = Config.of(name, {"batch": 16})
    model: Model = CATALOG[name]().train()
    everything = np.arange(SESSIONS)
    feed = Feed(resident, Windows([everything], 1), Mixture([everything], [1.0]), config)
    loop = Loop(model, feed, Judge(resident, everything[:0]), config)
    cut = [resident.batch(chosen) for chosen in grouped(everything, resident.sizes, config.batch)]

    def bare(_: int) -> None:
        for batch in cut:
            assert batch.labels is not None
            model.zero_grad(set_to_none=True)
            listnet(model(batch), batch.labels, batch.mask).backward()

    def trained() -> None:
        loop.step_through(0)

    references: list[float] = []
    with one_thread():
        bare(0)
        trained()
        benchmark.pedantic(trained, setup=lambda: references.append(median_of(bare, 1)), rounds=15)
    reference, taken = float(np.median(references)), benchmark.stats.stats.median
    benchmark.extra_info["parameters"] = model.size
    benchmark.extra_info["sessions_a_second"] = round(SESSIONS / taken)
    benchmark.extra_info["bare_sessions_a_second"] = round(SESSIONS / reference)
    benchmark.extra_info["share_of_bare"] = round(reference / taken, 3)


@pytest.mark.benchmark(group="ranking")
def test_figures_of_a_million_candidates(benchmark: Any) -> None:
    draw = np.random.default_rng(0)
    scores, labels = draw.normal(size=1_000_000), draw.uniform(size=1_000_000)
    offsets = np.arange(0, 1_000_001, 50, dtype=np.int64)
    benchmark.pedantic(lambda: ranking.ndcg(scores, labels, offsets), rounds=3)
    benchmark.extra_info["rows_a_second"] = round(1_000_000 / benchmark.stats.stats.median)
