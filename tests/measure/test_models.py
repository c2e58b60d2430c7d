from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from memento.errors import UsageError
from memento.measure.models import standings
from memento.models import BASELINES
from memento.render.rendering import Rendering
from memento.train import train
from memento.validate import evaluate
from tests.train.conftest import toy


@pytest.fixture(scope="module")
def rendering() -> Rendering:
    return toy(sessions=60)


def test_all_stand_in_order_of_what_they_reach(rendering: Rendering) -> None:
    told: list[str] = []
    found = standings(rendering, ["linear", "acan"], epochs=2, progress=told.append)
    assert told == ["linear", "acan"]
    assert {one.model for one in found} == {"acan", *BASELINES, "chance", "ceiling"}
    reached = [one.figures["ndcg"].value for one in found]
    assert reached == sorted(reached, reverse=True)
    assert found[0].model == "ceiling"
    by_name = {one.model: one for one in found}
    assert by_name["ceiling"].figures["share"].value == pytest.approx(1.0)
    assert (by_name["linear"].size, by_name["linear"].seeds) == (17, 1)
    assert (by_name["copy"].size, by_name["copy"].seeds) == (0, 0)
    for one in found:
        share = one.figures["share"].value
        assert share == pytest.approx(one.figures["ndcg"].value / by_name["ceiling"].figures["ndcg"].value)


def test_a_model_reaches_what_evaluate_says(rendering: Rendering) -> None:
    run = train([(rendering, 1.0)], "acan", epochs=2)
    by_name = {one.model: one for one in standings(rendering, ["acan"], epochs=2)}
    report = evaluate(run, rendering, baselines=BASELINES)
    assert by_name["acan"].figures["ndcg"].value == pytest.approx(report.ndcg)
    assert by_name["linear"].figures["ndcg"] == report.rows["linear"]["ndcg"]


def test_several_seeds_widen_what_an_interval_says(rendering: Rendering) -> None:
    found = {one.model: one for one in standings(rendering, ["acan"], seeds=2, epochs=2)}
    alone = [train([(rendering, 1.0)], "acan", epochs=2, seed=seed) for seed in (0, 1)]
    mean = np.mean([evaluate(run, rendering).ndcg for run in alone])
    assert found["acan"].seeds == 2
    assert found["acan"].figures["ndcg"].value == pytest.approx(mean)


def test_observed_labels_have_no_ceiling(toys: Callable[..., Rendering]) -> None:
    found = standings(toys(sessions=40, clean=None), ["linear"], epochs=1)
    assert "ceiling" not in {one.model for one in found}
    assert all("share" not in one.figures for one in found)
    assert all(math.isfinite(one.to_map()["figures"]["ndcg"]["value"]) for one in found)


def test_nothing_left_to_judge_on_is_told(toys: Callable[..., Rendering]) -> None:
    with pytest.raises(UsageError, match="none is left"):
        standings(toys(sessions=1), ["linear"], epochs=1)
    with pytest.raises(UsageError, match="no model is named"):
        standings(toys(sessions=9), [])


@pytest.fixture(scope="module")
def toys() -> Callable[..., Rendering]:
    return toy
