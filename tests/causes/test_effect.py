"""The effect of nothing is zero, and that of something is what it changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from memento.causes.effect import ks, psi
from memento.workspace import Workspace


def test_a_placebo_has_no_effect_and_a_cause_has_one(tmp_path: Path) -> None:
    with Workspace.init(tmp_path) as ws:
        ws.generate("tiny", "main", 3)
        instant = ws.world_at("main~3").manifest.clock + 9
        ws.timelines.replay("main", "placebo", {}, instant)
        ws.timelines.replay("main", "busy", {"memories.births_per_session": "2"}, instant)
        nothing, something = ws.effect("main", "placebo"), ws.effect("main", "busy")
    assert nothing.records == nothing.fields == {}
    assert nothing.untouched == 1.0
    assert not nothing.flips
    assert all((d.psi, d.ks, d.mean.low, d.mean.high) == (0, 0, 0, 0) for d in nothing.drift)
    assert all((figure.value, figure.low, figure.high) == (0, 0, 0) for figure in nothing.ndcg.values())
    assert something.records["memories"]["added"] > 0
    assert 0 < something.untouched < 1
    assert something.flips.only_after > 0
    assert any(d.ks > 0 for d in something.drift)


def test_the_distances_are_the_textbooks() -> None:
    a, b = np.linspace(0, 1, 50), np.linspace(0.2, 1.3, 70)
    assert ks(a, b) == pytest.approx(stats.ks_2samp(a, b).statistic)
    assert psi(a, a) == 0
    assert psi(np.repeat([0.0, 1.0], [5, 5]), np.repeat([0.0, 1.0], [2, 8])) == pytest.approx(
        (0.2 - 0.5) * np.log(0.2 / 0.5) + (0.8 - 0.5) * np.log(0.8 / 0.5)
    )
