from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.threads import Threads, of_sessions


def threads(*turns: tuple[str, str | None, float | None]) -> Threads:
    rows = [{"id": i, "session": "s", "text": i, "parent": p, "preference": v} for i, p, v in turns]
    return Threads(Table.from_records(TABLES["turns"], rows))


FORKED = [("t.0", None, None), ("t.1", "t.0", None), ("t.2", "t.1", None), ("t.10", "t.1", None), ("t.3", "t.10", None)]


def test_a_forest_is_walked_with_the_preferred_first() -> None:
    plain = threads(*FORKED)
    assert list(plain.walk()) == [("t.0", 0), ("t.1", 0), ("t.2", 1), ("t.10", 1), ("t.3", 1)]
    assert plain.tips() == ["t.2", "t.3"]
    assert plain.main_line() == ["t.0", "t.1", "t.2"]
    assert plain.way("t.3") == ["t.0", "t.1", "t.10", "t.3"]
    chosen = threads(*FORKED[:3], ("t.10", "t.1", 0.5), FORKED[4])
    assert chosen.main_line() == ["t.0", "t.1", "t.10", "t.3"]
    assert chosen.tips() == ["t.3", "t.2"]


def test_choosing_rates_every_fork_on_the_way() -> None:
    assert threads(*FORKED).choosing("t.3") == {"t.2": 0.0, "t.10": 1.0}
    assert threads(*FORKED).choosing("t.1") == {}
    chosen = threads(*FORKED[:2], ("t.2", "t.1", 0.0), ("t.10", "t.1", 1.0), FORKED[4])
    assert chosen.choosing("t.3") == {}
    assert [chosen.standing(key) for key in ("t.0", "t.1", "t.2", "t.10", "t.3")] == [0, 0, -1, 1, 1]


def test_first_turns_are_alternatives_once_one_is_rated() -> None:
    two = threads(("a", None, None), ("b", None, None))
    assert two.main_line() == ["a", "b"]
    assert two.choosing("b") == {"a": 0.0, "b": 1.0}
    rated = threads(("a", None, 0.0), ("b", None, 1.0))
    assert rated.main_line() == ["b"]
    assert (rated.standing("a"), rated.standing("b")) == (-1, 1)


def test_sessions_without_a_preference_are_left_out() -> None:
    assert of_sessions(threads(*FORKED).turns) == {}
    assert list(of_sessions(threads(("a", None, 0.5)).turns)) == ["s"]


KEYS = [f"t.{n}" for n in range(7)]
ANY = st.lists(
    st.tuples(
        st.sampled_from(KEYS), st.sampled_from([None, *KEYS, "elsewhere"]), st.sampled_from([None, 0.0, 0.5, 1.0])
    ),
    unique_by=lambda turn: turn[0],
)


@given(ANY)
@settings(max_examples=150, deadline=None)
def test_no_turn_is_lost_or_said_twice_and_choosing_does_what_it_says(
    turns: list[tuple[str, str | None, float | None]],
) -> None:
    forest = threads(*turns)
    assert sorted(key for key, _ in forest.walk()) == sorted(key for key, _, _ in turns)
    for tip in forest.tips():
        wanted = forest.choosing(tip)
        after = threads(*((key, parent, wanted.get(key, value)) for key, parent, value in turns))
        assert tip in after.main_line()
        assert after.choosing(tip) == {}
        assert after.standing(tip) >= 0
