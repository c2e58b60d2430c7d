from __future__ import annotations

from memento.patterns.supersession import Supersession


def test_superseded_memories_lose(facts) -> None:
    assert Supersession(penalty=0.25).terms(facts(2, superseded=[True, False])).tolist() == [-0.25, 0.0]
