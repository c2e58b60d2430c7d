"""The whole way of a large world: simulate, commit week by week, render, reload; rate and peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LARGE = {
    "memories.count": "92000",
    "time.days": "400",
    "sessions.per_day_mean": "62",
    "sessions.per_day_sd": "5",
    "entities.count": "300",
    "entities.aspects": "15",
    "memories.supersede_rate": "0.1",
}
"""The default scenario as about 100,000 memories and 20,000 sessions of 50 candidates."""

PROGRAM = """
import json, resource, sys, time
from memento import scenario, simulate
from memento.render.rendering import Spec
from memento.workspace import Workspace

figures, clock = {}, time.perf_counter()
def lap(name):
    global clock
    figures[name] = round(time.perf_counter() - clock, 2)
    clock = time.perf_counter()

declared = scenario.load("default", json.loads(sys.argv[2]))
cpu = time.process_time()
story = simulate.Story(declared, 7)
figures["simulate_cpu_s"] = round(time.process_time() - cpu, 2)
lap("simulate_s")
rows = len(story.world.candidates)
figures["rows_a_cpu_second"] = round(rows / figures["simulate_cpu_s"])
figures["sizes"] = {name: len(table) for name, table in story.world.tables.items()}
del story
with Workspace.init(sys.argv[1]) as workspace:
    lap("open_s")
    commits = workspace.generate(declared, "main", 7)
    figures["commits"] = len(commits)
    lap("generate_and_commit_s")
with Workspace.open(sys.argv[1]) as workspace:
    world = workspace.world_at("main")
    lap("reload_s")
    rendering = workspace.rendering_at("main", Spec(), cached=False)
    lap("render_s")
    assert len(rendering.labels) == rows
figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps(figures))
"""


@pytest.mark.parametrize("overrides", [LARGE], ids=["100k memories, 20k sessions x 50"])
def test_a_large_world(benchmark: Any, tmp_path: Path, overrides: dict[str, str]) -> None:
    """In a process of its own, so that the peak is this work's."""

    def work() -> dict[str, Any]:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), json.dumps(overrides)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        figures: dict[str, Any] = json.loads(done.stdout)
        return figures

    figures = benchmark.pedantic(work, rounds=1, iterations=1)
    assert figures["sizes"]["candidates"] > 1_000_000
    benchmark.extra_info.update(figures)
