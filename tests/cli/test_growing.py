from __future__ import annotations


def test_a_world_is_widened(world):
    assert "Branch wider" in world("entigraph", "main", "-b", "wider", "--pairs", "5", "--triples", "2").err
    document = world.json("entigraph", "main", "-b", "again", "--pairs", "5", "--triples", "2")
    assert document["pairs"] == 5
    assert (
        world.json("log", "wider", "-n", "1")["commits"][0]["tree"]
        == world.json("log", "again", "-n", "1")["commits"][0]["tree"]
    )
    assert "plateau" in world("entigraph", "--curve").out
    assert world("entigraph", "main", code=2).hint
    assert world("entigraph", "main", "-b", "wider", code=2).hint


def test_a_world_is_grown(world):
    result = world("grow", "main", "-b", "grown", "--count", "10")
    assert "turned away" in result.out
    assert world.json("grow", "main", "-b", "more", "--count", "5")["kept"] <= 5
    assert world("grow", "main", "-b", "grown", code=2).hint
    assert "memories" in world.json("show", "grown")["counts"]
