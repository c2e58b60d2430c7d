from __future__ import annotations

import math

import pytest

from memento.patterns.frequency import Frequency


def test_the_most_used_candidate_has_the_full_weight(facts) -> None:
    terms = Frequency(weight=0.3).terms(facts(3, access_count=[0, 1, 7], max_log_access=math.log(8)))
    assert terms == pytest.approx([0.0, 0.1, 0.3], rel=1e-14)


def test_a_session_that_used_nothing_has_none(facts) -> None:
    assert Frequency().terms(facts(2)).tolist() == [0.0, 0.0]
