from __future__ import annotations

import pytest
import torch

from memento.train.losses import listnet

LABELS = torch.tensor([[1.0, 0.6, 0.0, -0.3]], dtype=torch.float64)
LOGITS = torch.tensor([[0.2, 0.4, 0.1, 0.0]], dtype=torch.float64)


def test_the_worked_example_of_signet() -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = listnet(logits, LABELS)
    loss.backward()
    assert loss.item() == pytest.approx(0.30496, abs=5e-6)
    assert logits.grad is not None
    torch.testing.assert_close(
        logits.grad, torch.tensor([[-0.7032, 0.2078, 0.2482, 0.2472]], dtype=torch.float64), atol=5e-5, rtol=0
    )


def test_the_gradient_agrees_with_finite_differences() -> None:
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, dtype=torch.float64, generator=draw, requires_grad=True)
    labels = torch.rand(3, 5, dtype=torch.float64, generator=draw)
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[1, 3:] = False
    assert torch.autograd.gradcheck(lambda x: listnet(x, labels, mask, 0.7), (logits,), eps=1e-6, atol=1e-6)


def test_the_loss_is_nought_where_logits_equal_labels_up_to_a_shift() -> None:
    assert listnet(LABELS + 3.0, LABELS).item() == pytest.approx(0.0, abs=1e-8)


def test_padding_counts_for_nothing() -> None:
    padded_logits = torch.cat([LOGITS, torch.full((1, 2), 9.0, dtype=torch.float64)], -1).requires_grad_()
    padded_labels = torch.cat([LABELS, torch.full((1, 2), 9.0, dtype=torch.float64)], -1)
    mask = torch.tensor([[True] * 4 + [False] * 2])
    loss = listnet(padded_logits, padded_labels, mask)
    loss.backward()
    torch.testing.assert_close(loss.detach(), listnet(LOGITS, LABELS))
    assert padded_logits.grad is not None
    assert torch.equal(padded_logits.grad[0, 4:], torch.zeros(2, dtype=torch.float64))


def test_far_logits_stay_finite() -> None:
    loss = listnet(torch.tensor([[1e4, -1e4]]), torch.tensor([[0.0, 1.0]]))
    assert torch.isfinite(loss)
