"""fork --at-session and --at-time, extend, replay: what they print, and bad input."""

from __future__ import annotations

import pytest


def test_a_fork_at_a_session_and_at_a_time(world):
    session = sorted(world.json("show", "main", "--table", "sessions")["sessions"], key=lambda s: s["started_at"])[20]
    made = world.json("fork", "main", "then", "--at-session", session["id"])
    assert made["instant"] == session["started_at"] - 1
    assert made["parent"] in [commit["id"] for commit in world.json("log")["commits"]]
    left = world.json("show", "then", "--table", "sessions")["sessions"]
    assert max(s["ended_at"] for s in left) < session["started_at"]
    assert "parts from" in world("fork", "main", "x", "--at-time", "2026-03-17T12:00:00Z").err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fork", "main", "x", "--at-session", "nobody"], "no session named"),
        (["fork", "main", "x", "--at-time", "noon"], "is not a time"),
        (["fork", "main", "x", "--at-time", "2027-01-01"], "memento extend"),
        (["fork", "main", "x", "--at-time", "2026-03-17", "-n", "2"], "-n"),
        (["fork", "main", "x", "--at-time", "2026-03-17", "--at-session", "s"], "one of"),
        (["replay", "main", "x"], "one of"),
        (["replay", "main", "x", "--at-time", "2026-03-17", "--set", "nonsense"], "is not KEY=VALUE"),
        (["replay", "main", "x", "--at-time", "2026-03-17", "--set", "time.days=9"], "memento extend"),
        (["replay", "main", "main", "--at-time", "2026-03-17"], "already"),
        (["extend", "main"], "one of"),
        (["extend", "main", "--days", "0"], "--days"),
        (["extend", "main", "--days", "3", "--seed", "3"], "--scenario"),
    ],
)
def test_bad_input_changes_nothing(world, arguments, says):
    assert says in world(*arguments, code=2).err
    assert [branch["name"] for branch in world.json("branch")["branches"]] == ["main"]


def test_all_faults_of_set_are_told(world):
    result = world(
        "replay", "main", "x", "--at-time", "2026-03-17", "--set", "noise.snr=1", "--set", "memories.birth=2", code=2
    )
    assert "noise.snr_db" in result.err
    assert "memories.birth" in result.err


def test_a_replay_and_its_placebo(world):
    made = world.json("replay", "main", "fewer", "--at-time", "2026-03-17", "--set", "sessions.project_activity=[0.3]")
    assert (made["same"], len(made["commits"])) == (False, 3)
    assert world.json("replay", "main", "placebo", "--at-time", "2026-03-17")["same"]
    assert "the trees are equal" in world("replay", "main", "p2", "--at-time", "2026-03-17").err
    silent = world("replay", "main", "p3", "--at-time", "2026-03-17", "--set", "memories.count=3")
    assert "has no say" in silent.err


def test_extending(world):
    made = world.json("extend", "main", "--sessions", "3")
    assert made["counts"]["sessions"] == len(world.ids("sessions"))
    assert "1 commit more" in world("extend", "main", "--days", "2").err
    world("undo")
    assert world.json("log", "-n", "1")["commits"][0]["id"] == made["commits"][-1]


def test_an_observed_world_needs_a_scenario(observed):
    assert "--scenario" in observed("extend", "real", "--days", "3", code=2).err
    made = observed.json("extend", "real", "--days", "14", "--scenario", "developer-week")
    assert len(made["commits"]) in (2, 3)
