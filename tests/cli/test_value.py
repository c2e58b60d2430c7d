from __future__ import annotations


def test_the_least_valuable_go(world):
    world("expand", "main", "-o", "jitter:share=0.2,domain:to=law,tone", "-k", "3")
    document = world.json("value", "main-*", "--base", "main")
    names = [row["name"] for row in document["variants"]]
    assert len(names) == 3
    assert document["variants"][0]["worth"] >= document["variants"][-1]["worth"]
    dry = world.json("prune", "main-*", "--keep", "1", "--by", "value", "--base", "main", "--dry-run")
    assert sorted(dry["pruned"]) == sorted(names[1:])
    assert "not of the 1 most valuable" in dry["why"]
    low = world.json("prune", "main-*", "--novelty-below", "0.1", "--base", "main", "--dry-run")
    assert set(low["pruned"]) == {row["name"] for row in document["variants"] if row["novelty"] < 0.1}
    world("prune", "main-*", "--keep", "1", "--by", "value", "--base", "main")
    assert names[0] in world("branch").out
    assert names[-1] not in world("branch").out
    assert "NOVELTY" in world("value", "main-*").out.upper()


def test_bad_input(world):
    assert world("value", "zzz-*", code=2).hint
    assert "--keep" in world("prune", "main", "--by", "value", code=2).err


def test_a_curve_over_worlds(world):
    world("expand", "main", "-o", "jitter:share=0.2,drop,tone,shift", "-k", "5")
    world("generate", "tiny", "--branch", "held", "--seed", "3", "--set", "time.days=14")
    document = world.json("value", "main-*", "--base", "main", "--against", "held", "--curve", "--epochs", "1")
    assert [row["worlds"] for row in document["points"]] == [
        1,
        2,
        4,
        len(world.json("branch", "main-*")["branches"]) + 1,
    ]
    assert all(row["low"] <= row["ndcg"] <= row["high"] for row in document["points"])
    assert document["error"] < 0.2
    assert "plateau" in world("value", "main-*", "--base", "main", "--against", "held", "--curve", "--epochs", "1").out
    assert "--against" in world("value", "main-*", "--base", "main", "--curve", code=2).hint
    assert "make no curve" in world("value", "held", "--against", "main", "--curve", code=2).err


def test_a_revision_that_cannot_be_compared_is_named(observed):
    done = observed("value", "real", "--base", "main", code=2)
    assert "real: " in done.err
    assert "render it" not in done.hint
    assert "seen in training" in observed("value", "main", "--base", "main", "--against", "main", code=2).err
