from __future__ import annotations

from rewriting.server import politely, serving


def test_rewriting_and_replaying(world):
    with serving(politely) as (base, seen):
        world.setenv("MEMENTO_ENDPOINT", base)
        world.setenv("MEMENTO_MODEL", "m")
        world.setenv("MEMENTO_API_KEY", "s3cret")
        result = world("rewrite", "main", "-b", "polite", "--style", "polite", "--share", "0.3")
    assert "answers asked for" in result.err
    assert seen[0]["headers"]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in result.out + result.err
    document = world.json("rewrite", "main", "-b", "again", "--style", "polite", "--share", "0.3", "--mode", "replay")
    assert document["asked"] == 0
    assert document["replayed"] > 0
    trees = [world.json("log", name, "-n", "1")["commits"][0]["tree"] for name in ("polite", "again")]
    assert trees[0] == trees[1]


def test_without_a_server(world):
    assert "MEMENTO_ENDPOINT" in world("rewrite", "main", "-b", "x", "--model", "m", code=2).hint
    assert "--mode record" in world("rewrite", "main", "-b", "x", "--model", "m", "--mode", "replay", code=2).hint
    world("rewrite", "main", "-b", "plain", "--mode", "off", "--style", "casual")
    assert world("rewrite", "main", "-b", "plain", "--mode", "off", code=2).hint
    world.setenv("NO_PROXY", "*")
    gone = world("rewrite", "main", "-b", "y", "--model", "m", "--endpoint", "http://127.0.0.1:9/v1", code=4)
    assert "cannot be reached" in gone.err
    assert "y" not in world("branch").out.split()
