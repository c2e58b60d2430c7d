from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from memento.models.base import Batch
from memento.models.interaction import CLOCK, Interaction, _clock


def awake() -> Interaction:
    torch.manual_seed(0)
    model = Interaction()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def test_size_is_near_a_hundred_thousand() -> None:
    assert 80_000 < Interaction().size < 120_000


def test_an_untrained_model_prefers_nothing(batch: Batch) -> None:
    assert torch.equal(Interaction().score(batch), torch.zeros_like(batch.features[..., 0]))


def test_the_hour_moves_scores_within_a_session(batches: Callable[..., Batch]) -> None:
    batch = batches(short=False)
    later = batch.features.clone()
    later[..., 3:5] = -later[..., 3:5]
    model = awake()
    before, after = (torch.softmax(model.score(b), -1) for b in (batch, replace(batch, features=later)))
    assert (before - after).abs().max() > 1e-4


def test_the_clock_holds_multiples_of_each_angle() -> None:
    hour, weekday, month = (torch.tensor([0.7]), torch.tensor([2.1]), torch.tensor([-1.3]))
    columns = torch.zeros(1, 17)
    for place, angle in ((3, hour), (5, weekday), (7, month)):
        columns[0, place], columns[0, place + 1] = angle.sin().item(), angle.cos().item()
    columns[0, 9] = 0.4
    expected = [
        wave(k * float(angle))
        for angle, harmonics in ((hour, 6), (weekday, 3), (month, 2))
        for k in range(1, harmonics + 1)
        for wave in (math.sin, math.cos)
    ]
    clock = _clock(columns)
    assert clock.shape == (1, CLOCK)
    torch.testing.assert_close(clock[0], torch.tensor([*expected, 0.4]), atol=1e-5, rtol=0)


def test_one_candidate_alone_is_scored(batches: Callable[..., Batch]) -> None:
    assert torch.isfinite(awake().score(batches(candidates=1))).all()


def test_gradients_agree_with_finite_differences(batches: Callable[..., Batch]) -> None:
    model = awake().double().eval()
    batch = batches(sessions=2, candidates=3)
    exact = replace(
        batch, features=batch.features.double(), contexts=batch.contexts.double(), candidates=batch.candidates.double()
    )
    weights = torch.rand(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * batch.mask

    def value() -> torch.Tensor:
        return (model(exact) * weights).sum()

    value().backward()
    for name in ("candidate.weight", "clock.weight", "topic.weight", "attend.weight", "head.weight", "decay", "direct.weight"):
        parameter = dict(model.named_parameters())[name]
        assert parameter.grad is not None
        place = tuple(0 for _ in parameter.shape)
        with torch.no_grad():
            parameter[place] += 1e-6
            above = value()
            parameter[place] -= 2e-6
            below = value()
            parameter[place] += 1e-6
        torch.testing.assert_close(parameter.grad[place], (above - below) / 2e-6, atol=1e-6, rtol=1e-5)
