from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.patterns.facts import calendar
from memento.render.rendering import Rendering
from memento.train.augment.pool import Pool
from memento.train.augment.warp import Warp, WindowWarp, _columns
from memento.train.batches import Resident
from memento.train.lesson import Draws, lesson_of

Toys = Callable[..., Rendering]
WARPS = pytest.mark.parametrize(
    "warp", [Warp(limit=0.0), WindowWarp(limit=0.0), Warp(limit=2.0), WindowWarp(limit=2.0)]
)


@WARPS
@given(st.lists(st.floats(0, 1e7), min_size=3, max_size=60), st.integers(0, 2**32))
def test_time_never_runs_backwards_and_keeps_its_ends(warp: Warp, gaps: list[float], key: int) -> None:
    times = np.cumsum([0.0, *gaps])
    new = warp.warped(times, key)
    assert np.all(np.diff(new) >= -1e-6 * max(1.0, times[-1]))
    assert new[0] == pytest.approx(0.0, abs=1e-6)
    assert new[-1] == pytest.approx(times[-1], rel=1e-9, abs=1e-3)
    if warp.limit:
        assert np.abs(new - times).max() <= warp.limit * 3600 * (1 + 1e-9) + 1e-6


def test_a_window_is_made_twice_or_half_as_long(toys: Toys) -> None:
    times = np.arange(100) * 3600.0
    gaps = np.diff(WindowWarp(limit=0.0).warped(times, 5))
    assert sorted(np.unique(np.round(gaps / gaps[0], 6)).tolist()) in ([0.5, 1.0], [1.0, 2.0])
    assert np.count_nonzero(np.abs(gaps / gaps[0] - 1) > 1e-6) == 10


def test_columns_follow_from_the_new_times() -> None:
    day = 86_400.0
    times = np.array([10, 20, 30]) * day + 9 * 3600
    features = np.zeros((3, 2, 17))
    features[..., 0] = np.log1p([[1.0, 4.0]] * 3)
    features[..., 9] = np.log1p(np.array([0.0, 10.0, 10.0]))[:, None]
    made = _columns(features, times, 0.0, lambda at: at * 2.0)
    assert np.expm1(made[..., 0]) == pytest.approx(np.array([[2.0, 8.0]] * 3))
    assert np.expm1(made[:, 0, 9]) == pytest.approx([0.0, 20.0, 20.0])
    assert np.abs(made[..., 3] ** 2 + made[..., 4] ** 2 - 1).max() < 1e-11
    hour = calendar(np.floor(times * 2).astype(np.int64)).hour
    assert made[:, 0, 3] == pytest.approx(np.sin(2 * np.pi * hour / 24), abs=1e-11)


def test_a_warp_moves_columns_of_time_alone(toys: Toys) -> None:
    rendering = toys(sessions=30, session_times=np.arange(30) * 7 * 3600)
    resident = Resident([rendering])
    pool = Pool(resident, [np.arange(30)])
    before = lesson_of(resident.batch(np.arange(30)))
    made = Warp(share=1.0, limit=48.0).apply(before, Draws(0, 0, np.arange(30)), pool)
    own = [1, 2, 10, 11, 12, 13, 14, 15, 16]
    assert np.array_equal(made.features[..., own].numpy(), before.features[..., own].numpy())
    assert not np.array_equal(made.features[..., 0].numpy(), before.features[..., 0].numpy())
    assert made.inputs is None
