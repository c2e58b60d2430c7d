"""A manifest records the parameters that have a say, and no others."""

from __future__ import annotations

import pytest

from memento.scenario import load


@pytest.mark.parametrize(
    ("given", "silent"),
    [
        (("noise.distribution=none",), "noise.snr_db=3"),
        (("patterns.recency.weight=0",), "patterns.recency.decay_rate=0.4"),
        (("patterns.entity.strength=0",), "patterns.entity.weight=0.1"),
        (("patterns.temporal.weight=0",), "patterns.temporal.half_width=3"),
        ((), "sessions.gap_mean=3"),
        ((), "sessions.gap_sd=3"),
    ],
)
def test_what_has_no_say_is_not_recorded(given: tuple[str, ...], silent: str) -> None:
    assert load("tiny", given).to_map() == load("tiny", (*given, silent)).to_map()
    assert load("tiny").to_map() != load("tiny", given).to_map() or not given


@pytest.mark.parametrize("said", ["noise.snr_db=3", "patterns.recency.decay_rate=0.4", "patterns.entity.weight=0.1"])
def test_what_has_a_say_is(said: str) -> None:
    assert load("tiny").to_map() != load("tiny", (said,)).to_map()
