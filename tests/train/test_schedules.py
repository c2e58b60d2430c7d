from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.train.schedules import fixed_discrete, fixed_linear, fixed_root

STEPS = (0, 1500, 5000, 7500, 10000, 15000)


def test_the_table_of_deepspeed_to_the_number() -> None:
    linear, root = fixed_linear(5, 50, 15000, 5), fixed_root(5, 50, 15000, 5)
    assert [linear(step) for step in STEPS] == [5, 5, 20, 25, 35, 50]
    assert [root(step) for step in STEPS] == [5, 15, 30, 35, 40, 50]


def test_the_least_difficulty_is_a_multiple_of_the_step_as_in_newer_releases() -> None:
    assert fixed_linear(3, 64, 100, 8)(0) == 8  # older releases give 0


def test_a_greatest_difficulty_between_steps_comes_after_the_last_step() -> None:
    schedule = fixed_linear(5, 53, 100, 5)
    assert schedule(100) == 50
    assert schedule(110) == 53


def test_the_four_phases_of_the_seed() -> None:
    phases = fixed_discrete([5, 10, 20, 50], [5_000, 15_000, 30_000])
    assert [phases(step) for step in (0, 5_000, 5_001, 15_000, 15_001, 30_000, 30_001, 50_000)] == [
        5, 5, 10, 10, 20, 20, 50, 50,
    ]  # fmt: skip


@given(
    st.integers(1, 500), st.integers(0, 500), st.integers(0, 3000), st.integers(1, 40), st.floats(0.25, 8),
    st.lists(st.integers(0, 6000), min_size=2, max_size=8),
)  # fmt: skip
def test_difficulties_never_fall_and_stay_within_bounds(
    low: int, more: int, total: int, step: int, degree: float, at: list[int]
) -> None:
    schedule = fixed_root(low, low + more, total, step, degree)
    found = [schedule(moment) for moment in sorted(at)]
    assert found == sorted(found)
    assert all(0 < difficulty <= low + more for difficulty in found)
    assert schedule(10 * total + 10**6) == low + more or total > 0


@pytest.mark.parametrize("faulty", [(0, 5, 10), (6, 5, 10), (1, 5, -1)])
def test_bounds_that_are_none_are_refused(faulty: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no schedule"):
        fixed_linear(*faulty)


def test_a_discrete_schedule_needs_one_boundary_less() -> None:
    with pytest.raises(ValueError, match="boundaries"):
        fixed_discrete([1, 2], [5, 6])
    with pytest.raises(ValueError, match="boundaries"):
        fixed_discrete([1, 2, 3], [6, 5])
