from __future__ import annotations

from memento.patterns.entity import EntityMatch


def test_only_a_match_counts(facts) -> None:
    terms = EntityMatch(weight=0.4, strength=0.5).terms(facts(2, entity_match=[True, False]))
    assert terms.tolist() == [0.2, 0.0]
