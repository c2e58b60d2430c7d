from __future__ import annotations

import pytest


@pytest.fixture
def noted(world):
    """Two memories about a zeppelin, the second one deleted."""
    first, second = world.ids("memories")[:2]
    world("edit", "main", f"memory:{first}", "text=the zeppelin lands at noon")
    world("edit", "main", f"memory:{second}", "text=a zeppelin, a zeppelin", "deleted=yes")
    return world, first, second


def test_the_best_come_first_and_their_state_is_told(noted):
    world, first, second = noted
    lines = world("search", "zeppelin").out.splitlines()
    assert lines[0].split() == ["SCORE", "MEMORY", "STATE", "TEXT"]
    assert {line.split()[1] for line in lines[1:]} == {first, second}
    assert "deleted" in next(line for line in lines if second in line)
    assert [line.split()[1] for line in world("search", "zeppelin", "--live").out.splitlines()[1:]] == [first]
    assert len(world("search", "zeppelin", "-n", "1").out.splitlines()) == 2
    assert world("search", "zeppelin", "main~2", code=1).err == "Nothing found\n"


def test_json(noted):
    world, first, _ = noted
    document = world.json("search", "zeppelins at noon")
    best = document["hits"][0]
    assert best["record"] == f"memory:{first}"
    assert best["memory"]["text"] == "the zeppelin lands at noon"
    assert best["score"] == pytest.approx(2 / 61)
    assert best["bm25"] > 0
    assert 0 < best["cosine"] <= 1
    assert best["state"] == "live"
    assert world.json("search", "zeppelins at noon") == document
    assert world.json("search", "qwertzuiop", code=1)["hits"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "missing argument"),
        (["?"], "has no word"),
        (["two", "words"], "words"),
        (["x", "-n", "0"], "-n"),
        (["x", "--project", "nothing"], "no memory belongs to project 'nothing'"),
    ],
)
def test_bad_input(world, arguments, says):
    result = world("search", *arguments, code=2)
    assert says in result.err
    assert result.out == ""
