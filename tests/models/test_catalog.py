from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from memento.errors import NotFound, UsageError
from memento.models import CATALOG, LEARNERS
from memento.models.base import Batch, Model, Scorer


def test_every_file_has_a_row_and_every_row_a_file() -> None:
    folder = Path(__file__).parents[2] / "memento" / "models"
    parts = {"__init__", "base", "account", "dropout", "names", "recall", "rows"}
    files = {path.stem for path in folder.glob("*.py")} - parts
    rows = {row.target.split(":")[0].rsplit(".", 1)[1] for row in CATALOG.rows.values()}
    assert files == rows
    assert all(CATALOG[name].name == name for name in CATALOG)


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean signet"):
        CATALOG["signt"]


EVERY = pytest.mark.parametrize("name", list(CATALOG))


def awake(name: str) -> Any:
    """A scorer as training leaves it: no weight is nought."""
    torch.manual_seed(2)
    scorer = CATALOG[name]()
    if isinstance(scorer, Model):
        with torch.no_grad():
            for parameter in scorer.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return scorer


def of_candidates(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    """The batch with `change` made to every table of candidates."""
    tables = ("features", "mask", "candidates", "labels", "clean", "rows", "inputs")
    return replace(batch, **{t: change(v) for t in tables if (v := getattr(batch, t)) is not None})


@EVERY
def test_a_model_scores_every_candidate_and_can_be_built_again(name: str, batch: Batch) -> None:
    torch.manual_seed(1)
    scorer = CATALOG[name]()
    assert isinstance(scorer, Scorer)
    scores = scorer.score(batch)
    assert scores.shape == batch.mask.shape
    assert torch.isfinite(scores[batch.mask]).all()
    again = CATALOG[name](**scorer.config)
    if isinstance(scorer, Model):
        again.load_state_dict(scorer.state_dict())
    assert torch.equal(again.score(batch), scores)


@EVERY
def test_scoring_twice_gives_the_same(name: str, batch: Batch) -> None:
    scorer = awake(name)
    before = [value.clone() for value in batch_tensors(batch)]
    assert torch.equal(scorer.score(batch), scorer.score(batch))
    assert all(torch.equal(now, then) for now, then in zip(batch_tensors(batch), before, strict=True))


@EVERY
def test_permuting_candidates_permutes_scores(name: str, batches: Callable[..., Batch]) -> None:
    scorer, batch = awake(name), batches(short=False)
    order = torch.randperm(batch.mask.shape[1], generator=torch.Generator().manual_seed(3))
    moved = of_candidates(batch, lambda table: table[:, order])
    torch.testing.assert_close(scorer.score(moved), scorer.score(batch)[:, order], atol=2e-6, rtol=1e-5)


@EVERY
def test_padding_and_company_change_no_score(name: str, batches: Callable[..., Batch]) -> None:
    scorer, batch = awake(name), batches()
    kept = int(batch.mask[0].sum())
    alone = of_candidates(replace(batch, contexts=batch.contexts[:1]), lambda table: table[:1, :kept])
    torch.testing.assert_close(scorer.score(alone)[0], scorer.score(batch)[0, :kept], atol=2e-6, rtol=1e-5)


@EVERY
@pytest.mark.parametrize("level", [0.0, 12.0, -3.0, 274.5])
def test_extreme_columns_give_finite_scores(name: str, level: float, batches: Callable[..., Batch]) -> None:
    """Nought, a memory of 440 years, values below nought, and a slot of 70,000, which Signet takes as it is."""
    batch = batches()
    extreme = replace(batch, features=torch.full_like(batch.features, level) * batch.mask.unsqueeze(-1))
    assert torch.isfinite(awake(name).score(extreme)).all()
    mixed = torch.where(torch.arange(17) % 2 == 0, batch.features, extreme.features)
    assert torch.isfinite(awake(name).score(replace(batch, features=mixed))).all()


@EVERY
def test_without_text_there_are_scores_all_the_same(name: str, batch: Batch) -> None:
    bare = replace(batch, contexts=torch.zeros_like(batch.contexts), candidates=torch.zeros_like(batch.candidates))
    assert torch.isfinite(awake(name).score(bare)).all()


@EVERY
def test_one_candidate_alone_has_a_score(name: str, batches: Callable[..., Batch]) -> None:
    assert torch.isfinite(awake(name).score(batches(candidates=1))).all()


@pytest.mark.parametrize("name", LEARNERS)
def test_gradients_are_finite_and_not_all_nought(name: str, batch: Batch) -> None:
    scorer = awake(name)
    if not list(scorer.parameters()):  # lambdamart
        pytest.skip("it is fitted at once")
    weights = torch.randn(batch.mask.shape, generator=torch.Generator().manual_seed(5)) * batch.mask
    (scorer.train()(batch) * weights).sum().backward()
    gradients = [parameter.grad for parameter in scorer.parameters()]
    assert all(torch.isfinite(g).all() for g in gradients if g is not None)
    assert any(g is not None and g.abs().max() > 0 for g in gradients)


def batch_tensors(batch: Batch) -> list[Tensor]:
    values = (getattr(batch, field.name) for field in fields(batch))
    return [value for value in values if isinstance(value, Tensor)]


def test_random_is_keyed_by_row_and_seed(batch: Batch) -> None:
    drawn = CATALOG["random"](seed=5).score(batch)
    assert torch.equal(drawn, CATALOG["random"](seed=5).score(batch))
    assert not torch.equal(drawn, CATALOG["random"](seed=6).score(batch))
    assert batch.rows is not None
    moved = replace(batch, rows=batch.rows.flip(1))
    assert torch.equal(CATALOG["random"](seed=5).score(moved), drawn.flip(1))
    assert ((drawn >= 0) & (drawn < 1)).all()


def test_recency_and_frequency_read_their_column(batch: Batch) -> None:
    assert torch.equal(CATALOG["recency"]().score(batch), -batch.features[..., 0])
    assert torch.equal(CATALOG["frequency"]().score(batch), batch.features[..., 2])


def test_the_oracle_needs_planted_relevance(batch: Batch) -> None:
    with pytest.raises(UsageError, match="planted"):
        CATALOG["oracle"]().score(replace(batch, clean=None))
