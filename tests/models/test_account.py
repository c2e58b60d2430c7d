from __future__ import annotations

import pytest
import torch
from torch import Tensor

from memento.models.account import Account, centred


def sessions(weights: Tensor, noise: float = 0.0, count: int = 60, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Centred terms (n, A), labels (n,) by `weights` and noise, and the sizes of the sessions, (S,)."""
    draw = torch.Generator().manual_seed(seed)
    terms = torch.randn(count, 8, len(weights), generator=draw, dtype=torch.float64)
    labels = (terms @ weights + noise * torch.randn(count, 8, generator=draw, dtype=torch.float64)).unsqueeze(-1)
    mask = torch.ones(count, 8, dtype=torch.bool)
    return centred(terms, mask).flatten(0, 1), centred(labels, mask).flatten(), torch.full((count,), 8)


def test_a_linear_rule_is_found() -> None:
    weights = torch.tensor([0.5, -2.0, 0.0, 1e3], dtype=torch.float64)
    account = Account(4)
    account.fit(*sessions(weights))
    torch.testing.assert_close(account.weights, weights.float(), rtol=1e-3, atol=1e-3)


def test_noise_holds_the_weights_down() -> None:
    weights = torch.full((30,), 0.1, dtype=torch.float64)
    account = Account(30)
    account.fit(*sessions(weights, noise=10.0, count=20))
    free = torch.linalg.lstsq(*(x if x.dim() > 1 else x.unsqueeze(-1) for x in sessions(weights, 10.0, 20)[:2]))
    assert account.weights.norm() < 0.7 * free.solution.norm()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_fading_terms_take_one_sign(sign: float) -> None:
    weights = sign * torch.tensor([-1.0, 0.6, 0.8, -0.1], dtype=torch.float64)
    account = Account(4, fading=3)
    account.fit(*sessions(weights))
    assert (account.weights[1:] * sign >= 0).all()
    torch.testing.assert_close(account.weights[:3].double(), weights[:3], rtol=0.05, atol=0.05)


def test_a_term_that_never_varies_and_an_empty_fit_say_nothing() -> None:
    terms, labels, sizes = sessions(torch.tensor([1.0, 0.0], dtype=torch.float64))
    terms[:, 1] = 0
    account = Account(2)
    account.fit(terms, labels, sizes)
    assert account.weights[1] == 0
    empty = Account(2)
    empty.fit(terms[:0], labels[:0], sizes[:0])
    assert not empty.weights.any()


def test_centring_leaves_padding_out() -> None:
    values = torch.tensor([[[1.0], [3.0], [100.0]]])
    mask = torch.tensor([[True, True, False]])
    assert centred(values, mask).flatten().tolist() == [-1.0, 1.0, 0.0]
