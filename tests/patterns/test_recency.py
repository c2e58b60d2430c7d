from __future__ import annotations

import math

import pytest

from memento.patterns.recency import Recency


def test_relevance_halves_every_half_life(facts) -> None:
    rate = math.log(2) / 7
    terms = Recency(weight=0.4, decay_rate=rate).terms(facts(3, age_days=[0.0, 7.0, 14.0]))
    assert terms == pytest.approx([0.4, 0.2, 0.1], rel=1e-14)


def test_without_decay_age_does_not_matter(facts) -> None:
    assert Recency(weight=0.4, decay_rate=0).terms(facts(2, age_days=[0.0, 1e5])).tolist() == [0.4, 0.4]
