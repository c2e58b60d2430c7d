"""What each baseline is by its formula."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from memento.models.acan import Acan
from memento.models.base import Batch
from memento.models.effective import Effective
from memento.models.generative_agents import GenerativeAgents, stretched
from memento.models.generative_agents_released import GenerativeAgentsReleased
from memento.models.linear import Linear
from memento.models.mlp import Mlp
from memento.train.losses import listnet


def aged(batch: Batch, days: list[float], importance: list[float]) -> Batch:
    """One session of the batch with ages and importances as given."""
    features = torch.zeros(1, len(days), 17)
    features[0, :, 0] = torch.log1p(torch.tensor(days))
    features[0, :, 1] = torch.tensor(importance)
    return replace(
        batch,
        features=features,
        mask=torch.ones(1, len(days), dtype=torch.bool),
        contexts=batch.contexts[:1],
        candidates=batch.candidates[:1, : len(days)],
    )


def test_effective_is_importance_that_fades(batches: Callable[..., Batch]) -> None:
    """An importance of 1 falls to Signet's threshold of 0.2 after 31.4 days, one of 0.5 after 17.9."""
    batch = aged(batches(short=False), [0.0, 31.4, 17.9, 10.0], [0.6, 1.0, 0.5, 0.8])
    expected = torch.tensor([[0.6, 0.2, 0.2, 0.8 * 0.95**10]])
    torch.testing.assert_close(Effective().score(batch), expected, atol=5e-4, rtol=0)


def test_stretching_spans_nought_to_one_and_equal_values_are_half() -> None:
    mask = torch.tensor([[True, True, True, False], [True, True, False, False]])
    found = stretched(torch.tensor([[1.0, 3.0, 2.0, 99.0], [4.0, 4.0, -9.0, 0.0]]), mask)
    torch.testing.assert_close(found[mask], torch.tensor([0.0, 1.0, 0.5, 0.5, 0.5]))


def test_generative_agents_by_hand(batches: Callable[..., Batch]) -> None:
    batch = aged(batches(short=False), [0.0, 1.0, 3.0], [0.2, 0.6, 0.4])
    recency = [0.995 ** (24 * days) for days in (0.0, 1.0, 3.0)]
    cosine = torch.nn.functional.cosine_similarity(batch.candidates[0], batch.contexts).tolist()

    def stretch(values: list[float]) -> list[float]:
        return [(v - min(values)) / (max(values) - min(values)) for v in values]

    expected = [sum(t) for t in zip(stretch(recency), stretch([0.2, 0.6, 0.4]), stretch(cosine), strict=True)]
    torch.testing.assert_close(GenerativeAgents().score(batch), torch.tensor([expected]), atol=1e-5, rtol=0)
    ranks = [0.99**place for place in (1, 2, 3)]  # ages ascend, so the code sorts them the other way: the last first
    expected = [
        0.5 * r + 2 * i + 3 * c
        for r, i, c in zip(stretch(ranks[::-1]), stretch([0.2, 0.6, 0.4]), stretch(cosine), strict=True)
    ]
    torch.testing.assert_close(GenerativeAgentsReleased().score(batch), torch.tensor([expected]), atol=1e-5, rtol=0)


def test_the_released_code_puts_the_oldest_first(batches: Callable[..., Batch]) -> None:
    batch = aged(batches(short=False), [5.0, 1.0, 9.0, 1.0], [0.5] * 4)
    alike = replace(batch, candidates=batch.candidates[:, :1].repeat(1, 4, 1))
    released, paper = (scorer.score(alike)[0] for scorer in (GenerativeAgentsReleased(), GenerativeAgents()))
    assert released.argsort(descending=True)[:2].tolist() == [2, 0]
    assert released[1] == released[3]
    assert paper.argsort(descending=True)[2:].tolist() == [0, 2]


@pytest.mark.parametrize(("column", "counts"), [(0, True), (3, False), (9, False)])
def test_what_a_session_shares_cancels_in_linear_and_not_in_mlp(
    column: int, counts: bool, batches: Callable[..., Batch]
) -> None:
    """The hour and the gap are equal for all candidates of a session: a linear gate only shifts all of them."""
    torch.manual_seed(0)
    batch = batches(short=False)
    other = batch.features.clone()
    other[..., column] += 1.0 if not counts else torch.arange(batch.mask.shape[1])
    linear, mlp = Linear(), Mlp()
    torch.nn.init.normal_(linear.weight, generator=torch.Generator().manual_seed(1))

    def shift(scorer: Linear | Mlp) -> float:
        before, after = (torch.softmax(scorer.score(b), -1) for b in (batch, replace(batch, features=other)))
        return float((before - after).abs().max())

    assert (shift(linear) > 1e-4) is counts
    assert shift(mlp) > 1e-4


def test_acan_reads_embeddings_alone_and_its_loss_reaches_every_projection(batch: Batch) -> None:
    torch.manual_seed(0)
    model = Acan()
    assert model.size == 2 * 64 * 64 + 64
    with torch.no_grad():
        query, key = model.query(batch.contexts[0]), model.key(batch.candidates[0, 0])
    assert model.score(batch)[0, 0].item() == pytest.approx(float(query @ key) / math.sqrt(64), abs=1e-5)
    assert torch.equal(model.score(replace(batch, features=batch.features + 1)), model.score(batch))
    assert batch.labels is not None
    listnet(model(batch), batch.labels, batch.mask).backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in model.parameters())
