"""The branch graph."""

from __future__ import annotations

import re

from memento.demo.branches import KEPT, drawing, lanes, places
from memento.demo.outcome import Commit

NAMES = ["main", "early-bird", "night-shift"]


def line(count):
    """`count` commits in a row on main, newest first."""
    made = [
        Commit(f"{n:040x}", (f"{n - 1:040x}",) if n else (), n, f"week {n}", ("main",) if n == count - 1 else ())
        for n in range(count)
    ]
    return tuple(reversed(made))


def test_each_branch_has_its_lane(history):
    found = lanes(history, NAMES)
    assert found["c" * 40] == found["a" * 39 + "2"] == found["a" * 39 + "1"] == 1
    assert found["b" * 39 + "1"] == found["b" * 39 + "2"] == 2
    assert {lane for id, lane in found.items() if id.startswith("0")} == {0}


def test_parents_stand_left_of_their_children(history):
    drawn = places(history, NAMES)
    at = {place.commit.id: place.x for place in drawn}
    for place in drawn:
        assert all(at[parent] < place.x for parent in place.commit.parents if parent in at)


def test_a_long_run_is_shortened_and_counted():
    drawn = places(line(30), ["main"])
    skipped = sum(place.skipped for place in drawn)
    assert len(drawn) + skipped == 30
    assert skipped > 0
    assert [place.commit.time for place in drawn[:KEPT]] == [0, 1, 2]
    assert drawn[-1].commit.refs == ("main",)
    assert f"{skipped} more" in drawing(line(30), ["main"])


def test_a_short_run_is_shown_whole():
    assert [place.skipped for place in places(line(6), ["main"])] == [0] * 6


def test_merges_have_two_lines_and_a_larger_dot(history):
    drawn = drawing(history, NAMES)
    assert drawn.count('r="7"') == 1
    edges = re.findall(r"class=\"edge lane(\d)", drawn)
    assert edges.count("2") == 3
    assert "1 merge" in drawn


def test_empty_and_single_histories():
    assert drawing((), ["main"]).startswith("<svg")
    assert drawing(line(1), ["main"]).count("<circle") == 1


def test_commits_beyond_the_named_branches_go_below():
    stray = Commit("f" * 40, (), 0, "stray", ("other",))
    assert lanes((stray,), ["main"])[stray.id] == 1
