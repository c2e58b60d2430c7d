from __future__ import annotations

import numpy as np
import pytest
import torch

from memento.errors import UsageError
from memento.scenario import load
from memento.simulate import world as simulated
from memento.synthesis.dr4sr.regenerate import Settings, learn
from memento.synthesis.dr4sr.target import Target, fit, ranked
from memento.synthesis.dr4sr.uplift import ARMS, uplift
from memento.world.world import empty_world

CYCLE = [np.array([1 + (start + step) % 6 for step in range(7)]) for start in range(6)]


def test_a_target_learns_what_follows_what() -> None:
    wanted = np.array([1 + (row[-1] % 6) for row in CYCLE])
    before = ranked(fit(CYCLE, None, 6, 0, 1), CYCLE, wanted)
    after = ranked(fit(CYCLE, None, 6, 150, 1), CYCLE, wanted)
    assert before.ndcg < 0.8
    assert after == type(after)(1.0, 1.0)


def test_a_row_without_weight_teaches_nothing() -> None:
    wrong = [row[::-1].copy() for row in CYCLE]
    wanted = np.array([1 + (row[-1] % 6) for row in CYCLE])
    weights = [1.0] * 6 + [0.0] * 6
    assert ranked(fit([*CYCLE, *wrong], weights, 6, 200, 1), CYCLE, wanted).ndcg > 0.99
    assert ranked(fit([*CYCLE, *wrong], weights[::-1], 6, 200, 1), CYCLE, wanted).ndcg < 0.7


def test_ties_count_half() -> None:
    model = Target(5)
    with torch.no_grad():
        model.table.weight.zero_()
    places = model.places(torch.tensor([[1, 2, 0]]), torch.tensor([3]))
    assert places.tolist() == [2.0]


def test_an_uplift_is_a_paired_difference_of_equally_long_training() -> None:
    world = simulated(load("tiny", ["time.days=14"]), 7)
    found = uplift(world, Settings(epochs=2, seed=3, steps=20), seeds=2)
    assert tuple(arm.name for arm in found.arms) == ARMS
    first, *others = found.arms
    assert (first.uplift, first.low, first.high) == (0.0, 0.0, 0.0)
    assert first.rows == found.held_out
    for arm in others:
        assert arm.uplift == pytest.approx(arm.ndcg - first.ndcg)
        assert arm.low <= arm.uplift <= arm.high
        assert arm.rows > first.rows
    assert found == uplift(world, Settings(epochs=2, seed=3, steps=20), seeds=2)
    assert 0 < found.pattern_length_ratio < 1


def test_mined_and_regenerated_rows_are_apart() -> None:
    rows = [np.array([1, 2, 3, 4]), np.array([1, 2, 3, 5]), np.array([6, 1, 2, 3])]
    told = learn(rows, 6, Settings(epochs=1, gamma=1.0))
    mined = {tuple(row.tolist()) for _, row in told.patterns}
    assert (1, 2, 3) in mined
    assert not mined & {tuple(row.tolist()) for _, row in told.new}
    assert all(0 <= sequence < 3 for sequence, _ in (*told.patterns, *told.new))


def test_what_cannot_be_held_out() -> None:
    with pytest.raises(UsageError, match="too few"):
        uplift(empty_world(), Settings())
    with pytest.raises(UsageError, match="no interval"):
        uplift(empty_world(), Settings(), seeds=1)
