"""Writers that are killed at random instants lose nothing that they acknowledged, and block nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from . import worker

KILLER = Path(__file__).with_name("killer.py")


def kill(folder: Path, kind: str, points: int, seed: int) -> dict[str, object]:
    worker.make(str(folder))
    command = [sys.executable, str(KILLER), str(folder), kind, str(points), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    assert report["wrong"] == [], done.stderr
    assert done.returncode == 0
    return report


@pytest.mark.parametrize("durability", ["full", "fast"])
def test_forty_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durability: str) -> None:
    monkeypatch.setenv("MEMENTO_DURABILITY", durability)
    report = kill(tmp_path, "mixed", 40, 11)
    assert report["acknowledged"] > 20  # type: ignore[operator]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["commit", "merge", "fork", "tag", "large", "rebase", "prune", "gc", "push", "mixed"])
def test_five_hundred_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("MEMENTO_DURABILITY", "full")
    report = kill(tmp_path, kind, 500, 1)
    assert report["acknowledged"] >= 500  # type: ignore[operator]
