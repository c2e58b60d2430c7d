"""Leaving one memory or one session out changes no other record's draws.

Draws are all that is planned (ids, times, projects, modes, topics, texts, values, importance,
accesses, flags, peaks) and, by pair of session and memory, the uniforms under hits and use. What
follows from them may change: who replaces whom, candidates and their ranks, injection, access
counts, relevance, hits, use, scores, and turns where what was used has changed. How a session
opens hangs on its topic alone, and never changes.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.simulate import Story
from memento.world.table import Table

from .stories import story

CONSEQUENCES = {"memories": {"deleted", "superseded_by"}, "sessions": {"score"}}
DRAWN = (
    "id", "key", "created_at", "entity", "project", "aspect", "single", "kind", "value", "text", "length", "importance",
    "prior_accesses", "embedded", "pinned", "peak_hour", "peak_weekday",
)  # fmt: skip


def test_the_drawn_fields_are_all_but_the_consequences() -> None:
    fields = set(story("tiny").plan.memories.__dataclass_fields__)
    assert fields == set(DRAWN) | {"session", "fresh", "gone", "retired_at", "successor"}


def same(a: Table, b: Table, but: set[str]) -> None:
    """Every record of `b` is in `a`, equal byte for byte except for the fields in `but`."""
    rows = a.rows(b.keys)
    assert rows.min(initial=0) >= 0
    part = a.take(rows)
    for name, column in part.columns.items():
        if name not in but:
            assert column.dtype == object or column.tobytes() == b.columns[name].tobytes(), name
            assert column.tolist() == b.columns[name].tolist() or column.dtype != object, name


def compare(whole: Story, part: Story, gone_memories: set[str], gone_sessions: set[str]) -> None:
    a, b = whole.world, part.world
    assert set(a.memories.keys) - set(b.memories.keys) == gone_memories
    assert set(a.sessions.keys) - set(b.sessions.keys) == gone_sessions
    for name in ("entities", "aspects", "dependencies"):
        assert a.tables[name] == b.tables[name]
    for name, but in CONSEQUENCES.items():
        same(a.tables[name], b.tables[name], but)
    kept = np.array([key not in gone_memories for key in whole.plan.memories.id], bool)
    for name in DRAWN:
        before, after = getattr(whole.plan.memories, name)[kept], getattr(part.plan.memories, name)
        assert before.tolist() == after.tolist(), name

    rows = a.candidates.rows(b.candidates.keys)
    both = np.flatnonzero(rows >= 0)
    assert len(both) > 0.8 * len(b.candidates)
    before, after = a.candidates.take(rows[both]), b.candidates.take(both)
    alike = (
        (whole.relevance[rows[both]] == part.relevance[both])
        & (before["injected"] == after["injected"])
        & (before["source"] == after["source"])
        & (whole.offers.stale[rows[both]] == part.offers.stale[both])
    )
    assert alike.sum() > 0.3 * len(both)
    for name in ("fts_hits", "used"):
        assert np.array_equal(before[name][alike], after[name][alike]), name

    def told(world_story: Story) -> dict[str, tuple[object, ...]]:
        """What a session's turns are made of, by session."""
        world = world_story.world
        made: dict[str, tuple[object, ...]] = {}
        used = world.candidates["used"]
        facts: dict[str, list[str]] = {}
        for session, memory in zip(world.candidates["session"][used], world.candidates["memory"][used], strict=True):
            facts.setdefault(session, []).append(memory)
        born: dict[str, list[str]] = {}
        for memory, origin in zip(world.memories["id"], world.memories["origin"], strict=True):
            born.setdefault(origin, []).append(memory)
        for session, score in zip(world.sessions["id"], world.sessions["score"], strict=True):
            outcome = "solved" if score >= 0.6 else "partial" if score >= 0.3 else "unsolved"
            made[session] = (tuple(facts.get(session, ())), tuple(born.get(session, ())), outcome)
        return made

    openings = [
        {key: text for key, text in zip(w.turns["id"], w.turns["text"], strict=True) if key.endswith(".0")}
        for w in (a, b)
    ]
    assert set(openings[0]) - set(openings[1]) == {f"{session}.0" for session in gone_sessions}
    assert all(openings[0][key] == text for key, text in openings[1].items())

    before_told, after_told = told(whole), told(part)
    unchanged = [session for session in after_told if after_told[session] == before_told[session]]
    assert unchanged
    wanted = set(unchanged)
    lines = [
        {
            key: record
            for key, record in zip(w.turns.keys, w.turns.records(), strict=True)
            if record["session"] in wanted
        }
        for w in (a, b)
    ]
    assert lines[0] == lines[1]


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_one_memory(data: st.DataObject) -> None:
    whole = story("tiny", data.draw(st.sampled_from([7, 8])))
    key = data.draw(st.sampled_from(whole.plan.memories.id.tolist()))
    compare(whole, Story(whole.plan.scenario, whole.plan.seed, {f"memory:{key}"}), {key}, set())


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_one_session(data: st.DataObject) -> None:
    whole = story("tiny", data.draw(st.sampled_from([7, 8])))
    key = data.draw(st.sampled_from(whole.plan.sessions.id.tolist()))
    born = {
        m for m, origin in zip(whole.world.memories["id"], whole.world.memories["origin"], strict=True) if origin == key
    }
    compare(whole, Story(whole.plan.scenario, whole.plan.seed, {f"session:{key}"}), born, {key})


@pytest.mark.parametrize("name", ["support-agent", "cold-start"])
def test_several_at_once_in_larger_worlds(name: str) -> None:
    whole = story(name, 5)
    sessions = whole.plan.sessions.id[[3, 40]].tolist()
    pool = whole.plan.memories.id[whole.plan.memories.session < 0][5]
    left_out = {f"memory:{pool}", *(f"session:{key}" for key in sessions)}
    origins = dict(zip(whole.world.memories["id"], whole.world.memories["origin"], strict=True))
    born = {key for key, origin in origins.items() if origin in sessions}
    part = Story(whole.plan.scenario, whole.plan.seed, left_out)
    compare(whole, part, {pool} | born, set(sessions))


def test_before_the_missing_session_nothing_changes_at_all() -> None:
    """Consequences run forward in time: earlier sessions keep candidates, hits, use, scores and turns."""
    whole = story("developer-week", 5)
    key, cut = whole.plan.sessions.id[100], whole.plan.sessions.started_at[100]
    part = Story(whole.plan.scenario, 5, {f"session:{key}"})
    early = [
        s for s, ended in zip(whole.world.sessions["id"], whole.world.sessions["ended_at"], strict=True) if ended < cut
    ]
    assert len(early) > 90
    kept = set(early)
    for name in ("candidates", "turns"):
        tables = [
            w.tables[name].take(np.array([s in kept for s in w.tables[name]["session"]], bool))
            for w in (whole.world, part.world)
        ]
        assert tables[0] == tables[1], name
    rows = [w.sessions.take(w.sessions.rows(early)) for w in (whole.world, part.world)]
    assert rows[0] == rows[1]
