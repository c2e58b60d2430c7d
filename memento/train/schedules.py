"""How a difficulty rises with the steps of training: DeepSpeed's three schedules, to the number.

Source: DeepSpeed, ``runtime/data_pipeline/curriculum_scheduler.py``. With the least and greatest difficulty m and M, T
steps in all, a difficulty step s and a root degree r, at step t

    d = floor((t / T) ** (1 / r) * (M - m) + m)
    d = min(max(d - d mod s, ceil(m / s) * s), M)

and the discrete schedule gives the i-th difficulty while t is at most the i-th boundary. Older releases lack the inner
maximum and may give 0. DeepSpeed keeps M once it is reached; here a difficulty is a function of the step alone, and it
comes to the same, since it never falls. Where M is no multiple of s, M itself is reached after step T only, as there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Difficulty = Callable[[int], int]
"""The difficulty at a step, counted from 0."""


def fixed_root(low: int, high: int, total: int, step: int = 1, degree: float = 2.0) -> Difficulty:
    """From `low` to `high` in `total` steps along a root of `degree`, in multiples of `step`.

    Raises `ValueError` for bounds that are no bounds.
    """
    if not (0 < low <= high and total >= 0 and step >= 1 and degree > 0):
        raise ValueError(f"no schedule from {low} to {high} in {total} steps by {step}, degree {degree:g}")

    def difficulty(at: int) -> int:
        if total == 0:
            return high
        reached = math.floor(math.pow(at / total, 1.0 / degree) * (high - low) + low)
        return min(max(reached - reached % step, -(-low // step) * step), high)

    return difficulty


def fixed_linear(low: int, high: int, total: int, step: int = 1) -> Difficulty:
    """From `low` to `high` in `total` steps, evenly, in multiples of `step`: the root of degree 1."""
    return fixed_root(low, high, total, step, 1.0)


def fixed_discrete(difficulties: Sequence[int], boundaries: Sequence[int]) -> Difficulty:
    """The i-th of `difficulties` up to and with the i-th of `boundaries`; the last one after all of them.

    Raises `ValueError` where there is not one boundary less than difficulties, or they do not rise.
    """
    if len(boundaries) != len(difficulties) - 1 or sorted(boundaries) != list(boundaries):
        raise ValueError(f"{len(difficulties)} difficulties do not go with boundaries {list(boundaries)}")

    def difficulty(at: int) -> int:
        return next((d for d, last in zip(difficulties, boundaries, strict=False) if at <= last), difficulties[-1])

    return difficulty
