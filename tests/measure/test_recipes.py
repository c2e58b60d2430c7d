from __future__ import annotations

import dataclasses
import math
import multiprocessing
from typing import Any

import numpy as np
import pytest

from memento.errors import UsageError
from memento.measure.phases import epochs_for, options
from memento.measure.recipes import Arm, Gain, bounds, compare
from memento.render.rendering import Rendering, render
from memento.scenario import load
from memento.simulate import world
from memento.validate.intervals import Figure


@pytest.fixture(scope="module")
def rendering() -> Rendering:
    return render(world(load("tiny"), 3))


def test_an_arm_alike_gains_nothing_and_a_worse_one_loses(rendering: Rendering) -> None:
    quick = {"epochs": 3}
    arms = {
        "plain": Arm([(rendering, 1.0)], quick),
        "again": Arm([(rendering, 1.0)], quick),
        "one session": Arm([(rendering, 1.0)], {**quick, "fit": 0.02, "validation": 0.0}),
    }
    told: list[tuple[int, int, str]] = []
    held = [render(world(load("tiny"), 4))]
    found = compare(arms, held, seeds=2, model="linear", progress=lambda *what: told.append(what), workers=1)
    plain, again, less = found.gains
    assert (again.gain.value, again.gain.low, again.gain.high) == (0.0, 0.0, 0.0)
    assert again.ndcg == plain.ndcg
    assert less.gain.value == pytest.approx(less.ndcg.value - plain.ndcg.value)
    assert found.sessions == len(held[0])
    assert list(dict.fromkeys(done for done, _, _ in told)) == list(range(7))


@pytest.mark.parametrize("model", ["interaction", "sequence"])
def test_trainings_at_once_give_what_they_give_one_after_the_other(rendering: Rendering, model: str) -> None:
    quick = {"epochs": 2}
    arms = {
        "plain": Arm([(rendering, 1.0)], quick),
        "negatives": Arm([(rendering, 1.0)], {**quick, "negatives": "fenrec:warmup=0"}),
        "less": Arm([(rendering, 1.0)], {**quick, "fit": 0.5}),
    }
    told: list[tuple[int, int, str]] = []

    def tell(*what: Any) -> None:
        told.append(what)

    alone = compare(arms, seeds=2, model=model, workers=1)
    assert compare(arms, seeds=2, model=model, progress=tell, workers=3).to_map() == alone.to_map()
    assert {done for done, _, _ in told} == set(range(7))
    assert sorted({words for _, _, words in told}) == sorted(f"{arm}, seed {seed}" for arm in arms for seed in (0, 1))
    assert not multiprocessing.active_children()


def test_what_one_training_meets_stops_all(rendering: Rendering) -> None:
    plain = Arm([(rendering, 1.0)], {"epochs": 1})
    spoiled = Arm([(dataclasses.replace(rendering, labels=np.full_like(rendering.labels, np.nan)), 1.0)], {"epochs": 1})
    with pytest.raises(UsageError, match="diverged"):
        compare({"plain": plain, "spoiled": spoiled}, seeds=2, model="linear", workers=2)
    assert not multiprocessing.active_children()


def test_chance_and_ceiling_are_of_the_sessions_judged(rendering: Rendering) -> None:
    low, high = bounds([rendering])
    assert 0 < low < high <= 1
    part = bounds([rendering], np.array([0, 1, 2]))
    assert part != (low, high)


def test_a_relative_gain_is_over_what_the_plain_training_reaches() -> None:
    figure = Figure(0.9, 0.8, 0.95, 10)
    gain = Gain("x", figure, Figure(0.3, 0.2, 0.4, 10), figure, figure, math.nan)
    assert gain.relative == pytest.approx(0.5)
    assert gain.to_map()["reached"] is None


def test_sessions_that_training_saw_judge_nothing(rendering: Rendering) -> None:
    everything = Arm([(rendering, 1.0)], {"epochs": 1, "fit": 1.0, "validation": 0.0})
    told: list[str] = []
    with pytest.raises(UsageError, match="saw every session"):
        compare({"plain": everything}, seeds=1, model="linear", progress=lambda *at: told.append(at[2]))
    with pytest.raises(UsageError, match="no session to judge by"):
        compare({"plain": everything}, [rendering.select(np.arange(0))], seeds=1, model="linear")
    assert not told
    with pytest.raises(UsageError, match="no recipe"):
        compare({})


def test_phases_take_about_the_steps_asked_for(rendering: Rendering) -> None:
    fitted = round(len(rendering) * 0.85)
    per_epoch = math.ceil(2 * fitted / 16)
    assert epochs_for([rendering, rendering], 10 * per_epoch, 16) == 10
    assert epochs_for([rendering], 0, 16) == 1
    chosen = options([[rendering], [rendering]], (0.4,), 10 * per_epoch, "interaction")
    assert chosen["epochs"] == chosen["patience"] == 10
    assert chosen["mix"] == "phases:sources=1+1:at=0.4"
