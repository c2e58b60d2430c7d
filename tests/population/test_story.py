from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from memento.errors import UsageError
from memento.population import Draw, Story, Variable
from memento.population.story import Values


def walk(name: str, size: int = 3) -> Variable:
    """A random walk of its own."""

    def step(draw: Draw, _: Values, before: Values) -> Any:
        return before[name] + draw.normal("step", size)

    return Variable(name, lambda draw, _: draw.normal("step", size), step, previous=(name,))


def told(*variables: Variable, seed: int = 1, steps: int = 5) -> list[dict[str, Any]]:
    return list(Story(variables).run(seed, steps))


def test_a_variable_that_comes_in_shifts_no_draw_of_the_others() -> None:
    alone = [state["a"] for state in told(walk("a"))]
    among = [state["a"] for state in told(walk("z"), walk("a"), walk("b", 50))]
    np.testing.assert_array_equal(alone, among)
    other = [state["a"] for state in told(walk("a"), seed=2)]
    assert not np.array_equal(alone, other)
    assert len(alone) == 6


def test_order_follows_from_needs_and_not_from_how_they_are_written() -> None:
    total = Variable("total", lambda _, now: now["a"].sum() + now["twice"], lambda _, now, before: (
        before["total"] + now["a"].sum() + now["twice"]), ("a", "twice"), ("a", "twice"), ("total",))  # fmt: skip
    twice = Variable("twice", lambda _, now: 2 * now["a"].sum(), lambda _, now, __: 2 * now["a"].sum(), ("a",), ("a",))
    first = told(total, twice, walk("a"))
    second = told(walk("a"), twice, total)
    assert [state["total"] for state in first] == [state["total"] for state in second]
    assert first[1]["total"] == pytest.approx(3 * (first[0]["a"].sum() + first[1]["a"].sum()))


def test_one_without_a_next_value_stays() -> None:
    states = told(Variable("fixed", lambda draw, _: draw.uniform("x", 2)))
    assert all(np.array_equal(state["fixed"], states[0]["fixed"]) for state in states)


def test_only_what_is_needed_is_seen() -> None:
    nosy = Variable("nosy", lambda _, now: sorted(now), lambda _, now, before: [*sorted(now), *sorted(before)],
                    (), ("a",), ("b",))  # fmt: skip
    assert told(walk("a"), walk("b"), nosy)[1]["nosy"] == ["a", "b"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ([walk("a"), walk("a")], "two variables are called 'a'"),
        ([Variable("a", lambda *_: 0, needs=("intrest",)), walk("interest")], "needs 'intrest', which is none"),
        ([Variable("a", lambda *_: 0, first_needs=("b",)), Variable("b", lambda *_: 0, first_needs=("a",))],
         "'a' and 'b' wait for one another"),
    ],
)  # fmt: skip
def test_faults_are_told(variables: list[Variable], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        Story(variables)
    assert caught.value.hint


def test_draws_are_keyed_by_purpose() -> None:
    draw = Draw(7)
    assert draw.normal("a", 2, 3).shape == (2, 3)
    np.testing.assert_array_equal(draw.uniform("a", 4), draw.uniform("a", 4))
    assert not np.array_equal(draw.uniform("a", 4), draw.uniform("b", 4))
    assert abs(draw.normal("n", 20_000, sd=2.0).std() - 2.0) < 0.05
