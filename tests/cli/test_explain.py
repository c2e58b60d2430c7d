from __future__ import annotations

import pytest


@pytest.fixture
def pair(world):
    record = world.json("show", "main", "--table", "candidates", "--limit", "1")["candidates"][0]
    return record["session"], record["memory"]


def test_a_waterfall_columns_and_commits(world, pair):
    session, memory = pair
    said = world("explain", "main", f"session:{session}", f"memory:{memory}").out
    for word in ("recency", "entity", "label", "as rendered (planted)", "log_age", f"memory:{memory}.created_at"):
        assert word in said
    document = world.json("explain", f"candidate:{session}/{memory}")
    assert sum(step["value"] for step in document["steps"]) == pytest.approx(document["label"], abs=1e-6)
    assert len(document["features"]) == 17
    assert world("explain", session, memory).out == world("explain", "HEAD", session, memory).out
    assert world.json("explain", f"session:{session}@main~1", f"memory:{memory}")["revision"] == "main~1"


def test_nothing_is_planted(observed):
    record = observed.json("show", "real", "--table", "candidates", "--limit", "1")["candidates"][0]
    result = observed("explain", "real", record["session"], record["memory"])
    assert "Nothing is planted" in result.err
    assert "observed" in result.out


@pytest.mark.parametrize(
    "words",
    [
        ["main"],
        ["main", "session:x"],
        ["main", "session:no-such", "memory:no-such"],
        ["a", "b", "c", "d"],
        ["memory:x", "memory:y"],
        ["nowhere", "session:x", "memory:y"],
    ],
)
def test_bad_input(world, words):
    assert world("explain", *words, code=2).hint
