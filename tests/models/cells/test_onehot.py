"""Recurrences by column one-hot matrices: indices give what dense matrices give, forwards and backwards."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from memento.models.cells import onehot
from memento.models.cells.pdssm import PDSSM

N = 5


def parts(length: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, length, N, N, generator=draw, dtype=torch.float64)
    d, b = (torch.randn(2, length, N, generator=draw, dtype=torch.complex128) for _ in range(2))
    return logits, 0.7 * d, b, torch.randn(2, N, generator=draw, dtype=torch.complex128)


def dense(logits: Tensor, d: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """Straight through: one-hot in value, the softmax in gradient."""
    soft = logits.softmax(-1)
    hard = functional.one_hot(logits.argmax(-1), N).to(soft)
    matrix = (hard + soft - soft.detach()).to(d).transpose(-1, -2)
    state, states = start, []
    for t in range(logits.shape[1]):
        state = (matrix[:, t] @ (d[:, t] * state).unsqueeze(-1)).squeeze(-1) + b[:, t]
        states.append(state)
    return torch.stack(states, 1)


@pytest.mark.parametrize("method", ["sequential", "doubling"])
@pytest.mark.parametrize("length", [1, 2, 3, 8, 33])
def test_values_and_gradients_are_those_of_dense_matrices(method: str, length: int) -> None:
    weights = torch.randn(2, length, N, generator=torch.Generator().manual_seed(1), dtype=torch.complex128)

    def indexed(logits: Tensor, d: Tensor, b: Tensor, start: Tensor) -> Tensor:
        return onehot.scan(logits.softmax(-1), logits.argmax(-1), d, b, start, method)

    found = []
    for way in (dense, indexed):
        given = [part.requires_grad_() for part in parts(length)]
        states = way(*given)
        (states * weights).real.sum().backward()
        found.append([states, *(part.grad for part in given)])
    for expected, got in zip(*found, strict=True):
        torch.testing.assert_close(got, expected, atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize("method", ["sequential", "doubling"])
def test_several_models_at_once(method: str) -> None:
    both = [torch.stack(pair) for pair in zip(parts(6), parts(6, seed=1), strict=True)]

    def loss(logits: Tensor, d: Tensor, b: Tensor, start: Tensor) -> Tensor:
        states = onehot.scan(logits.softmax(-1), logits.argmax(-1), d, b, start, method)
        return states.abs().square().sum()

    together = torch.func.vmap(torch.func.grad(loss))(*both)
    for seed in range(2):
        torch.testing.assert_close(together[seed], torch.func.grad(loss)(*(part[seed] for part in both)))


def test_two_columns_may_meet_in_one_row() -> None:
    values = torch.tensor([[1.0, 2.0, 4.0]])
    assert torch.equal(onehot.moved(torch.tensor([[2, 2, 0]]), values), torch.tensor([[4.0, 0.0, 3.0]]))


def test_a_permutation_is_followed_for_ever() -> None:
    """A machine of five states, exact after ten thousand steps of a cycle."""
    length = 10_000
    rows = ((torch.arange(N) + 1) % N).expand(1, length, N)
    d, b = torch.ones(1, length, N, dtype=torch.complex64), torch.zeros(1, length, N, dtype=torch.complex64)
    start = torch.eye(N, dtype=torch.complex64)[:1]
    for method in ("sequential", "doubling"):
        states = onehot.scan(torch.empty(0), rows, d, b, start, method)
        assert torch.equal(states[0].real.argmax(-1), torch.arange(1, length + 1) % N)


def test_the_cell_begins_near_the_first_unit_vectors() -> None:
    torch.manual_seed(0)
    start = PDSSM(4, state=32).start(2)
    assert start.shape == (2, 2, 16)
    torch.testing.assert_close(start.real, torch.eye(16)[:1].expand(2, 2, 16), atol=0.5, rtol=0)
