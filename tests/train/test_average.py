from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from memento.models.linear import Linear
from memento.render.rendering import Rendering
from memento.train import checkpoint, train
from memento.train.average import Average
from memento.train.config import Config

Toys = Callable[..., Rendering]


@pytest.mark.parametrize("as_tensor", [False, True])
def test_it_is_the_mean_of_what_it_was_shown(as_tensor: bool) -> None:
    scorer = Linear()
    average = Average(scorer, 0.5)
    expected = [parameter.detach().clone() for parameter in scorer.parameters()]
    for step in range(12):
        with torch.no_grad():
            for parameter in scorer.parameters():
                parameter.add_(1.0)
        weight = average.weight(step)
        average.update(torch.tensor(weight) if as_tensor else weight)
        share = min(0.5, (step + 1) / (step + 11))
        expected = [share * mean + (1 - share) * last for mean, last in zip(expected, scorer.parameters())]
        for mean, wanted in zip(average.scorer.parameters(), expected):
            torch.testing.assert_close(mean, wanted)


def test_the_mean_is_what_is_judged_and_kept(toys: Toys) -> None:
    part = toys(sessions=40)
    plain, mean = (train([(part, 1.0)], "mlp", epochs=3, average=average) for average in (0.0, 0.9))
    assert [epoch.loss for epoch in plain.history] == [epoch.loss for epoch in mean.history]
    assert [epoch.ndcg for epoch in plain.history] != [epoch.ndcg for epoch in mean.history]
    assert checkpoint.digest(plain) != checkpoint.digest(mean)


def test_averages_are_an_option_of_models_that_take_steps() -> None:
    assert Config.of("interaction", {}).average > 0
    assert Config.of("signet", {}).average == 0
