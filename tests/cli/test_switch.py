from __future__ import annotations


def test_the_current_branch_is_what_commands_take(world):
    world("fork", "main", "early", "--at", "~1")
    assert world.json("switch", "early")["branch"] == "early"
    assert world.json("status")["branch"] == "early"
    assert world.json("log") == world.json("log", "early")
    assert "On branch main" in world("switch", "main").err


def test_a_typo_is_told(world):
    assert "did you mean main" in world("switch", "mian", code=2).hint
    assert world.json("status")["branch"] == "main"


def test_back_to_the_branch_before(world):
    world("fork", "main", "trial")
    world("fork", "main", "other")
    assert "switched never" in world("switch", "-", code=2).err
    world("switch", "trial")
    world("switch", "other")
    assert world.json("switch", "@{-2}")["branch"] == "main"
    assert world.json("switch", "-")["branch"] == "other"
    assert world.json("switch", "-")["branch"] == "main"
