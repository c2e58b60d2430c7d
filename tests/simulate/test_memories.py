"""What memories say, how many replace others, and the laws of their numbers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from memento.simulate.clock import DAY
from memento.simulate.memories import NEVER, Memories

from .stories import story

BIG = ("memories.count=4000", "memories.births_per_session=2", "entities.count=25", "time.days=84")


def big(*overrides: str) -> Memories:
    return story("default", 3, *BIG, *overrides).plan.memories


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.2])
def test_supersede_rate_is_the_share_of_memories_that_replace_one(rate: float) -> None:
    """Within 4 standard errors of the binomial, in the first pool and in what sessions leave."""
    memories = big(f"memories.supersede_rate={rate}")
    newer = memories.successor[memories.successor >= 0]
    for part in (memories.session < 0, memories.session >= 0):
        size = int(part.sum())
        assert size > 700
        share = np.count_nonzero(part[newer]) / size
        assert share == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / size) + 1e-9)


def test_a_new_value_differs_from_the_one_it_replaces() -> None:
    memories = big("memories.supersede_rate=0.2")
    old = np.flatnonzero(memories.successor >= 0)
    new = memories.successor[old]
    assert np.array_equal(memories.aspect[old], memories.aspect[new])
    assert np.all(memories.value[old] != memories.value[new])
    assert np.all(memories.created_at[old] <= memories.created_at[new])
    assert np.array_equal(memories.retired_at[old], memories.created_at[new])
    assert np.all(memories.retired_at[memories.successor < 0] == NEVER)


def test_at_most_one_live_value_under_a_single_valued_aspect() -> None:
    memories = big("memories.supersede_rate=0.2")
    live = memories.single & (memories.successor < 0)
    assert max(Counter(memories.aspect[live].tolist()).values()) == 1
    single = story("default", 3, *BIG, "memories.supersede_rate=0.2").plan.graph.aspects["single_valued"]
    assert np.array_equal(single[memories.aspect], memories.single)


def test_laws_of_numbers() -> None:
    memories = big()
    size = len(memories)
    assert stats.kstest(memories.importance, stats.beta(2, 5).cdf).pvalue > 1e-4
    assert memories.embedded.mean() == pytest.approx(0.8, abs=4 * 0.4 / np.sqrt(size))
    assert (memories.kind == "constraint").mean() == pytest.approx(0.1, abs=4 * 0.3 / np.sqrt(size))
    pool = memories.session < 0
    accesses = memories.prior_accesses[pool]
    assert accesses.max() <= 1000
    assert (accesses == 0).mean() == pytest.approx(stats.zipfian(1.5, 1001).pmf(1), abs=0.04)
    assert not memories.prior_accesses[~pool].any()
    assert (memories.peak_hour >= 0).mean() == pytest.approx(0.6, abs=0.04)
    assert (memories.peak_weekday >= 0).mean() == pytest.approx(0.1, abs=0.03)
    assert memories.peak_hour.max() <= 23
    assert memories.peak_weekday.max() <= 6


def test_times() -> None:
    told = story("default", 3, *BIG)
    memories, sessions = told.plan.memories, told.plan.sessions
    start = told.span.start
    pool = memories.session < 0
    assert memories.created_at[pool].max() < start
    assert memories.created_at[pool].min() >= start - 60 * DAY - 1
    assert np.array_equal(memories.created_at[~pool], sessions.ended_at[memories.session[~pool]])
    assert np.all(np.diff(memories.created_at) >= 0)


def test_births_per_session() -> None:
    told = story("default", 3, *BIG)
    counts = np.bincount(told.plan.memories.session[told.plan.memories.session >= 0], minlength=len(told.plan.sessions))
    assert counts.mean() == pytest.approx(2, abs=4 * np.sqrt(2 / len(counts)))
    assert counts.max() <= 8


def test_most_are_about_the_topic() -> None:
    told = story("default", 3, *BIG)
    memories = told.plan.memories
    born = np.flatnonzero(memories.session >= 0)
    same = memories.entity[born] == told.plan.topic[memories.session[born]]
    assert 0.65 < same.mean() < 0.9


def test_texts_say_the_fact() -> None:
    told = story("tiny")
    memories, graph = told.plan.memories, told.plan.graph
    assert len(set(memories.text.tolist())) > 0.9 * len(memories)
    for text, entity, value in zip(memories.text, memories.entity, memories.value, strict=True):
        assert value.lower() in text.lower()
        assert graph.names[entity].lower() in text.lower()
    assert np.array_equal(memories.length, [len(text) for text in memories.text])


def test_no_memories_and_no_births() -> None:
    assert len(story("tiny", 1, "memories.count=0", "memories.births_per_session=0").plan.memories) == 0
    born = story(
        "tiny", 1, "memories.count=0", "memories.births_per_session=3", "memories.supersede_rate=1"
    ).plan.memories
    assert (born.successor >= 0).any()


def test_pinned_memories_are_of_the_first_pool() -> None:
    memories = story("tiny", 1, "memories.pinned=3").plan.memories
    assert memories.pinned.sum() == 3
    assert np.all(memories.session[memories.pinned] < 0)


def test_one_changed_parameter_changes_only_what_it_says() -> None:
    """Common random numbers: another supersede rate leaves importance, accesses, peaks and times alone."""
    a, b = big("memories.supersede_rate=0.05"), big("memories.supersede_rate=0.15")
    assert np.array_equal(a.id, b.id)
    for name in ("created_at", "importance", "prior_accesses", "embedded", "session"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    same = (a.single == b.single) & (a.value == b.value)
    assert same.mean() > 0.8
