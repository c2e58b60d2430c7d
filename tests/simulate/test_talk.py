"""Turns say what was used and learned, in threads."""

from __future__ import annotations

import numpy as np
import pytest

from .stories import story


def test_two_to_eight_turns_alternate_in_one_thread() -> None:
    s = story("developer-week", 5)
    turns = s.world.turns
    sizes = []
    for session in s.world.sessions["id"].tolist():
        rows = np.flatnonzero(turns["session"] == session)
        ids = turns["id"][rows].tolist()
        sizes.append(len(rows))
        assert ids == [f"{session}.{number}" for number in range(len(rows))]
        assert turns["parent"][rows].tolist() == ["", *ids[:-1]]
        assert turns["role"][rows].tolist() == ["user", "assistant"] * (len(rows) // 2)
    assert set(sizes) == {2, 4, 6, 8}


@pytest.mark.parametrize(("low", "high"), [(2, 2), (3, 3), (4, 6), (5, 7), (8, 8)])
def test_bounds_on_turns(low: int, high: int) -> None:
    s = story("tiny", 5, f"sessions.turns_min={low}", f"sessions.turns_max={high}")
    sizes = np.unique(s.world.turns["session"], return_counts=True)[1]
    assert sizes.max() <= high
    assert sizes.min() >= min(low, 2)


def test_turns_cite_used_memories_and_say_their_values() -> None:
    s = story("developer-week", 5)
    candidates, memories = s.world.candidates, s.world.memories
    used = set(zip(candidates["session"][candidates["used"]], candidates["memory"][candidates["used"]], strict=True))
    cited = 0
    for session, text, cites in zip(
        s.world.turns["session"], s.world.turns["text"], s.world.turns["cites"], strict=True
    ):
        for memory in cites.split():
            cited += 1
            assert (session, memory) in used
            assert memories["value"][memories.row_of[memory]].lower() in text.lower()
    assert cited > len(s.world.sessions)


def test_an_answer_begins_with_the_topic_where_it_can() -> None:
    s = story("developer-week", 5)
    turns, memories, candidates = s.world.turns, s.world.memories, s.world.candidates
    entity = dict(zip(memories["id"], memories["entity"], strict=True))
    topic = dict(zip(s.world.sessions["id"], s.world.sessions["topic"], strict=True))
    known: dict[str, list[str]] = {}
    for session, memory in zip(
        candidates["session"][candidates["used"]], candidates["memory"][candidates["used"]], strict=True
    ):
        known.setdefault(session, []).append(memory)
    checked = 0
    for turn, session, cites in zip(turns["id"], turns["session"], turns["cites"], strict=True):
        if turn.endswith(".1") and cites:
            about = [memory for memory in known[session] if entity[memory] == topic[session]]
            assert cites == (about or known[session])[0]
            checked += bool(about)
    assert checked > 0.5 * len(s.world.sessions)


def test_what_is_told_is_remembered() -> None:
    s = story("developer-week", 5)
    born = s.world.memories["origin"] != ""
    said: dict[str, str] = {}
    for session, text in zip(s.world.turns["session"], s.world.turns["text"], strict=True):
        said[session] = said.get(session, "") + text.lower()
    told = [
        value.lower() in said[origin]
        for origin, value in zip(s.world.memories["origin"][born], s.world.memories["value"][born], strict=True)
    ]
    assert np.mean(told) > 0.5
