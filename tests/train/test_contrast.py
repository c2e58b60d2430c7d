from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

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
    Contrast,
    Fenrec,
    Softclt,
    distances,
    instance_weights,
    nt_xent,
    raised,
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


@pytest.mark.parametrize("part", [Cl4srec(), Softclt(), Fenrec(warmup=0), Fenrec(warmup=1)])
def test_views_are_keyed_and_the_term_has_a_gradient(part: Contrast, toys: Toys) -> None:
    resident = Resident([toys(sessions=24, candidates=(2, 12))])
    pool = Pool(resident, [np.arange(24)])
    lesson = lesson_of(resident.batch(np.arange(24)))
    views = part.views(lesson, Draws(0, 0, np.arange(24)), pool)
    again = part.views(lesson, Draws(0, 0, np.arange(24)), pool)
    assert torch.equal(views[0].features, again[0].features)
    assert views[0].features.shape != views[1].features.shape or not torch.equal(views[0].features, views[1].features)
    model = Interaction().eval()
    times = torch.from_numpy(resident.times.astype(np.float64))
    term = part.loss(model, replace(lesson, views=views, times=times, draws=Draws(0, 0, np.arange(24))))
    term.backward()
    assert math.isfinite(term.item())
    assert float(model.candidate.weight.grad.abs().sum()) > 0  # type: ignore[union-attr]


def fenrec_by_hand(
    part: Fenrec, first: torch.Tensor, second: torch.Tensor, noise: torch.Tensor, best: list[int]
) -> float:
    """FENRec's loss, row by row, as its code has it."""
    rows, count = torch.cat([first, second]), len(first)

    def focal(s: torch.Tensor, m: float) -> float:
        return float(s) / part.temperature * (math.tanh(float(s) / part.tau) + m)

    total = 0.0
    for i in range(2 * count):
        right = math.exp(focal(rows[i] @ rows[(i + count) % (2 * count)], 0.0))
        whole = right + sum(math.exp(focal(rows[i] @ n, part.margin)) for n in noise)
        for j in range(2 * count):
            if best[i % count] == best[j % count]:
                continue
            h, n = rows[i], rows[j]
            towards = part.mix * h / h.norm() + (1 - part.mix) * n / n.norm()
            moved = n.norm() * towards / towards.norm()
            whole += math.exp(focal(h @ n, part.margin)) + part.hard * math.exp(focal(h @ moved, part.margin))
        total -= math.log(right / whole)
    return total / (2 * count)


def test_fenrecs_term_is_the_sum_written_out(toys: Toys) -> None:
    first, second = 2 * unit(5, 0), 3 * unit(5, 1)
    batch = lesson_of(Resident([toys(sessions=5)]).batch(np.arange(5)))
    lesson = replace(batch, best=torch.tensor([3, 7, 3, 10, 11]), draws=Draws(4, 9, np.arange(5)))
    part = Fenrec(warmup=9, tau=4.0, noise=2, mix=0.3, temperature=0.7)
    best = [3, 7, 3, 10, 11]
    apart = torch.tensor([[one != other for other in best] for one in best])
    assert lesson.draws is not None
    noise = raised(lesson.draws.normal("contrast noise", 12).reshape(10, 6), first, second, apart)
    assert part.term(first, second, lesson).item() == pytest.approx(fenrec_by_hand(part, first, second, noise, best))
    without = Fenrec(warmup=9, noise=0).term(first, second, lesson).item()
    assert without == pytest.approx(fenrec_by_hand(Fenrec(), first, second, noise[:0], best))


def test_before_the_warm_up_is_over_fenrec_is_infonce(toys: Toys) -> None:
    first, second = unit(5, 0), unit(5, 1)
    lesson = replace(lesson_of(Resident([toys(sessions=5)]).batch(np.arange(5))), draws=Draws(0, 3, np.arange(5)))
    early, late = (Fenrec(warmup=warmup, temperature=0.5).term(first, second, lesson) for warmup in (4, 3))
    assert early.item() == pytest.approx(nt_xent(first, second, 0.5).item())
    assert late.item() != pytest.approx(early.item())


def test_noise_is_moved_up_the_gradient_of_the_loss() -> None:
    first, second, noise = 2 * unit(4, 0), 2 * unit(4, 1), unit(6, 2).requires_grad_()
    apart = ~torch.eye(4, dtype=torch.bool)
    loss = torch.nn.functional.cross_entropy(torch.cat([first @ second.T, first @ noise.T], 1), torch.arange(4))
    (gradient,) = torch.autograd.grad(loss, noise)
    moved = raised(noise.detach(), first, second, apart, steps=1) - noise.detach()
    assert torch.allclose(moved, 1e-3 * torch.nn.functional.normalize(gradient, dim=-1))


def test_a_session_is_read_the_same_in_any_order(toys: Toys) -> None:
    batch = Resident([toys(sessions=6)]).batch(np.arange(6))
    model = Interaction().eval()
    vectors = represent(model, batch)
    assert vectors.shape == (6, 64)
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(6), atol=1e-5)


def test_a_model_without_hidden_vectors_is_refused(toys: Toys) -> None:
    with pytest.raises(UsageError, match="hidden vectors"):
        train([(toys(sessions=5), 1.0)], "linear", epochs=1, contrast="cl4srec")
