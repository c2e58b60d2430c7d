from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from memento.errors import NotFound, UsageError
from memento.models import CATALOG
from memento.models.base import Batch, Model, Scorer


def test_every_file_has_a_row_and_every_row_a_file() -> None:
    folder = Path(__file__).parents[2] / "memento" / "models"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "base"}
    rows = {row.target.split(":")[0].rsplit(".", 1)[1] for row in CATALOG.rows.values()}
    assert files == rows
    assert all(CATALOG[name].name == name for name in CATALOG)


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean signet"):
        CATALOG["signt"]


@pytest.mark.parametrize("name", list(CATALOG))
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


@pytest.mark.parametrize("name", ["interaction", "signet", "linear", "recency", "frequency", "oracle"])
def test_permuting_candidates_permutes_scores(name: str, batches: Callable[..., Batch]) -> None:
    torch.manual_seed(2)
    scorer = CATALOG[name]()
    if isinstance(scorer, Model):
        with torch.no_grad():
            for parameter in scorer.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    batch = batches(short=False)
    order = torch.randperm(batch.mask.shape[1], generator=torch.Generator().manual_seed(3))
    assert batch.clean is not None
    moved = replace(
        batch,
        features=batch.features[:, order],
        candidates=batch.candidates[:, order],
        clean=batch.clean[:, order],
    )
    torch.testing.assert_close(scorer.score(moved), scorer.score(batch)[:, order], atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["interaction", "signet", "linear"])
def test_padding_and_company_change_no_score(name: str, batches: Callable[..., Batch]) -> None:
    torch.manual_seed(4)
    scorer = CATALOG[name]()
    batch = batches()
    kept = int(batch.mask[0].sum())
    alone = Batch(
        features=batch.features[:1, :kept],
        mask=batch.mask[:1, :kept],
        contexts=batch.contexts[:1],
        candidates=batch.candidates[:1, :kept],
    )
    torch.testing.assert_close(scorer.score(alone)[0], scorer.score(batch)[0, :kept], atol=2e-6, rtol=1e-5)


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
