"""The personaliser: its hyper-gradient against closed forms, and what it makes of rows that help and rows that harm."""

from __future__ import annotations

import numpy as np
import torch

from memento.synthesis.dr4sr.personalise import Personaliser, hypergradient, personalise
from memento.synthesis.dr4sr.target import WIDTH, Target, fit

CYCLE = [np.array([1 + (start + step) % 4 for step in range(8)]) for start in range(4)]
BACK = [row[::-1].copy() for row in CYCLE]


def test_a_hypergradient_is_the_series_that_it_stands_for() -> None:
    bent = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    cross = torch.tensor([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0]], dtype=torch.float64)
    theta = torch.tensor([0.3, -0.7], dtype=torch.float64, requires_grad=True)
    phi = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    inner = 0.5 * theta @ bent @ theta + theta @ cross @ phi
    goal = torch.tensor([1.0, 1.0], dtype=torch.float64)
    meta = ((theta - goal) ** 2).sum()
    eta = 0.1
    (found,) = hypergradient(meta, inner, [theta], [phi], eta, 3)
    eye = torch.eye(2, dtype=torch.float64)
    series = eta * sum(torch.linalg.matrix_power(eye - eta * bent, power) for power in range(4))
    expected = -(2 * (theta - goal)).detach() @ series @ cross
    torch.testing.assert_close(found, expected)


def test_many_terms_are_the_true_derivative() -> None:
    bent = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    cross = torch.tensor([[1.0, -1.0], [0.0, 2.0]], dtype=torch.float64)
    phi = torch.tensor([0.4, -0.2], dtype=torch.float64, requires_grad=True)

    def best(values: torch.Tensor) -> torch.Tensor:
        return -torch.linalg.solve(bent, cross @ values)

    theta = best(phi.detach()).requires_grad_()
    inner = 0.5 * theta @ bent @ theta + theta @ cross @ phi
    (found,) = hypergradient((theta**3).sum(), inner, [theta], [phi], 0.3, 400)
    (true,) = torch.autograd.grad((best(phi) ** 3).sum(), phi)
    torch.testing.assert_close(found, true)


def test_what_a_row_is_worth_shows_in_its_weight() -> None:
    rows = torch.from_numpy(np.stack([*CYCLE, *BACK]))
    model = fit(CYCLE[:1], None, 4, 40, 3)
    weights = torch.full((8,), 0.5, requires_grad=True)
    theta = list(model.parameters())
    model.eval()
    meta = model.losses(torch.from_numpy(np.stack(CYCLE))).mean()
    inner = (weights * model.losses(rows)).mean()
    (found,) = hypergradient(meta, inner, theta, [weights])
    assert found[:4].max() < 0 < found[4:].min()


def test_weights_are_shares_and_the_temperature_has_a_floor() -> None:
    judge = Personaliser()
    torch.manual_seed(1)
    told = torch.randn(500, WIDTH) * 30
    for noisy in (True, False):
        weights = judge(told, noisy)
        assert weights.shape == (500,)
        assert bool(((weights >= 0) & (weights <= 1)).all())
    with torch.no_grad():
        judge.tau.fill_(1e-6)
    torch.testing.assert_close(judge(told, False), torch.softmax(judge.layers(told), -1)[:, 0])


def test_the_same_again() -> None:
    first = personalise(CYCLE, BACK, 4, 4, 45, 7)
    assert first.shape == (4,)
    assert np.array_equal(first, personalise(CYCLE, BACK, 4, 4, 45, 7))
    assert not np.array_equal(first, personalise(CYCLE, BACK, 4, 4, 45, 8))
    assert ((first > 0) & (first < 1)).all()


def test_a_target_of_no_steps_is_what_it_began_as() -> None:
    one, two = fit(CYCLE, None, 4, 0, 5), fit(BACK, None, 4, 0, 5)
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert isinstance(one, Target)
