from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from memento.models import signet
from memento.models.base import Batch
from memento.models.signet import Signet


def drawn(seed: int, count: int) -> list[float]:
    """Signet's generator written out, one draw after the other."""
    state, result = seed, []

    def uniform() -> float:
        nonlocal state
        state ^= (state << 13) & (2**64 - 1)
        state ^= state >> 7
        state ^= (state << 17) & (2**64 - 1)
        return (state >> 11) / 2**53

    for _ in range(count):
        first, second = max(uniform(), 1e-10), uniform()
        result.append(math.sqrt(-2 * math.log(first)) * math.cos(2 * math.pi * second))
    return result


def norm(x: Tensor) -> Tensor:
    return (x - x.mean()) / torch.sqrt(((x - x.mean()) ** 2).mean() + 1e-5)


def test_parameters_are_as_many_as_in_the_source() -> None:
    large = Signet(dimension=768)
    assert large.size == 1_110_130
    assert large.size - large.hash.numel() == 61_554
    assert large.gate.shape == (1, 114)
    assert Signet().size == 1_065_074


def test_initial_weights_are_the_source_s_draws_in_its_order() -> None:
    model = Signet(dimension=768)
    first = drawn(signet.SEED, 10)
    torch.testing.assert_close(model.down[0, :10], torch.tensor(first) / math.sqrt(768), atol=1e-7, rtol=0)
    before_query = 64 * 768
    tail = drawn(signet.SEED, before_query + 5)[before_query:]
    torch.testing.assert_close(model.query[0, :5], torch.tensor(tail) / 8, atol=1e-7, rtol=0)


def test_far_draws_equal_the_sequence_stepped_one_by_one() -> None:
    count = 20_011
    assert signet.normals(signet.SEED, count)[-3:] == pytest.approx(drawn(signet.SEED, count)[-3:], abs=1e-12)


def test_gate_is_drawn_last() -> None:
    model = Signet(dimension=2)
    total = sum(p.numel() for p in model.parameters())
    last = signet.normals(signet.SEED, total)[-114:] / 8
    torch.testing.assert_close(model.gate[0], torch.from_numpy(last).float())


def test_logits_follow_the_formula(batches: Callable[..., Batch]) -> None:
    batch = batches(sessions=2, candidates=4, short=False)
    batch = replace(batch, projects=torch.tensor([3, 35]))
    model = Signet()
    logits = model.score(batch)
    for b in range(2):
        query = model.query @ norm(model.down @ batch.contexts[b])
        for c in range(4):
            encoded = norm(model.down @ batch.candidates[b, c])
            gate = torch.cat([model.value @ encoded, batch.features[b, c], model.project[3], torch.ones(1)])
            expected = query @ (model.key @ encoded) / 8 + model.gate[0] @ gate
            assert logits[b, c].item() == pytest.approx(expected.item(), abs=1e-5)


def test_what_is_equal_for_a_session_moves_no_score(batches: Callable[..., Batch]) -> None:
    batch = batches(short=False)
    shifted = batch.features.clone()
    shifted[..., 3:10] = torch.rand(7)
    model = Signet()
    before = torch.softmax(model.score(batch), -1)
    after = torch.softmax(model.score(replace(batch, features=shifted, projects=torch.tensor([1, 2, 3]))), -1)
    torch.testing.assert_close(before, after, atol=1e-6, rtol=0)


def test_text_is_read_where_an_embedding_is_missing(batches: Callable[..., Batch]) -> None:
    batch = batches(sessions=1, candidates=3, short=False)
    embedded = batch.candidates.clone()
    embedded[0, 1:] = 0
    words = signet.tokens("dark mode dark")
    tokens = torch.full((1, 3, 3), -1)
    tokens[0, 1] = torch.tensor(words)
    model = Signet()
    with torch.no_grad():
        encoded = model._encode(replace(batch, candidates=embedded, tokens=tokens))
    pooled = (2 * model.hash[words[0]] + model.hash[words[1]]) / 3
    torch.testing.assert_close(encoded[0, 0], norm(model.down @ batch.candidates[0, 0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(encoded[0, 1], norm(pooled), atol=1e-5, rtol=0)
    assert torch.equal(encoded[0, 2], torch.zeros(64))


def test_tokens_split_and_hash_as_the_source_does() -> None:
    assert signet.tokens("dark, Dark") == [16357, 2757]
    assert signet.tokens("a_b-c é?") == [signet.fnv1a64(b"a_b-c") % 16_384]
    assert signet.tokens("") == []


def test_project_slots() -> None:
    assert signet.project_slot("signetai") == 31
    assert signet.project_slot("") == 0


def test_the_hash_table_stays_put_without_texts(batch: Batch) -> None:
    model = Signet()
    model(batch).sum().backward()
    assert model.hash.grad is None
    assert model.down.grad is not None
