from __future__ import annotations

import numpy as np
import pytest

from memento.patterns.temporal import TemporalCycle


@pytest.mark.parametrize(
    ("hour", "peak", "half_width", "matches"),
    [
        (9, 9, 0, True),
        (10, 9, 0, False),
        (10, 9, 1, True),
        (11, 9, 1, False),
        (23, 0, 1, True),
        (0, 23, 1, True),
        (1, 22, 2, False),
        (1, 22, 3, True),
        (12, 0, 12, True),
    ],
)
def test_hours_match_around_the_clock(facts, hour: int, peak: int, half_width: int, matches: bool) -> None:
    pattern = TemporalCycle(weight=0.2, half_width=half_width)
    assert pattern.terms(facts(hour=hour, peak_hour=peak)).tolist() == [0.2 if matches else 0.0]


def test_a_weekday_narrows_the_hour_and_stands_alone_without_one(facts) -> None:
    told = facts(5, hour=9, weekday=3, peak_hour=[9, 9, -1, -1, -1], peak_weekday=[3, 2, 3, 2, -1])
    assert TemporalCycle().matches(told).tolist() == [True, False, True, False, False]


def test_small_integers_do_not_overflow(facts) -> None:
    told = facts(1, hour=np.int8(23), peak_hour=np.int8(0))
    assert TemporalCycle(half_width=1).matches(told).tolist() == [True]


def test_strength_scales_the_weight(facts) -> None:
    assert TemporalCycle(weight=0.5, strength=0.5).terms(facts(hour=1, peak_hour=1)).tolist() == [0.25]
