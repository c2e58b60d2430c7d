from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from memento.errors import UsageError
from memento.models.interaction import Interaction
from memento.render.rendering import Rendering
from memento.train import train
from memento.train.augment.pool import Pool
from memento.train.batches import Resident
from memento.train.contrast import (
    Cl4srec,
    Softclt,
    distances,
    instance_weights,
    nt_xent,
    represent,
    soft_contrast,
    temporal_weights,
)
from memento.train.lesson import Draws, lesson_of

Toys = Callable[..., Rendering]


def unit(rows: int, seed: int) -> torch.Tensor:
    found = torch.randn(rows, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.nn.functional.normalize(found, dim=-1)


def by_hand(first: torch.Tensor, second: torch.Tensor, weights: torch.Tensor, temperature: float) -> float:
    rows, count = torch.cat([first, second]), len(first)
    total = 0.0
    for i in range(2 * count):
        others = [j for j in range(2 * count) if j != i]
        norm = math.log(sum(math.exp(float(rows[i] @ rows[j]) / temperature) for j in others))
        for j in others:
            total -= float(weights[i % count, j % count]) * (float(rows[i] @ rows[j]) / temperature - norm)
    return total / (2 * count)


def test_the_soft_loss_is_the_sum_written_out() -> None:
    first, second = unit(5, 0), unit(5, 1)
    weights = instance_weights(distances(unit(5, 2)), 3.0)
    assert soft_contrast(first, second, weights, 0.5).item() == pytest.approx(by_hand(first, second, weights, 0.5))
    assert nt_xent(first, second, 0.5).item() == pytest.approx(by_hand(first, second, torch.eye(5), 0.5))


def test_two_views_alike_and_apart_from_others_cost_least() -> None:
    rows = torch.eye(4, 6, dtype=torch.float64)
    assert nt_xent(rows, rows, 0.1) < nt_xent(rows, rows.roll(1, 0), 0.1)


def test_weights_are_those_of_the_paper() -> None:
    distance = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    weights = instance_weights(distance, 2.0, 0.5)
    assert weights[0, 0] == pytest.approx(1.0)
    assert weights[0, 1] == pytest.approx(1.0 / (1.0 + math.exp(2.0)))
    near = temporal_weights(torch.tensor([[0.0, 1.0, 40.0]]), 1.5, level=1)
    assert near[0, 0] == pytest.approx(1.0)
    assert near[0, 1] == pytest.approx(2.0 / (1.0 + math.exp(3.0)))
    assert near[0, 2] == 0.0


def test_distances_are_scaled_between_two_rows() -> None:
    found = distances(unit(6, 4))
    off = ~torch.eye(6, dtype=torch.bool)
    assert found[off].min() == pytest.approx(0.0)
    assert found[off].max() == pytest.approx(1.0)
    assert not found.diagonal().any()


@pytest.mark.parametrize("part", [Cl4srec(), Softclt()])
def test_views_are_keyed_and_the_term_has_a_gradient(part: Cl4srec | Softclt, toys: Toys) -> None:
    resident = Resident([toys(sessions=24, candidates=(2, 12))])
    pool = Pool(resident, [np.arange(24)])
    lesson = lesson_of(resident.batch(np.arange(24)))
    views = part.views(lesson, Draws(0, 0, np.arange(24)), pool)
    again = part.views(lesson, Draws(0, 0, np.arange(24)), pool)
    assert torch.equal(views[0].features, again[0].features)
    assert views[0].features.shape != views[1].features.shape or not torch.equal(views[0].features, views[1].features)
    from dataclasses import replace

    model = Interaction().eval()
    term = part.loss(model, replace(lesson, views=views, times=torch.from_numpy(resident.times.astype(np.float64))))
    term.backward()
    assert math.isfinite(term.item())
    assert float(model.candidate.weight.grad.abs().sum()) > 0  # type: ignore[union-attr]


def test_a_session_is_read_the_same_in_any_order(toys: Toys) -> None:
    batch = Resident([toys(sessions=6)]).batch(np.arange(6))
    model = Interaction().eval()
    vectors = represent(model, batch)
    assert vectors.shape == (6, 64)
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(6), atol=1e-5)


def test_a_model_without_hidden_vectors_is_refused(toys: Toys) -> None:
    with pytest.raises(UsageError, match="hidden vectors"):
        train([(toys(sessions=5), 1.0)], "linear", epochs=1, contrast="cl4srec")
