from __future__ import annotations

import pytest


@pytest.fixture
def trials(world):
    world("fork", "main", "trial", "-n", "5")
    memory = world.ids("memories")[0]
    world("edit", "trial-3", f"memory:{memory}", "importance=0.31")
    return world


def branches(world):
    return [branch["name"] for branch in world.json("branch")["branches"]]


def test_a_pattern_and_the_newest_that_stay(trials):
    result = trials("prune", "trial-*", "--keep", "1", "--dry-run")
    assert result.out.split() == ["trial-1", "trial-2", "trial-4", "trial-5"]
    assert "4 branches would go, and 0 commits" in result.err
    assert len(branches(trials)) == 6
    trials("prune", "trial-*", "--keep", "1")
    assert branches(trials) == ["main", "trial-3"]
    trials("undo")
    assert len(branches(trials)) == 6


def test_an_expression(trials):
    document = trials.json("prune", "--where", "ahead(main) > 0")
    assert document["pruned"] == ["trial-3"]
    assert document["commits"] == 1
    assert document["tombstones"][0]["branch"] == "trial-3"
    listed = trials("prune", "--list")
    assert "trial-3" in listed.out
    assert "ahead(main) > 0" in listed.out


def test_the_current_branch_stays_and_is_told(trials):
    result = trials("prune", "*")
    assert "Left as they are, current or protected: main" in result.err
    assert branches(trials) == ["main"]


def test_age_is_simulated_days(trials):
    assert trials.json("prune", "trial-*", "--older-than", "9999")["pruned"] == []
    trials("fork", "main", "early", "--at", "~2")
    assert trials.json("prune", "--older-than", "10", "--dry-run")["pruned"] == ["early"]


def test_retention_is_a_setting(trials):
    assert "config retention.rule" in trials("prune", "--retention", code=2).hint
    trials("config", "retention.rule", "name('trial-*') & ~ahead(main) > 0")
    assert trials.json("prune", "--retention")["pruned"] == ["trial-1", "trial-2", "trial-4", "trial-5"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--list", "--keep", "1"],
        ["nothing-*"],
        ["--where", "forks("],
        ["--where", "no_such()"],
        ["--older-than", "-1"],
        ["--keep", "x"],
    ],
)
def test_bad_input(trials, words):
    before = branches(trials)
    assert trials("prune", *words, code=2).hint
    assert branches(trials) == before


def test_a_rule_that_is_none_is_no_setting(trials):
    assert trials("config", "retention.rule", "stale(", code=2).hint


def test_gc_forgets_when_told(trials):
    trials("prune", "--where", "ahead(main) > 0")
    assert trials.json("gc", "--prune", "now")["removed"] == 0
    assert trials("gc", "--forget", "--dry-run", code=2).hint
    assert trials.json("gc", "--forget", "--prune", "now")["removed"] > 0
    assert "nothing to undo" in trials("undo", code=2).err
    assert "trial-3" in trials("prune", "--list").out
    trials("fsck")
