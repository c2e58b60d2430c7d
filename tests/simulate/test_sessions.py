"""Candidates and injection hold to the rules of the baseline, checked by a scan of every memory."""

from __future__ import annotations

import numpy as np
import pytest

from memento.simulate.clock import DAY
from memento.simulate.sessions import EFFECTIVE, EXPLORATION, FTS, PINNED, SOURCES, TOPICAL, TRAVERSAL
from memento.simulate.story import Story

from .stories import story

WORLDS = [
    ("tiny", ()),
    ("developer-week", ("time.days=14",)),
    ("cold-start", ()),
    ("support-agent", ("time.days=7", "memories.pinned=4", "candidates.exploration_rate=0.5")),
    ("tiny", ("candidates.pool=5", "candidates.per_session=12", "sessions.traversal_share=1")),
]


def told(case: int) -> Story:
    name, overrides = WORLDS[case]
    return story(name, 5, *overrides)


CASES = pytest.mark.parametrize("case", range(len(WORLDS)))


@CASES
def test_candidates_exist_live_and_are_distinct(case: int) -> None:
    s = told(case)
    offers, memories, sessions = s.offers, s.plan.memories, s.plan.sessions
    started = sessions.started_at[offers.session]
    assert np.all(memories.created_at[offers.memory] <= started)
    stale = memories.retired_at[offers.memory] <= started
    assert np.array_equal(stale, offers.stale)
    assert np.all(offers.source[stale] == FTS)
    pairs = offers.session * len(memories) + offers.memory
    assert len(np.unique(pairs)) == len(pairs)
    sizes = np.bincount(offers.session, minlength=len(sessions))
    assert sizes.max() <= s.plan.settings.candidates.per_session
    exist = np.array([
        np.count_nonzero((memories.created_at <= start) & (memories.project == project))
        for start, project in zip(sessions.started_at, sessions.project, strict=True)
    ])  # fmt: skip
    full = exist > 3 * s.plan.settings.candidates.per_session
    assert np.all(sizes[full] == s.plan.settings.candidates.per_session)
    ranks = np.concatenate([np.arange(size) for size in sizes])
    assert np.array_equal(offers.rank, ranks)


@CASES
def test_effective_candidates_are_the_best_of_the_newest(case: int) -> None:
    s = told(case)
    law, memories, offers = s.plan.settings.candidates, s.plan.memories, s.offers
    project = s.plan.graph.project[memories.entity]
    for session in range(0, len(s.plan.sessions), 7):
        started = s.plan.sessions.started_at[session]
        own = project == s.plan.sessions.project[session]
        live = np.flatnonzero(own & (memories.created_at <= started) & (memories.retired_at > started))[::-1]
        live = live[: law.pool]
        score = memories.importance[live] * law.decay ** ((started - memories.created_at[live]) / DAY)
        score = np.where(memories.pinned[live], 1.0, score)
        passed = live[score > law.threshold]
        rows = np.flatnonzero(offers.session == session)
        chosen = offers.memory[rows[offers.source[rows] == EFFECTIVE]]
        assert set(chosen) <= set(passed)
        others = set(passed) - set(offers.memory[rows])
        if others and len(chosen):
            value = dict(
                zip(
                    live.tolist(),
                    (score + 2 * (project[live] == s.plan.sessions.project[session])).tolist(),
                    strict=True,
                )
            )
            assert max(value[row] for row in others) <= min(value[row] for row in chosen) + 1e-12


@CASES
def test_sources_mean_what_they_say(case: int) -> None:
    s = told(case)
    offers, memories, topic = s.offers, s.plan.memories, s.plan.topic[s.offers.session]
    near = [set(linked[:4]) for linked in s.plan.graph.neighbors]
    entity = memories.entity[offers.memory]
    for source in (TRAVERSAL, TOPICAL):
        for row in np.flatnonzero(offers.source == source)[:3000]:
            assert entity[row] == topic[row] or entity[row] in near[topic[row]]
    fts = (offers.source == FTS) & ~offers.stale
    assert np.all(entity[fts] == topic[fts])
    assert np.all(s.plan.sessions.traversal[offers.session[offers.source == TRAVERSAL]])
    assert np.all(memories.pinned[offers.memory[offers.source == PINNED]])
    live_pinned = memories.pinned & (memories.retired_at > s.plan.sessions.ended_at.max())
    for session, project in enumerate(s.plan.sessions.project):
        assert set(np.flatnonzero(live_pinned & (memories.project == project))) <= set(
            offers.memory[offers.session == session]
        )


@CASES
def test_injection_is_a_prefix_that_fits(case: int) -> None:
    s = told(case)
    budget, offers = s.plan.settings.candidates.injection_characters, s.offers
    length = s.plan.memories.length[offers.memory]
    swapped = 0
    for session in range(len(s.plan.sessions)):
        rows = np.flatnonzero(offers.session == session)
        injected = offers.injected[rows]
        assert length[rows][injected].sum() <= budget
        assert not np.any(injected & (offers.source[rows] == FTS))
        count = int(injected.sum())
        if not np.all(injected[:count]):
            swapped += 1
            assert np.all(injected[: count - 1])
            assert offers.source[rows[np.flatnonzero(injected)[-1]]] == EXPLORATION
        elif count < len(rows) and offers.source[rows[count]] != FTS:
            assert length[rows[: count + 1]].sum() > budget
    rate = s.plan.settings.candidates.exploration_rate
    assert swapped <= len(s.plan.sessions) * rate + 4 * np.sqrt(len(s.plan.sessions) * rate)
    if case == 3:
        assert swapped > 0


def test_traversal_makes_five_percent_of_candidates() -> None:
    """A quarter of the sessions give a fifth of their places: 5 % +- 1 % over about 500 sessions."""
    shared = "candidates.scope=all"
    s = story("default", 2, "time.days=120", "memories.count=500", "entities.count=8", "entities.aspects=12", shared)
    share = (s.offers.source == TRAVERSAL).mean()
    assert share == pytest.approx(0.05, abs=0.01)
    assert s.plan.sessions.traversal.mean() == pytest.approx(0.25, abs=0.08)
    assert (s.offers.stale).mean() == pytest.approx(0.06, abs=0.01)


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = story("tiny", 5).offers
    monkeypatch.setattr("memento.simulate.sessions._BATCH", 3)
    part = Story(story("tiny", 5).plan.scenario, 5).offers
    for name in ("session", "memory", "source", "rank", "injected", "stale"):
        assert np.array_equal(getattr(whole, name), getattr(part, name)), name


@pytest.mark.parametrize("places", [200, 500])
def test_large_sessions_are_filled_from_a_pool_that_has_as_many(places: int) -> None:
    s = story("tiny", 5, f"candidates.per_session={places}", "memories.count=2000", "time.days=7")
    assert np.all(np.bincount(s.offers.session) == places)


def test_no_memories_give_no_candidates() -> None:
    s = story("tiny", 1, "memories.count=0", "memories.births_per_session=0")
    assert len(s.offers.session) == 0
    assert len(s.world.candidates) == 0


def test_source_names() -> None:
    assert [SOURCES[code] for code in (PINNED, EFFECTIVE, TRAVERSAL, TOPICAL, EXPLORATION, FTS)] == list(SOURCES)
