from __future__ import annotations

import pytest


def test_expands_verifies_and_goes_back(world):
    result = world("expand", "main", "--operators", "jitter,drop:share=0.2", "-k", "4", "-d", "2")
    assert "20 variants of main, 0 identical worlds left out" in result.err
    found = world.json("query", "variant()")["branches"]
    assert len(found) == 20
    assert all(name.startswith("main-") for name in found)
    checked = world.json("expand", "main", "--verify")
    assert (checked["verified"], checked["wrong"]) == (20, [])
    assert "20 variants of 20 made again" in world("expand", "main", "--verify").err
    world("undo")
    assert [b["name"] for b in world.json("branch")["branches"]] == ["main"]


def test_json_lists_every_variant(world):
    document = world.json("expand", "main", "-o", "jitter", "-k", "3", "--name", "try/a")
    assert [v["depth"] for v in document["variants"]] == [1, 1, 1]
    assert all(v["name"].startswith("try/a-") for v in document["variants"])
    assert {v["parent"] for v in document["variants"]} == {"main"}
    assert world.json("expand", "main", "-o", "jitter", "-k", "3", "--name", "try/a")["known"] == 3


def test_a_dry_run_tells_and_does_nothing(world):
    told = world.json("expand", "-o", "drop", "-k", "10", "-d", "3", "--dry-run")
    assert told["variants"] == 1110
    assert told["bytes"] > 0
    assert len(told["names"]) == 8
    assert "At most 1,110 variants" in world("expand", "-o", "drop", "-k", "10", "-d", "3", "--dry-run").err
    assert [b["name"] for b in world.json("branch")["branches"]] == ["main"]


def test_lists_operators(memento):
    assert set(memento.json("expand", "--list")["operators"]) >= {"drop", "jitter", "shift"}
    assert "probability that a memory is left out" in memento("expand", "--list").out


def test_a_false_variant_fails_the_check(world):
    made = world.json("expand", "main", "-o", "jitter", "-k", "1")["variants"][0]
    message = 'x\n\nVariant-Operator: drop\nVariant-Parameters: {"share":0.5}\nVariant-Draw: 0/0'
    world("edit", made["name"], f"memory:{world.ids('memories')[0]}", "importance=0.111", "-m", message)
    assert world.json("expand", "main", "--verify", code=1)["wrong"][0]["name"] == made["name"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["main"], "needs an operator"),
        (["main", "-o", "dorp"], "did you mean drop"),
        (["main", "-o", "drop:share=2"], "share=2 is not from 0 to 1"),
        (["main", "-o", "drop:shar=2"], "did you mean share"),
        (["mian", "-o", "drop"], "did you mean main"),
        (["main", "-o", "drop", "-d", "12", "-k", "10"], "asks for 10^12"),
        (["main", "-o", "drop", "-k", "0"], "0"),
        (["main", "-o", "drop", "--name", "a b"], "a b"),
        (["main", "--verify", "--list"], "exclude"),
    ],
)
def test_bad_input_changes_nothing(world, arguments, says):
    result = world("expand", *arguments, code=2)
    assert says in result.err.replace("ask for", "asks for")
    assert [b["name"] for b in world.json("branch")["branches"]] == ["main"]
