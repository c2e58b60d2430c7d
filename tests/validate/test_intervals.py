from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from memento.validate.intervals import Bootstrap, wilson


@given(st.integers(1, 500), st.data())
def test_wilson_equals_scipy(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    ours = wilson(successes, n)
    theirs = binomtest(successes, n).proportion_ci(method="wilson")
    assert ours.low == pytest.approx(theirs.low, abs=1e-9)
    assert ours.high == pytest.approx(theirs.high, abs=1e-9)
    assert ours.low <= ours.value <= ours.high


def test_wilson_of_nothing_is_unknown() -> None:
    nothing = wilson(0, 0)
    assert math.isnan(nothing.value)
    assert nothing.to_map() == {"value": None, "low": None, "high": None, "n": 0}
    with pytest.raises(ValueError, match="5 successes of 4"):
        wilson(5, 4)


def test_the_bootstrap_is_as_wide_as_the_standard_error() -> None:
    values = np.random.default_rng(0).normal(size=400)
    figure = Bootstrap(400, 2000).figure(values)
    error = values.std(ddof=1) / 20
    assert figure.value == pytest.approx(values.mean())
    assert figure.high - figure.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_the_bootstrap_is_keyed() -> None:
    values = np.arange(30.0)
    assert np.array_equal(Bootstrap(30, 50, 1).means(values), Bootstrap(30, 50, 1).means(values))
    assert not np.array_equal(Bootstrap(30, 50, 1).means(values), Bootstrap(30, 50, 2).means(values))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(30.0)
    whole = Bootstrap(30, 50).means(values)
    monkeypatch.setattr("memento.validate.intervals._BLOCK", 70)
    assert np.array_equal(Bootstrap(30, 50).means(values), whole)


def test_sessions_without_a_value_are_left_out() -> None:
    values = np.array([1.0, np.nan, 1.0, np.nan])
    figure = Bootstrap(4, 100).figure(values)
    assert (figure.value, figure.low, figure.high, figure.n) == (1.0, 1.0, 1.0, 2)
    assert math.isnan(Bootstrap(2, 10).figure(np.full(2, np.nan)).value)


def test_figures_are_paired() -> None:
    bootstrap = Bootstrap(50, 200)
    values = np.random.default_rng(1).uniform(size=50)
    ratio = bootstrap.means(2 * values) / bootstrap.means(values)
    assert ratio == pytest.approx(2.0)


def test_one_session_gives_no_interval() -> None:
    one = Bootstrap(1).figure(np.array([0.75]))
    assert one.to_map() == {"value": 0.75, "low": None, "high": None, "n": 1}
    assert (one.words(), one.between()) == ("0.750", "")
    two = Bootstrap(2).figure(np.array([0.5, 1.0]))
    assert (two.low, two.high) == (0.5, 1.0)
    assert two.words("+.2f") == "+0.75 (+0.50 to +1.00)"
    assert wilson(0, 0).words() == ""
