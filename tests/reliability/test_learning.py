"""What learning writes survives kills and a full disk: checkpoints, states of trainings, records, pages, exports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .attached import ACTIONS
from .test_system_calls import tracing

HERE = Path(__file__).parent


def ran(script: str, *arguments: object) -> dict[str, Any]:
    """The summary of a script, which must have found nothing wrong."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["wrong"] == [], done.stderr
    assert done.returncode == 0
    return report


@pytest.mark.parametrize(("kind", "kills"), [("train", 4), ("resume", 3)])
def test_some_kills_of_a_training(tmp_path: Path, kind: str, kills: int) -> None:
    report = ran("learner.py", tmp_path, kind, kills, 5)
    assert report["kills"] == kills
    assert report["runs recorded"] <= 1


@pytest.mark.long
@pytest.mark.parametrize(("kind", "kills"), [("train", 30), ("resume", 30), ("seeds", 10)])
def test_thirty_kills_of_a_training(tmp_path: Path, kind: str, kills: int) -> None:
    report = ran("learner.py", tmp_path, kind, kills, 1)
    assert report["kills"] == kills
    assert report["went on"] > 0


pytest_attach = pytest.mark.skipif(bool(tracing(attach=True)), reason=tracing(attach=True) or "it can")


@pytest_attach
@pytest.mark.parametrize("action", ["export-parquet", "save-checkpoint"])
def test_a_full_disk_at_some_calls(tmp_path: Path, action: str) -> None:
    report = ran("attached.py", tmp_path, action, 3)
    assert report["tried"] >= 2


@pytest.mark.long
@pytest_attach
@pytest.mark.parametrize("action", ACTIONS)
def test_a_full_disk_at_every_call(tmp_path: Path, action: str) -> None:
    report = ran("attached.py", tmp_path, action, 1)
    assert report["tried"] == sum(report["calls"].values())
    assert report["refused"] > 0
