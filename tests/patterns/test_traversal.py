from __future__ import annotations

from memento.patterns.traversal import Traversal


def test_traversed_memories_gain(facts) -> None:
    assert Traversal(bonus=0.25).terms(facts(2, traversal=[True, False])).tolist() == [0.25, 0.0]
