from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from memento.models.copy import Copy
from memento.render.rendering import Rendering
from memento.train import ranking
from memento.train.batches import Resident, scores
from tests.train.conftest import toy


@pytest.fixture(scope="module")
def rendering() -> Rendering:
    return toy(sessions=60, memories=25)


def by_hand(rendering: Rendering) -> list[float]:
    """The same with dictionaries."""
    sums: dict[tuple[object, ...], tuple[float, int]] = {}
    found = []
    for s in range(len(rendering)):
        rows = range(rendering.offsets[s], rendering.offsets[s + 1])
        told = []
        for row in rows:
            x = rendering.features[row]
            hour = round(np.arctan2(x[3], x[4]) / (2 * np.pi) * 24) % 24
            memory, fact = int(rendering.memory_rows[row]), (round(x[12] * 255), round(x[13] * 255))
            told.append([("all",), ("fact", fact), ("memory", memory), ("quarter", memory, hour // 6)])
            known = 0.0
            for key in told[-1]:
                total, count = sums.get(key, (0.0, 0))
                known = (total + known) / (count + 1)
            found.append(known)
        for row, keys in zip(rows, told):
            for key in keys:
                total, count = sums.get(key, (0.0, 0))
                sums[key] = (total + float(np.clip(rendering.labels[row], 0, 1)), count + 1)
    return found


def test_it_is_what_dictionaries_give(rendering: Rendering) -> None:
    assert scores(Copy(), rendering) == pytest.approx(by_hand(rendering), abs=1e-6)


@pytest.mark.parametrize("session", [0, 20, 59])
def test_no_label_of_a_session_or_a_later_one_reaches_it(session: int, rendering: Rendering) -> None:
    low = rendering.offsets[session]
    labels = rendering.labels.copy()
    labels[low:] = 1.0 - labels[low:]
    before, after = scores(Copy(), rendering), scores(Copy(), replace(rendering, labels=labels))
    end = rendering.offsets[session + 1]
    assert np.array_equal(before[:end], after[:end])
    assert session == 59 or not np.array_equal(before[end:], after[end:])


def test_renderings_do_not_know_of_each_other(rendering: Rendering) -> None:
    other = toy(sessions=20, seed=4)
    together = Resident([other, rendering]).score(Copy())
    assert np.array_equal(together, np.concatenate([scores(Copy(), other), scores(Copy(), rendering)]))


def test_scoring_some_sessions_knows_those_left_out(rendering: Rendering) -> None:
    chosen = np.array([7, 31, 58])
    rows = np.concatenate([np.arange(rendering.offsets[s], rendering.offsets[s + 1]) for s in chosen])
    assert np.array_equal(Resident([rendering]).score(Copy(), chosen)[rows], scores(Copy(), rendering)[rows])


def test_what_was_relevant_at_an_hour_is_found_again(rendering: Rendering) -> None:
    """The toy world plants which entities count at nine and which at twenty-one."""
    later = rendering.split(0.5)[1]
    given = scores(Copy(), rendering)[rendering.offsets[len(rendering) - len(later)] :]
    reached, chance = (
        np.nanmean(ranking.ndcg(scored, later.labels, later.offsets)) for scored in (given, np.zeros(len(given)))
    )
    assert reached > chance + 0.1


def test_without_a_past_all_are_equal(batches: Callable[..., object]) -> None:
    assert not Copy().score(batches()).any()  # type: ignore[arg-type]
