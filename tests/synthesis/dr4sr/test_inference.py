from __future__ import annotations

import numpy as np
import pytest
import torch

from memento.synthesis.dr4sr.inference import LENGTH, free, regenerate
from memento.synthesis.dr4sr.regenerator import Regenerator, Settings, train


@pytest.fixture(scope="module", params=[1, 4])
def told(request: pytest.FixtureRequest) -> tuple[Regenerator, list[np.ndarray]]:
    draw = np.random.default_rng(request.param)
    sequences = [draw.integers(1, 40, 30) for _ in range(12)]
    torch.manual_seed(request.param)
    model = Regenerator(40, 3).eval()
    with torch.no_grad():
        model.table.weight[model.end] = 0.0
    return model, sequences


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, "release"])
def test_rows_keep_their_bounds(told, gamma) -> None:
    model, sequences = told
    rows = regenerate(model, sequences, 3, gamma)
    assert rows
    for sequence, row in rows:
        assert 2 <= len(row) <= LENGTH
        assert len(set(row.tolist())) == len(row)
        assert row.min() >= 1
        assert row.max() <= 40
        if gamma == 0:
            assert set(row.tolist()) <= set(sequences[sequence].tolist())
        if gamma == "release":
            assert set(row[:2].tolist()) <= set(sequences[sequence].tolist())
    kept = [tuple(row.tolist()) for _, row in rows]
    assert len(kept) == len(set(kept))
    again = regenerate(model, sequences, 3, gamma)
    assert [tuple(row.tolist()) for _, row in again] == kept


def test_the_coin_has_its_probability() -> None:
    for gamma in (0.1, 0.5, 0.9):
        share = float(torch.cat([free(1, 500, 5, step, gamma).float() for step in range(4)]).mean())
        assert abs(share - gamma) < 0.03
    assert [bool(free(1, 1, 1, step, "release")) for step in range(4)] == [False, False, True, True]


def test_training_lowers_the_loss_and_repeats() -> None:
    draw = np.random.default_rng(2)
    sequences = [draw.integers(1, 9, 8) for _ in range(40)]
    patterns = [row[:3] for row in sequences]
    pairs = np.stack([np.arange(40), np.arange(40)], 1)
    first, losses = train(sequences, patterns, pairs, 9, Settings(k=2, epochs=12, pretrain=1))
    second, again = train(sequences, patterns, pairs, 9, Settings(k=2, epochs=12, pretrain=1))
    assert losses == again
    assert losses[-1] < losses[0]
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values()))
