from __future__ import annotations

import numpy as np
import pytest
from patterns.worlds import DAY, START, world_of

from memento.errors import NotFound
from memento.language.embed import embed
from memento.render.contexts import contexts, embed_unique, queries
from memento.world.world import World


@pytest.fixture
def world() -> World:
    return world_of(
        entities=[{"id": "e-0", "name": "Billing"}],
        memories=[{"id": f"m-{n}", "embedded": n != 1} for n in range(12)],
        sessions=[
            {
                "id": f"s-{n}",
                "ended_at": START + n * DAY,
                "topic": "e-0" if n == 1 else None,
                "project": "shop" if n < 2 else "",
            }
            for n in range(3)
        ],
        turns=[
            {"id": "s-0.1", "session": "s-0", "role": "assistant", "text": "hello"},
            {"id": "s-0.2", "session": "s-0", "parent": "s-0.1", "role": "user", "text": "where is the invoice"},
            {"id": "s-0.10", "session": "s-0", "parent": "s-0.2", "role": "user", "text": "and the receipt"},
        ],
        candidates=[{"session": "s-0", "memory": f"m-{n}", "rank": n, "injected": n < 2} for n in range(12)],
    )


def test_a_query_is_the_first_user_turn_or_topic_and_project(world: World) -> None:
    assert queries(world) == ["where is the invoice", "Billing shop", ""]
    found = contexts(world, "query", 32, np.zeros(12, np.int64), np.zeros((1, 32), np.float32))
    np.testing.assert_array_equal(found[:2], embed(["where is the invoice", "Billing shop"], 32))
    assert not found[2].any()


def test_means_pass_over_memories_without_embedding(world: World) -> None:
    rows = world.candidate_memories
    vectors = np.eye(12, dtype=np.float32)
    vectors[world.memories.row_of["m-1"]] = 0
    injected = contexts(world, "injected", 12, rows, vectors)
    baseline = contexts(world, "baseline", 12, rows, vectors)
    np.testing.assert_array_equal(injected[0], vectors[world.memories.row_of["m-0"]])
    first = [world.memories.row_of[f"m-{n}"] for n in range(10)]
    np.testing.assert_allclose(baseline[0], vectors[first].sum(axis=0) / 9)
    assert not injected[1:].any()
    assert not baseline[1:].any()


def test_a_query_does_not_know_what_was_injected(world: World) -> None:
    other = world.replace(candidates=world.candidates.replace(injected=np.ones(12, bool)))
    vectors = embed([f"text {n}" for n in range(12)], 16)
    for kind, same in (("query", True), ("baseline", True), ("injected", False)):
        made = [contexts(w, kind, 16, w.candidate_memories, vectors) for w in (world, other)]
        assert np.array_equal(*made) is same


def test_an_unknown_kind_is_refused(world: World) -> None:
    with pytest.raises(NotFound, match="no kind of context"):
        contexts(world, "quary", 16, world.candidate_memories, np.zeros((12, 16), np.float32))


def test_equal_texts_have_equal_vectors() -> None:
    found = embed_unique(["red fox", "", "red fox"], 16)
    np.testing.assert_array_equal(found[0], found[2])
    assert not found[1].any()
    assert embed_unique([], 16).shape == (0, 16)
