from __future__ import annotations

import json
import math

import numpy as np
import pytest

from memento.errors import UsageError
from memento.render.rendering import Rendering, render
from memento.validate.repeated import Repeated
from memento.validate.tstr import Outcome, subset, tstr
from memento.world.world import World


@pytest.fixture(scope="module")
def halves(world: World) -> tuple[Rendering, Rendering]:
    return render(world).split(0.6)


@pytest.fixture(scope="module")
def outcome(halves: tuple[Rendering, Rendering]) -> Outcome:
    early, late = halves
    return tstr([early], [late], [early], model="linear", seeds=2, epochs=3)


def test_the_same_sessions_as_real_and_as_synthetic_are_worth_the_same(outcome: Outcome) -> None:
    """The calibration of the protocol: real sessions in the place of synthetic ones."""
    low, high = outcome.difference["TSTR - TRTR"].low, outcome.difference["TSTR - TRTR"].high
    assert low <= 0.05
    assert high >= -0.05
    assert outcome.ratio["TSTR / TRTR"].value == pytest.approx(outcome.rows["TSTR"].value / outcome.rows["TRTR"].value)


def test_trainings_have_equally_many_sessions(outcome: Outcome, halves: tuple[Rendering, Rendering]) -> None:
    early, late = halves
    assert outcome.trained["TRTR"] == outcome.trained["TSTR"] == round(len(early) * 0.8)
    assert set(outcome.rows) == {"TRTR", "TSTR", "TRTS", "TSTS"}
    assert (outcome.tested, outcome.asked) == (len(late), len(early) - round(len(early) * 0.8))
    assert set(outcome.beside) == {"chance", "cosine"}
    for figure in outcome.rows.values():
        assert figure.low <= figure.value <= figure.high
    json.dumps(outcome.to_map(), allow_nan=False)


def test_all_synthetic_sessions_are_tried_where_they_are_more(halves: tuple[Rendering, Rendering]) -> None:
    early, late = halves
    found = tstr([late], [early.select([0, 1])], [early], model="linear", seeds=1, epochs=1)
    assert found.trained == {"TRTR": 24, "TSTR": 24, "TSTR, all": 29, "TRTS": 24, "TSTS": 24}
    assert set(found.ratio) == {"TSTR / TRTR", "TSTR, all / TRTR", "TRTS / TSTS"}


def test_every_role_is_needed(halves: tuple[Rendering, Rendering]) -> None:
    with pytest.raises(UsageError, match="real, test and synthetic"):
        tstr([halves[0]], [halves[1]], [])


def test_roles_without_enough_sessions_are_refused(halves: tuple[Rendering, Rendering]) -> None:
    early, late = halves
    with pytest.raises(UsageError, match="0 test sessions are too few"):
        tstr([early], [late.select([])], [early], model="linear")
    with pytest.raises(UsageError, match="0 real sessions are too few"):
        tstr([early.select([])], [late], [early], model="linear")
    with pytest.raises(UsageError, match="no synthetic session is left to ask on"):
        tstr([early], [late], [early.select([0])], model="linear")


def test_a_synthetic_session_is_asked_on_or_trained_on_and_never_both(halves: tuple[Rendering, Rendering]) -> None:
    early, late = halves
    alone, rest = early.select([0]), early.select(np.arange(1, 11))
    found = tstr([early], [late], [alone, rest], model="linear", seeds=1, epochs=1)
    assert (found.trained["TSTS"], found.asked) == (9, 2)


def test_smaller_subsets_lie_within_larger_ones(halves: tuple[Rendering, Rendering]) -> None:
    few, many = (subset(halves, size, 3) for size in (5, 20))
    assert sum(map(len, few)) == 5
    assert {n for r in few for n in r.session_ids} <= {n for r in many for n in r.session_ids}
    assert [r.session_ids for r in subset(halves, 999, 3)] == [r.session_ids for r in halves]


def test_intervals_widen_with_the_spread_of_seeds() -> None:
    draws = np.random.default_rng(1).random((1, 80))
    same, apart = np.repeat(draws, 3, axis=0), draws + np.array([[-0.2], [0.0], [0.2]])
    repeated = Repeated(80, 3)
    tight, wide = repeated.figure(same), repeated.figure(apart)
    assert tight.value == pytest.approx(wide.value)
    assert wide.high - wide.low > tight.high - tight.low
    assert repeated.difference(same, same).high == 0.0
    assert repeated.ratio(apart, apart).low == pytest.approx(1.0)


def test_sessions_without_a_score_are_in_no_mean() -> None:
    table = np.array([[0.5, math.nan, 0.7]])
    found = Repeated(3, 1).figure(table)
    assert found.value == pytest.approx(0.6)
    assert found.n == 2
    assert math.isnan(Repeated(1, 1).figure(np.full((1, 1), math.nan)).value)
