"""Hits, use and scores follow from relevance."""

from __future__ import annotations

import numpy as np
import pytest

from memento.patterns import clean
from memento.patterns.facts import of as facts_of
from memento.simulate.sessions import FTS

from .stories import story


def test_relevance_is_what_the_stored_world_says() -> None:
    """The relevance that the story acted on is the clean label computed again from the finished world."""
    for name in ("tiny", "developer-week"):
        s = story(name, 5)
        assert np.array_equal(clean(facts_of(s.world), s.world.manifest.patterns), s.relevance)


def test_accesses_count_only_what_came_before() -> None:
    s = story("tiny", 5)
    facts, offers = facts_of(s.world), s.offers
    order = np.lexsort((s.plan.sessions.id.astype(str), s.plan.sessions.ended_at))
    counts = s.plan.memories.prior_accesses.copy()
    for session in order:
        rows = np.flatnonzero(offers.session == session)
        assert np.array_equal(facts.access_count[rows], counts[offers.memory[rows]])
        counts[offers.memory[rows[offers.injected[rows]]]] += 1


def test_hits() -> None:
    s = story("support-agent", 5)
    hits, injected = s.world.candidates["fts_hits"], s.world.candidates["injected"]
    assert not hits[injected].any()
    found = s.offers.source == FTS
    assert hits[found].min() >= 1
    plain = ~injected & ~found
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 1.0)):
        rows = plain & (s.relevance >= low) & (s.relevance < high)
        mean = 3 * s.relevance[rows].mean()
        assert hits[rows].mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / rows.sum()))


def test_use() -> None:
    s = story("support-agent", 5)
    used, offers = s.world.candidates["used"], s.offers
    assert not used[offers.stale].any()
    assert not used[~offers.injected & (s.world.candidates["fts_hits"] == 0)].any()
    rows = offers.injected & ~offers.stale
    assert used[rows].mean() == pytest.approx(s.relevance[rows].mean(), abs=4 * 0.5 / np.sqrt(rows.sum()))


def test_scores() -> None:
    s = story("support-agent", 5)
    sessions = s.world.sessions
    for name in ("score", "confidence"):
        assert sessions[name].min() >= 0
        assert sessions[name].max() <= 1
    assert sessions["score"].std() > 0.05
    assert (sessions["confidence"] < 0.6).mean() < 0.1
    share = np.array(
        [
            s.relevance[(s.offers.session == n) & s.offers.injected].sum()
            / max(s.relevance[s.offers.session == n].sum(), 1e-9)
            for n in range(len(sessions))
        ]
    )
    assert np.corrcoef(share, sessions["score"])[0, 1] > 0.3
    assert sessions["novel_context_count"].mean() == pytest.approx(0.7, abs=0.2)
