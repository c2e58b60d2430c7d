"""The effect of nothing is zero, and that of something is what it changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from memento.causes.effect import ks, psi
from memento.causes.timelines import Placebo
from memento.workspace import Workspace
from memento.world.world import Manifest


def test_a_placebo_has_no_effect_and_a_cause_has_one(tmp_path: Path) -> None:
    with Workspace.init(tmp_path) as ws:
        ws.generate("tiny", "main", 3)
        instant = ws.world_at("main~3").manifest.clock + 9
        ws.timelines.replay("main", "placebo", {}, instant)
        ws.timelines.replay("main", "busy", {"memories.births_per_session": "2"}, instant)
        nothing, something = ws.effect("main", "placebo"), ws.effect("main", "busy")
        assert ws.placebo("main", "busy") == Placebo("equal", instant)
        ws.edit("main", [f"memory:{ws.world_at('main').memories.keys[0]}", "importance=0.123"])
        ws.commit_world("imported", ws.world_at("main").replace(Manifest(source="imported", clock=5)), "x")
        assert ws.placebo("imported", "main") == Placebo("not simulated")
    assert nothing.records == nothing.fields == {}
    assert nothing.untouched == 1.0
    assert not nothing.flips
    zero = (0, 0, 0)
    for drift in nothing.drift:
        assert all((f.value, f.low, f.high) == zero for f in (drift.psi, drift.ks, drift.mean))
    assert all((figure.value, figure.low, figure.high) == (0, 0, 0) for figure in nothing.ndcg.values())
    assert something.records["memories"]["added"] > 0
    assert 0 < something.untouched < 1
    assert something.flips.only_after > 0
    moved = [d for d in something.drift if d]
    assert any(d.ks.value > 0 for d in moved)
    assert all(d.ks.low <= d.ks.high and d.psi.low <= d.psi.high for d in moved)
    assert any(d.ks.low <= d.ks.value <= d.ks.high for d in moved)


def test_a_placebo_says_why_there_is_none_or_why_it_differs(tmp_path: Path) -> None:
    with Workspace.init(tmp_path) as ws:
        ws.generate("tiny", "main", 3)
        births = {"memories.births_per_session": "2"}
        begin = ws.repository.commit_of("main~3").time
        inside = ws.world_at("main~2").manifest.clock + 200_000
        ws.timelines.replay("main", "early", births, begin - 3 * 86_400)
        ws.timelines.replay("main", "busy", births, inside)
        early, busy, back = (ws.placebo(*pair) for pair in (("main", "early"), ("main", "busy"), ("busy", "main")))
        assert early == Placebo("equal", begin - 3 * 86_400)  # told from before the first commit
        assert busy == Placebo("equal", inside)
        assert back.verdict == "differs"  # from the shared commit on it was told by two laws
        ws.commit_world("apart", ws.world_at("main"), "a beginning of its own")
        assert ws.placebo("main", "apart") == Placebo("no common past")
        ws.edit("main", [f"memory:{ws.world_at('main').memories.keys[0]}", "importance=0.123"])
        edited = ws.placebo("main", "busy")
        assert edited == Placebo("differs", inside)  # told anew, what follows the instant follows the edit too


def test_the_distances_are_the_textbooks() -> None:
    a, b = np.linspace(0, 1, 50), np.linspace(0.2, 1.3, 70)
    assert ks(a, b) == pytest.approx(stats.ks_2samp(a, b).statistic)
    assert psi(a, a) == 0
    expected = (0.2 - 0.5) * np.log(0.2 / 0.5) + (0.8 - 0.5) * np.log(0.8 / 0.5)
    assert psi(np.array([5.0, 5.0]), np.array([2.0, 8.0])) == pytest.approx(expected)


def test_the_columns_of_a_world_drift_as_scipy_says(tmp_path: Path) -> None:
    with Workspace.init(tmp_path) as ws:
        ws.generate("tiny", "main", 3)
        ws.fork("main", "trial")
        words = [word for key in ws.world_at("main").memories.keys[:30] for word in (f"memory:{key}", "importance=0.9")]
        ws.edit("trial", words)
        found = {d.column: d for d in ws.effect("main", "trial").drift}
        old, new = (ws.rendering_at(name).features[:, list(found).index("importance")] for name in ("main", "trial"))
    assert found["importance"].ks.value == pytest.approx(stats.ks_2samp(old, new).statistic)
    assert found["importance"].ks.low <= found["importance"].ks.value <= found["importance"].ks.high
    assert not found["log_age"]


def test_a_scorer_is_a_ranker_too_where_it_was_not_trained(tmp_path: Path) -> None:
    with Workspace.init(tmp_path) as ws:
        ws.generate("tiny", "main", 3)
        run = ws.train("main", model="linear", epochs=1)
        ws.fork("main", "trial")
        memories = ws.world_at("main").memories.keys
        ws.edit("trial", [word for key in memories for word in (f"memory:{key}", "importance=0.9")])
        found = ws.effect("main", "trial", run=run).ndcg
    assert set(found) == {"recency", "frequency", "linear"}
    assert 0 < found["linear"].n < found["recency"].n
