from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from memento.models.base import Batch
from memento.models.retrieval import EXPLAINED, Retrieval, explained


def test_size_is_near_a_hundred_thousand() -> None:
    assert 80_000 < Retrieval().size < 120_000


def of(batch: Batch, candidates: Tensor, context: Tensor) -> Tensor:
    """What is explained in sessions of these candidates (B, C, D) and contexts (B, D)."""
    B, C, _ = candidates.shape
    mask = torch.ones(B, C, dtype=torch.bool)
    features = torch.zeros(B, C, 17)
    return explained(replace(batch, features=features, candidates=candidates, contexts=context, mask=mask))


def test_what_all_say_explains_less_than_what_one_says(batch: Batch) -> None:
    """Seven candidates as near to the question by cosine: six by a word that they share, one by a word of its own."""
    words = torch.eye(24)  # a direction for each word
    shared, rare = words[0], words[1]
    said = [shared] * 6 + [rare] + [words[2 + place] for place in range(5)]
    texts = torch.stack([word + words[10 + place] for place, word in enumerate(said)]) / 2**0.5
    question = (shared + rare) / 2**0.5
    near = texts @ question
    torch.testing.assert_close(near[:7], near[:1].expand(7))
    weights = of(batch, texts[None], question[None])[0]
    for penalty in range(EXPLAINED - 1):
        assert weights[6, penalty] > 1.5 * weights[:6, penalty].max() > 0
        assert weights[7:, penalty].max() < weights[:6, penalty].min()


def test_a_long_text_lies_nearer_to_the_mean(batch: Batch) -> None:
    torch.manual_seed(0)
    words = torch.eye(64)
    short = [words[torch.randint(64, (2,))].sum(0) for _ in range(8)]
    texts = functional.normalize(torch.stack([*short, words.sum(0)]), dim=-1)
    found = of(batch, texts[None], texts[:1])[0, :, -1]
    assert found.argmax() == 8


def test_it_turns_with_the_space(batch: Batch) -> None:
    """Which words there are does not matter: a rotation of all vectors changes nothing."""
    torch.manual_seed(0)
    turned, _ = torch.linalg.qr(torch.randn(32, 32))
    candidates, context = functional.normalize(torch.randn(3, 10, 32), dim=-1), torch.randn(3, 32)
    torch.testing.assert_close(
        of(batch, candidates, context), of(batch, candidates @ turned, context @ turned), atol=1e-4, rtol=1e-4
    )


def test_padding_explains_nothing(batches: Callable[..., Batch]) -> None:
    batch = batches(short=True)
    found = explained(batch)
    assert (found[~batch.mask] == 0).all()
    assert torch.isfinite(found).all()
