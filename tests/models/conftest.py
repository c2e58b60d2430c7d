from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from train.conftest import toy

from memento.models.base import Batch
from memento.render.rendering import Rendering


def make_batch(sessions: int = 3, candidates: int = 7, dimension: int = 64, seed: int = 0, short: bool = True) -> Batch:
    """Sessions with plausible columns: clocks equal within a session, slots on the grid, one session shorter."""
    draw = torch.Generator().manual_seed(seed)
    features = torch.rand(sessions, candidates, 17, generator=draw)
    angle = torch.rand(sessions, 3, generator=draw) * 2 * math.pi
    features[..., 3:9:2] = angle.sin().unsqueeze(1)
    features[..., 4:9:2] = angle.cos().unsqueeze(1)
    features[..., 9] = torch.rand(sessions, 1, generator=draw)
    features[..., 12:14] = torch.randint(0, 256, (sessions, candidates, 2), generator=draw) / 255
    mask = torch.ones(sessions, candidates, dtype=torch.bool)
    if short and candidates > 2:
        mask[0, -2:] = False
        features[0, -2:] = 0
    embedded = torch.nn.functional.normalize(torch.randn(sessions, candidates, dimension, generator=draw), dim=-1)
    return Batch(
        features=features,
        mask=mask,
        contexts=torch.nn.functional.normalize(torch.randn(sessions, dimension, generator=draw), dim=-1),
        candidates=embedded * mask.unsqueeze(-1),
        labels=torch.rand(sessions, candidates, generator=draw) * mask,
        clean=torch.rand(sessions, candidates, generator=draw) * mask,
        rows=torch.arange(sessions * candidates).reshape(sessions, candidates),
    )


@pytest.fixture
def batch() -> Batch:
    return make_batch()


@pytest.fixture
def batches() -> Callable[..., Batch]:
    return make_batch


@pytest.fixture(scope="session")
def toys() -> Callable[..., Rendering]:
    return toy
