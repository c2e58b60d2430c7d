from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from memento.train.losses import CATALOG, bce, listnet, pairwise, soft

LABELS = torch.tensor([[1.0, 0.6, 0.0, -0.3]], dtype=torch.float64)
LOGITS = torch.tensor([[0.2, 0.4, 0.1, 0.0]], dtype=torch.float64)


def gradient(name: str, logits: Tensor, labels: Tensor, mask: Tensor | None = None, temperature: float = 0.5) -> Tensor:
    leaf = logits.clone().requires_grad_()
    CATALOG[name](leaf, labels, mask, temperature).backward()
    assert leaf.grad is not None
    return leaf.grad


def test_the_worked_example_of_signet() -> None:
    assert listnet(LOGITS, LABELS).item() == pytest.approx(0.30496, abs=5e-6)
    expected = torch.tensor([[-0.7032, 0.2078, 0.2482, 0.2472]], dtype=torch.float64)
    torch.testing.assert_close(gradient("listnet", LOGITS, LABELS), expected, atol=5e-5, rtol=0)


def test_soft_in_closed_form() -> None:
    target = torch.softmax(LABELS / 0.25, -1)
    value = -(target * torch.log_softmax(LOGITS, -1)).sum()
    torch.testing.assert_close(soft(LOGITS, LABELS, None, 0.25), value)
    torch.testing.assert_close(gradient("soft", LOGITS, LABELS, None, 0.25), torch.softmax(LOGITS, -1) - target)


def test_soft_is_least_at_the_tempered_labels_and_is_their_entropy_there() -> None:
    target = torch.softmax(LABELS / 0.5, -1)
    entropy = -(target * target.log()).sum()
    torch.testing.assert_close(soft(LABELS / 0.5 + 3.0, LABELS), entropy)
    torch.testing.assert_close(gradient("soft", LABELS / 0.5 + 3.0, LABELS), torch.zeros_like(LABELS))


def test_pairwise_in_closed_form() -> None:
    """Six ordered pairs, each pulled apart by the share of the sigmoid that is still missing."""
    value, pull = 0.0, [0.0] * 4
    for i in range(4):
        for j in range(4):
            if LABELS[0, i] > LABELS[0, j]:
                margin = (LOGITS[0, i] - LOGITS[0, j]).item()
                value += math.log1p(math.exp(-margin)) / 6
                wrong = 1 / (1 + math.exp(margin)) / 6
                pull[i] -= wrong
                pull[j] += wrong
    assert pairwise(LOGITS, LABELS).item() == pytest.approx(value)
    torch.testing.assert_close(gradient("pairwise", LOGITS, LABELS), torch.tensor([pull], dtype=torch.float64))


def test_pairs_of_equal_labels_say_nothing() -> None:
    level = torch.zeros_like(LABELS)
    assert pairwise(LOGITS, level).item() == 0.0
    assert torch.equal(gradient("pairwise", LOGITS, level), torch.zeros_like(LOGITS))


def test_bce_in_closed_form() -> None:
    probability, target = torch.sigmoid(LOGITS), LABELS.clamp(0, 1)
    value = -(target * probability.log() + (1 - target) * (1 - probability).log()).mean()
    torch.testing.assert_close(bce(LOGITS, LABELS), value)
    torch.testing.assert_close(gradient("bce", LOGITS, LABELS), (probability - target) / 4)


@pytest.mark.parametrize("name", list(CATALOG))
def test_the_gradient_agrees_with_finite_differences(name: str) -> None:
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, dtype=torch.float64, generator=draw, requires_grad=True)
    labels = torch.rand(3, 5, dtype=torch.float64, generator=draw)
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[1, 3:] = False
    assert torch.autograd.gradcheck(lambda x: CATALOG[name](x, labels, mask, 0.7), (logits,), eps=1e-6, atol=1e-6)


def test_listnet_is_nought_where_logits_equal_labels_up_to_a_shift() -> None:
    assert listnet(LABELS + 3.0, LABELS).item() == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("name", list(CATALOG))
def test_padding_counts_for_nothing(name: str) -> None:
    padded_logits = torch.cat([LOGITS, torch.full((1, 2), 9.0, dtype=torch.float64)], -1)
    padded_labels = torch.cat([LABELS, torch.full((1, 2), 9.0, dtype=torch.float64)], -1)
    mask = torch.tensor([[True] * 4 + [False] * 2])
    loss = CATALOG[name]
    torch.testing.assert_close(loss(padded_logits, padded_labels, mask), loss(LOGITS, LABELS))
    found = gradient(name, padded_logits, padded_labels, mask)
    assert torch.equal(found[0, 4:], torch.zeros(2, dtype=torch.float64))
    torch.testing.assert_close(found[:, :4], gradient(name, LOGITS, LABELS))


@pytest.mark.parametrize("name", list(CATALOG))
def test_a_loss_is_the_mean_over_sessions_however_long_they_are(name: str) -> None:
    loss = CATALOG[name]
    labels = torch.cat([LABELS, LABELS.flip(-1)])
    labels[1, 2:] = 0
    logits = LOGITS.repeat(2, 1)
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    apart = (loss(LOGITS, LABELS) + loss(logits[1:, :2], labels[1:, :2])) / 2
    torch.testing.assert_close(loss(logits, labels, mask), apart)


@pytest.mark.parametrize("name", list(CATALOG))
@pytest.mark.parametrize("labels", [(0.0, 1.0), (-0.3, 5.0)])
def test_far_logits_stay_finite(name: str, labels: tuple[float, float]) -> None:
    logits = torch.tensor([[1e4, -1e4]])
    assert torch.isfinite(CATALOG[name](logits, torch.tensor([labels])))
    assert torch.isfinite(gradient(name, logits, torch.tensor([labels]))).all()


@pytest.mark.parametrize("name", list(CATALOG))
def test_one_candidate_alone_is_no_fault(name: str) -> None:
    assert torch.isfinite(CATALOG[name](torch.tensor([[0.3]]), torch.tensor([[0.7]])))
