from __future__ import annotations

import torch

from memento.models.base import Batch, Scale
from memento.models.interaction import Interaction


def test_scale_brings_columns_to_mean_nought_and_deviation_one() -> None:
    features = torch.randn(500, 17, generator=torch.Generator().manual_seed(0)) * 3 + 5
    features[:, 4] = 2.0
    scale = Scale()
    scale.fit(features)
    scaled = scale(features)
    varying = [column for column in range(17) if column != 4]
    torch.testing.assert_close(scaled[:, varying].mean(0), torch.zeros(16), atol=1e-5, rtol=0)
    torch.testing.assert_close(scaled[:, varying].std(0, correction=0), torch.ones(16), atol=1e-5, rtol=0)
    assert torch.equal(scaled[:, 4], torch.zeros(500))


def test_scale_is_saved_with_the_model() -> None:
    assert {"scale.mean", "scale.deviation"} <= set(Interaction().state_dict())


def test_scoring_leaves_training_mode_as_it_was(batch: Batch) -> None:
    model = Interaction().train()
    assert torch.equal(model.score(batch), model.score(batch))
    assert model.training
