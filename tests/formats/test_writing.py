from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from memento.errors import NotFound
from memento.formats import WRITERS, write
from memento.scenario import load
from memento.simulate import world as simulated
from memento.vary import parse
from memento.vary.consistency import applied
from memento.world.world import World, empty_world


@pytest.fixture(scope="module")
def world() -> World:
    made = simulated(load("tiny"), 7)
    return applied(made, parse(["alternative:share=0.6"])[0].apply(made, 3))


def test_chats_are_conversations_with_what_was_remembered(world: World) -> None:
    lines = [json.loads(line) for line in write("chat", world)]
    assert [line["session"] for line in lines] == [
        s for s in world.sessions["id"].tolist() if s in set(world.turns["session"])
    ]
    assert any(line["memories"] for line in lines)
    for line in lines:
        roles = [message["role"] for message in line["messages"]]
        assert set(roles) <= {"system", "user", "assistant"}
        assert roles.count("system") == bool(line["memories"])
        spoken = [role for role in roles if role != "system"]
        assert all(a != b for a, b in itertools.pairwise(spoken))
        for memory in line["memories"]:
            assert memory["text"] in line["messages"][0]["content"]


def test_pairs_prefer_the_better_alternative(world: World) -> None:
    lines = [json.loads(line) for line in write("preference", world)]
    assert len(lines) > 10
    preference = dict(zip(world.turns["id"].tolist(), world.turns["preference"].tolist(), strict=True))
    for line in lines:
        best, worse = line["turns"]
        assert preference[best] > preference[worse]
        assert line["margin"] == pytest.approx(preference[best] - preference[worse])
        assert line["chosen"][0]["role"] == line["rejected"][0]["role"] == "assistant"
        assert line["chosen"] != line["rejected"]
        assert line["prompt"][-1]["role"] == "user"


def test_the_same_world_gives_the_same_lines(world: World) -> None:
    for name in WRITERS:
        assert list(write(name, world)) == list(write(name, world))
        assert list(write(name, empty_world())) == []
    with pytest.raises(NotFound):
        write("chatt", world)


def test_preferences_of_any_size_make_a_margin(world: World) -> None:
    turns = world.turns
    rated = np.flatnonzero(~np.isnan(turns["preference"]))
    preference = turns["preference"].copy()
    preference[rated] = np.where(np.arange(len(rated)) % 2 == 0, 1.7e308, -1.7e308)
    huge = world.replace(turns=turns.replace(preference=preference))
    margins = [json.loads(line)["margin"] for line in write("preference", huge)]
    assert margins
    assert all(0 < margin < float("inf") for margin in margins)


def test_memories_are_those_of_the_session_alone(world: World) -> None:
    cited: dict[str, set[str]] = {}
    for session, cites in zip(world.turns["session"].tolist(), world.turns["cites"].tolist(), strict=True):
        cited.setdefault(session, set()).update(cites.split())
    used = zip(*(world.candidates[name].tolist() for name in ("session", "memory", "used")), strict=True)
    for session, memory, taken in used:
        if taken:
            cited.setdefault(session, set()).add(memory)
    for line in map(json.loads, write("chat", world)):
        assert {memory["id"] for memory in line["memories"]} == cited[line["session"]]
