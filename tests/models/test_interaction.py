from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from memento.models.account import centred
from memento.models.base import Batch
from memento.models.interaction import CLOCK, HARMONICS, Interaction, alike


def awake() -> Interaction:
    torch.manual_seed(0)
    model = Interaction()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def test_size_is_near_a_hundred_thousand() -> None:
    assert 80_000 < Interaction().size < 120_000


def test_an_untrained_model_sees_age_alone(batches: Callable[..., Batch]) -> None:
    batch = batches(short=False)
    features = batch.features.clone()
    features[..., 0] = 1.0
    level = Interaction().score(replace(batch, features=features))
    torch.testing.assert_close(level, level[:1, :1].expand_as(level))


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_age_alone_never_turns_around(direction: float, batches: Callable[..., Batch]) -> None:
    batch = batches(sessions=4, candidates=40, short=False)
    features = batch.features[:, :1].repeat(1, 40, 1)
    features[..., 0] = torch.linspace(0.01, math.log(366), 40)
    model = awake()
    with torch.no_grad():
        model.aspect.weight.zero_()
        model.direction.fill_(direction)
    alike = replace(batch, features=features, candidates=batch.candidates[:, :1].repeat(1, 40, 1))
    steps = (
        model.double()
        .score(
            replace(
                alike,
                features=features.double(),
                contexts=alike.contexts.double(),
                candidates=alike.candidates.double(),
            )
        )
        .diff(dim=-1)
    )
    assert (steps * direction < 0).all()


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
        for angle, harmonics in zip((hour, weekday, month), HARMONICS.values())
        for k in range(1, harmonics + 1)
        for wave in (math.sin, math.cos)
    ]
    model = Interaction()
    model.season.fill_(1.0)
    clock = model._clock(columns)
    assert clock.shape == (1, CLOCK)
    torch.testing.assert_close(clock[0], torch.tensor([*expected, 0.4]), atol=1e-5, rtol=0)


def test_months_count_only_where_a_whole_year_was_seen(batches: Callable[..., Batch]) -> None:
    angles = torch.arange(12) * (2 * math.pi / 12)
    year = torch.zeros(24, 17)
    year[:, 7], year[:, 8] = angles.sin().repeat(2), angles.cos().repeat(2)
    batch = batches(short=False)
    later = batch.features.clone()
    later[..., 7:9] = -later[..., 7:9]
    for months, moved in ((11, False), (12, True)):
        model = awake()
        model.fit_scale(year[:months])
        before, after = (model.score(b) for b in (batch, replace(batch, features=later)))
        assert torch.equal(before, after) is not moved


def test_an_entity_is_known_by_what_its_candidates_share(batches: Callable[..., Batch]) -> None:
    """A candidate without an embedding is as near to the context as the others of its entity are."""
    batch = batches(sessions=1, candidates=4, short=False)
    features, embedded = batch.features.clone(), batch.candidates.clone()
    features[0, :, 12] = torch.tensor([7, 7, 9, 9]) / 255
    features[0, :, 13] = torch.tensor([1, 1, 2, 3]) / 255
    embedded[0, 1] = 0
    changed = replace(batch, features=features, candidates=embedded)
    near = alike(changed)[0]
    cosine = torch.nn.functional.cosine_similarity(embedded[0, 0], batch.contexts[0], dim=0)
    torch.testing.assert_close(near[:2, 1], torch.stack([cosine, cosine]))
    assert near[1, 0] == 0
    torch.testing.assert_close(near[:, 4].expm1(), torch.tensor([1.0, 1.0, 0.0, 0.0]))


def test_what_was_replaced_has_an_account_of_its_own(batches: Callable[..., Batch]) -> None:
    """A floor under what was replaced: its other columns may say nothing, where they say much of the rest."""
    generator = torch.Generator().manual_seed(3)
    features = torch.rand(40 * 8, 17, generator=generator)
    features[:, 11] = (features[:, 11] > 0.7).float()
    labels = 0.2 + 0.5 * features[:, 2] * (1 - features[:, 11])
    batch = batches(sessions=40, candidates=8, short=False)
    batch = replace(batch, features=features.view(40, 8, 17), candidates=torch.zeros_like(batch.candidates))
    model = Interaction()
    model.fit_scale(features)
    terms = model._terms(batch.features, model.given(batch)).double()
    model.account.fit(
        centred(terms, batch.mask).flatten(0, 1),
        centred(labels.view(40, 8, 1).double(), batch.mask).flatten(),
        torch.full((40,), 8),
    )
    said = model.account(terms)
    used = replace(batch, features=batch.features.clone())
    used.features[..., 2] += 0.1
    moved = model.account(model._terms(used.features, model.given(used)).double()) - said
    flag = batch.features[..., 11] > 0
    assert moved[~flag].mean() > 0.03
    assert moved[flag].abs().mean() < 0.01


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
    for name in (
        "candidate.weight",
        "clock.weight",
        "topic.weight",
        "attend.weight",
        "head.weight",
        "decay",
        "direct.weight",
    ):
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


def test_inputs_worked_out_ahead_change_no_score(batches: Callable[..., Batch]) -> None:
    batch = batches()
    model = awake()
    assert torch.equal(model.score(batch), model.score(replace(batch, inputs=model.given(batch))))
