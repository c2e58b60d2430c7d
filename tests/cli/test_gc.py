from __future__ import annotations

import pytest


def test_it_says_what_it_did(world):
    for number in range(4):
        world("edit", "main", f"memory:{world.ids('memories')[0]}", f"importance=0.{number}1")
    said = world("gc", "--dry-run").out
    assert "to pack, from" in said
    said = world("gc").out
    assert "→ 1 pack," in said
    document = world.json("gc")
    assert document["after"]["packs"] == 1
    assert document["before"]["loose"] == 0
    assert world.json("gc", "--dry-run")["after"] is None
    world("log")


@pytest.mark.parametrize("days", ["-1", "soon", "99999999", "nan"])
def test_days_that_are_none_are_refused(world, days):
    result = world("gc", "--prune", days, code=2)
    assert "neither a number of days nor now" in result.err
    assert "--prune 14" in result.hint


def test_now_takes_away_at_once(world):
    assert world.json("gc", "--prune", "now")["young"] == 0
    assert world.json("gc", "--prune", "0.5")["removed"] == 0
