from __future__ import annotations

import pytest
import torch
from torch import nn

from memento.train.adam import MOMENTS, Adam


def parameters() -> list[nn.Parameter]:
    draw = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=draw)) for shape in [(3, 4), (5,), (2, 2)]]


@pytest.mark.parametrize("decay", [0.0, 0.02])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_it_is_the_one_of_torch_to_the_bit(decay: float, as_tensor: bool) -> None:
    mine, theirs = parameters(), parameters()
    ours = Adam(mine, decay)
    reference = torch.optim.AdamW(theirs, betas=(0.9, 0.999), eps=1e-8, weight_decay=decay, fused=True)
    draw = torch.Generator().manual_seed(1)
    for step in range(8):
        rate = 0.01 / (1 + step)
        for group in reference.param_groups:
            group["lr"] = torch.tensor(rate) if as_tensor else rate
        ours.zero_grad()
        reference.zero_grad()
        for place, (one, other) in enumerate(zip(mine, theirs)):
            if place == 2 and step % 3:
                continue  # has no gradient in these steps
            one.grad = torch.randn(one.shape, generator=draw)
            other.grad = one.grad.clone()
        ours.step(torch.tensor(rate) if as_tensor else rate)
        reference.step()
    for one, other in zip(mine, theirs):
        assert torch.equal(one, other)
        for moment in MOMENTS:
            assert torch.equal(ours.state[one][moment], reference.state[other][moment])


def test_what_has_no_gradient_stays_and_keeps_nothing() -> None:
    free, fixed = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2), requires_grad=False)
    optimiser = Adam([free, fixed], decay=0.5)
    optimiser.step(0.1)
    assert optimiser.parameters == [free]
    assert torch.equal(free, torch.ones(2))
    assert optimiser.state == {}
