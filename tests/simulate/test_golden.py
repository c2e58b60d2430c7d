"""Shipped scenarios give the trees they always gave. `tests/golden/regenerate.py` writes them anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memento import scenario
from memento.simulate import SIMULATOR
from memento.world import tree
from memento.world.objects import MemoryObjects

from .stories import story

GOLDEN = Path(__file__).parents[1] / "golden" / "trees.json"


def test_every_shipped_scenario_has_a_golden_tree() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert golden["simulator"] == SIMULATOR
    assert sorted(golden["trees"]) == scenario.names()


@pytest.mark.parametrize("name", scenario.names())
def test_golden_tree(name: str) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert tree.write(MemoryObjects(), story(name, golden["seed"]).world) == golden["trees"][name]
