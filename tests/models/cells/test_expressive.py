"""Weights set by hand do what theory says that they can, exactly and at any length."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import torch
from torch import Tensor

from memento.models.cells.ids4 import IDS4
from memento.models.cells.mingru import MinGRU
from memento.models.cells.pdssm import DICTIONARY, PDSSM
from memento.patterns.tasks import TASKS
from memento.patterns.tasks.words import table

LONG = 2000
SURE = 60.0
"""A logit that is as good as one or nought."""


def one_hot(symbols: Tensor, width: int) -> Tensor:
    return torch.nn.functional.one_hot(symbols, width).float()


def drawn(task: str, length: int = LONG) -> tuple[Tensor, Tensor]:
    symbols, targets = TASKS[task].draw(11, 2, length)
    return torch.from_numpy(symbols), torch.from_numpy(targets)


def points(group: str) -> Tensor:
    """The permutations of S3 as (6, 3): where each point goes."""
    assert group == "S3"
    return torch.tensor(sorted(permutations(range(3))))


@torch.inference_mode()
def test_a_factor_of_minus_one_does_parity() -> None:
    cell = MinGRU(2, 1, "[-1,1]")
    cell.project.weight.zero_()
    cell.project.bias.zero_()
    cell.project.weight[0] = torch.tensor([-SURE, SURE])  # a nought keeps, a one turns
    cell.out.weight.copy_(torch.tensor([[0.0], [1.0]]))
    cell.out.bias.zero_()
    symbols, targets = drawn("parity")
    assert torch.equal(cell(one_hot(symbols, 2))[..., 1] < 0, targets == 1)


@torch.inference_mode()
def test_no_factor_of_nought_to_one_alternates() -> None:
    """Ones alone: a state between nought and one moves one way, whatever the weights, so parity is lost."""
    for seed in range(20):
        torch.manual_seed(seed)
        cell = MinGRU(2, 16, "[0,1]")
        for parameter in cell.parameters():
            parameter.mul_(5)
        a, b = cell._parts(one_hot(torch.ones(1, 30, dtype=torch.long), 2))
        states, state = [], cell.start(1)
        for factor, added in zip(a.unbind(1), b.unbind(1), strict=True):
            state = factor * state + added
            states.append(state)
        moves = torch.stack(states, 1).double().diff(dim=1)
        assert (moves[:, 1:] * moves[:, :-1] >= -1e-9).all()


@torch.inference_mode()
def test_permutation_matrices_do_a_group_that_does_not_commute() -> None:
    moves, count = points("S3"), 6
    cell = IDS4(count, 3)
    cell.matrices.bias.zero_()
    for g in range(count):
        matrix = torch.zeros(3, 3)
        matrix[moves[g], torch.arange(3)] = 1
        cell.matrices.weight[:, g] = matrix.flatten()
    cell.begin.copy_(torch.tensor([[1.0, 2.0, 3.0]]))
    symbols, targets = drawn("word-S3")
    state, order = cell.start(2), cell.start(1)[0, 0]
    images = torch.zeros(count, 3)
    for g in range(count):
        images[g, moves[g]] = order
    for t in range(LONG):
        _, state = cell.step(one_hot(symbols[:, t], count), state)
        np.testing.assert_allclose(state[:, 0], images[targets[:, t]], atol=1e-4)


@torch.inference_mode()
def test_one_hot_columns_do_a_group_that_does_not_commute() -> None:
    """The state is the group element itself: six numbers, one of which is one."""
    count = 6
    cayley = torch.from_numpy(table("S3").copy())
    cell = PDSSM(count, count)
    for linear in (cell.shares, cell.modulus[2], cell.phase[2]):
        linear.weight.zero_()
        linear.bias.zero_()
    cell.enter.weight.zero_()
    cell.modulus[2].bias.fill_(SURE)
    cell.phase[2].bias.fill_(-SURE)
    cell.begin.zero_()
    cell.begin[0, 0, 0] = 1
    cell.dictionary.zero_()
    assert count <= DICTIONARY
    for g in range(count):
        cell.shares.weight[g, g] = SURE
        cell.dictionary[0, g, torch.arange(count), cayley[:, g]] = SURE
    symbols, targets = drawn("word-S3")
    state = cell.start(2)
    for t in range(LONG):
        _, state = cell.step(one_hot(symbols[:, t], count), state)
        assert torch.equal(state[:, 0].abs().argmax(-1), targets[:, t])
    torch.testing.assert_close(state.abs().sum(-1), torch.ones(2, 1))
