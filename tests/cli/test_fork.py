from __future__ import annotations

import pytest


def test_a_fork_begins_as_its_base_is(world):
    made = world.json("fork", "main", "trial")
    assert made["branches"] == ["trial"]
    assert made["commit"] == world.json("log")["commits"][0]["id"]
    assert world.json("diff", "main", "trial")["stat"] == {}
    assert world.json("status")["branch"] == "main"


def test_a_fork_says_what_to_do_next(world):
    result = world("fork", "main", "trial")
    assert result.out == ""
    assert "`memento show trial --table memories`" in result.hint
    assert world("show", "trial", "--table", "memories").out


@pytest.mark.parametrize("at", ["main~2", "~2", "^^"])
def test_a_fork_from_the_past(world, at):
    commits = world.json("log")["commits"]
    assert world.json("fork", "main", "early", "--at", at)["commit"] == commits[2]["id"]


def test_a_short_id_and_a_tag_name_the_past(world):
    commits = world.json("log")["commits"]
    world("tag", "v1", "main~1")
    assert world.json("fork", "main", "a", "--at", commits[1]["id"][:8])["commit"] == commits[1]["id"]
    assert world.json("fork", "v1", "b")["commit"] == commits[1]["id"]


def test_many_at_once_and_undone_at_once(world):
    names = world.json("fork", "main", "trial", "-n", "120")["branches"]
    assert len(names) == len(set(names)) == 120
    assert len(world.json("branch")["branches"]) == 121
    world("undo")
    assert len(world.json("branch")["branches"]) == 1


def test_switching_to_the_new_branch(world):
    world("fork", "main", "trial", "--switch")
    assert world.json("status")["branch"] == "trial"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["mian", "x"], "did you mean main"),
        (["main", "main"], "main"),
        (["main", "a b"], "a b"),
        (["main", "x", "--at", "main~99"], "main~99"),
        (["main", "x", "-n", "0"], "-n"),
        (["main", "x", "-n", "3", "--switch"], "--switch"),
        (["main"], "NEW"),
        (
            ["main", "x", "--sweep", "topics.stickines=0:1:3", "--sweep", "memories.cont=3"],
            "did you mean memories.count",
        ),
        (["main", "x", "--sweep", "topics.stickines=0:1:3", "--sweep", "memories.cont=3"], "mean topics.stickiness"),
        (["main", "x", "--sweep", "topics.stickiness=0:1:1000001"], "the count is 1 to 1,000,000"),
        (["main", "x", "--sweep", "topics.stickiness=0:1:3", "-n", "3"], "without -n"),
        (["main", "x y", "--sweep", "topics.stickiness=0:1:3"], "x y"),
        (["main", "x", "--dry-run"], "go with --sweep"),
        (["mian", "x", "--sweep", "topics.stickiness=0:1:3"], "did you mean main"),
    ],
)
def test_bad_input_changes_nothing(world, arguments, says):
    result = world("fork", *arguments, code=2)
    assert says in result.err
    assert [b["name"] for b in world.json("branch")["branches"]] == ["main"]


def test_a_state_of_another_branch_is_refused(world):
    world("generate", "tiny", "--seed", "8", "--branch", "other")
    result = world("fork", "main", "x", "--at", "other", code=2)
    assert "not in the history of main" in result.err
    assert "memento fork other x" in result.hint


def test_a_sweep_is_found_evaluated_and_made_again(world):
    made = world.json("fork", "main", "tune", "--sweep", "topics.stickiness=0:1:3", "--sweep", "memories.count=40,50")
    assert len(made["points"]) == 6
    assert made["points"][1]["parameters"] == {"topics.stickiness": "0.0", "memories.count": "50"}
    assert {point["branch"] for point in made["points"]} - {"main"} == set(made["branches"])
    assert set(world.json("query", 'variant() & name("tune-*")')["branches"]) == set(made["branches"])
    assert world.json("expand", "main", "--verify")["verified"] == len(made["branches"])
    world("undo")
    assert [b["name"] for b in world.json("branch")["branches"]] == ["main"]


def test_a_sweep_from_a_session_on(world):
    session = world.ids("sessions")[20]
    made = world.json("fork", "main", "late", "--from-session", session, "--sweep", "topics.stickiness=0.1,0.9")
    assert made["since"].startswith("20")
    assert len(made["branches"]) == 2
    result = world("fork", "main", "late", "--from-session", session, "--sweep", "topics.stickiness=0.1,0.9")
    assert "2 branches there already" in result.err


def test_a_dry_run_of_a_sweep_makes_nothing(world):
    told = world.json("fork", "main", "tune", "--sweep", "topics.stickiness=0:1:9", "--dry-run")
    assert (told["points"], told["dry_run"]) == (9, True)
    assert told["bytes"] > 0
    assert [b["name"] for b in world.json("branch")["branches"]] == ["main"]
