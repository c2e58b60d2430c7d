"""Every cell is held to one contract: causal, the same in parallel and step by step, masked steps left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from memento.errors import NotFound, UsageError
from memento.models.cells import CATALOG, Cell

WIDTH, STATE = 8, 16
KINDS = [(name, t) for name in CATALOG for t in (CATALOG[name].ranges or (None,))]


def made(name: str, transition: str | None = None, **config: Any) -> Cell:
    """A cell that is awake: its parameters moved a little, so that none is at a special place."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        cell: Cell = CATALOG[name](WIDTH, **{"state": STATE, "transition": transition} | config)
        with torch.no_grad():
            for parameter in cell.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
    return cell


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def stepped(cell: Cell, inputs: Tensor) -> Tensor:
    state, outputs = cell.start(len(inputs)), []
    for one in inputs.unbind(1):
        output, state = cell.step(one, state)
        outputs.append(output)
    return torch.stack(outputs, 1)


def test_every_file_has_a_row_and_every_row_a_file() -> None:
    folder = Path(__file__).parents[3] / "memento" / "models" / "cells"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "cell", "scan", "onehot"}
    assert files == {row.target.split(":")[0].rsplit(".", 1)[1] for row in CATALOG.rows.values()}
    assert all(CATALOG[name].name == name for name in CATALOG)
    with pytest.raises(NotFound, match="no cell named 'mingro'"):
        CATALOG["mingro"]


@pytest.mark.parametrize(("name", "transition"), KINDS)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("length", [1, 2, 37])
def test_outputs_have_the_shape_of_inputs(name: str, transition: str | None, batch: int, length: int) -> None:
    outputs = made(name, transition)(drawn(batch, length, WIDTH))
    assert outputs.shape == (batch, length, WIDTH)
    assert torch.isfinite(outputs).all()


@pytest.mark.parametrize("name", list(CATALOG))
def test_no_step_gives_none(name: str) -> None:
    assert made(name)(drawn(2, 0, WIDTH)).shape == (2, 0, WIDTH)
    assert made(name)(drawn(2, 0, WIDTH), torch.ones(2, 0, dtype=torch.bool)).shape == (2, 0, WIDTH)


@pytest.mark.parametrize(("name", "transition"), KINDS)
def test_steps_one_at_a_time_equal_the_parallel_form(name: str, transition: str | None) -> None:
    cell, inputs = made(name, transition), drawn(3, 70, WIDTH)
    torch.testing.assert_close(stepped(cell, inputs), cell(inputs), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "transition"), KINDS)
def test_what_comes_later_changes_nothing_before(name: str, transition: str | None) -> None:
    cell, inputs = made(name, transition), drawn(2, 30, WIDTH)
    changed = torch.cat([inputs[:, :20], 9 * drawn(2, 10, WIDTH, seed=1)], 1)
    before, after = cell(inputs), cell(changed)
    torch.testing.assert_close(before[:, :20], after[:, :20], atol=1e-5, rtol=1e-5)
    assert (before[:, 20:] - after[:, 20:]).abs().max() > 1e-3


@pytest.mark.parametrize(("name", "transition"), KINDS)
def test_what_came_before_is_remembered(name: str, transition: str | None) -> None:
    cell, inputs = made(name, transition), drawn(2, 12, WIDTH)
    changed = torch.cat([drawn(2, 1, WIDTH, seed=1), inputs[:, 1:]], 1)
    assert (cell(inputs)[:, 5] - cell(changed)[:, 5]).abs().max() > 1e-5


@pytest.mark.parametrize(("name", "transition"), KINDS)
def test_masked_steps_leave_the_state_as_it_was(name: str, transition: str | None) -> None:
    cell, inputs = made(name, transition), drawn(3, 20, WIDTH)
    mask = torch.rand(3, 20, generator=torch.Generator().manual_seed(2)) < 0.6
    mask[2] = False
    outputs = cell(inputs, mask)
    for row in range(3):
        kept = cell(inputs[row : row + 1, mask[row]])[0]
        torch.testing.assert_close(outputs[row, mask[row]], kept, atol=1e-5, rtol=1e-5)
    assert not outputs[~mask].any()
    poisoned = inputs.masked_fill(~mask.unsqueeze(-1), 1e3)
    torch.testing.assert_close(cell(poisoned, mask), outputs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "transition"), KINDS)
def test_a_mask_of_all_is_none(name: str, transition: str | None) -> None:
    cell, inputs = made(name, transition), drawn(2, 9, WIDTH)
    assert torch.equal(cell(inputs, torch.ones(2, 9, dtype=torch.bool)), cell(inputs))


@pytest.mark.parametrize(("name", "transition"), KINDS)
def test_sequences_know_nothing_of_each_other(name: str, transition: str | None) -> None:
    cell, inputs = made(name, transition), drawn(4, 11, WIDTH)
    torch.testing.assert_close(cell(inputs[1:2]), cell(inputs)[1:2], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "transition"), KINDS)
def test_long_sequences_and_large_inputs_stay_finite(name: str, transition: str | None) -> None:
    cell = made(name, transition)
    inputs = 10 * drawn(1, 3000, WIDTH)
    inputs.requires_grad_()
    outputs = cell(inputs)
    outputs.square().mean().backward()
    assert torch.isfinite(outputs).all()
    assert inputs.grad is not None
    assert torch.isfinite(inputs.grad).all()


@pytest.mark.parametrize(("name", "transition"), KINDS)
def test_gradients_are_those_of_the_steps(name: str, transition: str | None) -> None:
    """By hand: each step's own graph. The cell computes some of them by scans backwards."""
    if name == "pdssm":
        pytest.skip("its gradient goes straight through a step; see test_onehot")
    cell, inputs, weights = made(name, transition), drawn(2, 15, WIDTH), drawn(2, 15, WIDTH, seed=5)
    found = []
    for way in (cell, lambda x: stepped(cell, x)):
        given = inputs.clone().requires_grad_()
        cell.zero_grad()
        (way(given) * weights).sum().backward()
        assert given.grad is not None
        found.append([given.grad, *(p.grad.clone() for p in cell.parameters() if p.grad is not None)])
    assert len(found[0]) == len(list(cell.parameters())) + 1
    for parallel, naive in zip(*found, strict=True):
        torch.testing.assert_close(parallel, naive, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_parameter_learns(name: str) -> None:
    cell = made(name)
    cell(drawn(4, 12, WIDTH)).square().sum().backward()
    for label, parameter in cell.named_parameters():
        assert parameter.grad is not None, label
        assert parameter.grad.abs().max() > 0, label


@pytest.mark.parametrize("name", list(CATALOG))
def test_one_seed_gives_one_cell_and_one_answer(name: str) -> None:
    inputs = drawn(2, 9, WIDTH)
    first, second = made(name), made(name)
    assert torch.equal(first(inputs), second(inputs))
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(inputs), second(inputs))


@pytest.mark.parametrize("name", list(CATALOG))
def test_defaults_are_of_a_hundred_thousand_parameters_at_most(name: str) -> None:
    cell = CATALOG[name](32)
    assert cell.state == 64
    assert 0 < cell.size < 100_000


@pytest.mark.parametrize("name", list(CATALOG))
def test_odd_sizes(name: str) -> None:
    cell = CATALOG[name](5, state=7)
    inputs = drawn(2, 6, 5)
    torch.testing.assert_close(stepped(cell, inputs), cell(inputs), atol=1e-5, rtol=1e-5)
    assert CATALOG[name](1, state=1)(drawn(2, 3, 1)).shape == (2, 3, 1)


@pytest.mark.parametrize("name", list(CATALOG))
def test_what_a_cell_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="has no transition range '\\[-2,2\\]'") as caught:
        CATALOG[name](WIDTH, transition="[-2,2]")
    assert caught.value.hint
    if not CATALOG[name].ranges:
        with pytest.raises(UsageError, match=CATALOG[name].fixed):
            CATALOG[name](WIDTH, transition="[0,1]")
    with pytest.raises(UsageError, match="at least 1"):
        CATALOG[name](0)
    with pytest.raises(UsageError, match="at least 1"):
        CATALOG[name](WIDTH, state=0)


@pytest.mark.parametrize("name", ["s6", "mingru"])
def test_only_the_wide_range_lets_a_state_change_its_sign(name: str) -> None:
    for transition, least in (("[0,1]", 0.0), ("[-1,1]", -1.0)):
        factors = made(name, transition)._parts(50 * drawn(400, 2 * WIDTH if name == "s6" else WIDTH))[0]
        assert least <= factors.min() < least + 0.01
        assert 0.9 < factors.max() <= 1


@pytest.mark.parametrize("name", ["mingru", "s6"])
def test_half_precision_states_are_float32(name: str) -> None:
    cell, inputs = made(name), drawn(2, 40, WIDTH)
    half = cell.bfloat16()(inputs.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), made(name)(inputs), atol=0.1, rtol=0.1)
