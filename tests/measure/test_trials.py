"""Figures that were kept serve only while nothing that judges has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from memento.history.repository import Repository
from memento.measure import trials
from memento.measure.trials import Settings, Trials, code_digest
from memento.scenario import load
from memento.simulate import world
from memento.world import tree


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    file = tmp_path / "inner" / "canary.py"
    file.write_text("a = 1\n")
    first = code_digest(tmp_path)
    code_digest.cache_clear()
    assert code_digest(tmp_path) == first
    file.write_text("a = 2\n")
    code_digest.cache_clear()
    second = code_digest(tmp_path)
    file.rename(tmp_path / "inner" / "ask.py")
    code_digest.cache_clear()
    assert len({first, second, code_digest(tmp_path)}) == 3


def test_changed_canaries_never_serve_old_figures(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = repository.tree_of("main")
    settings = Settings(model="linear", epochs=1, episodes=5)
    asked: list[bool] = []

    def trying(self: Trials, *arguments: object) -> dict[str, object]:
        asked.append(True)
        return {}

    monkeypatch.setattr(Trials, "_try", trying)
    for _ in range(2):
        Trials(repository).figures(tree, settings, ["canary.recency"])
    assert len(asked) == 1
    monkeypatch.setattr(trials, "_asked", lambda: "other canaries")
    Trials(repository).figures(tree, settings, ["canary.recency"])
    assert len(asked) == 2


def test_sharp_forms_and_contract_tests_are_metrics(repository: Repository) -> None:
    wanted = ["ndcg", "sharp.temporal", "contract.recency", "contract.session"]
    settings = Settings(model="linear", epochs=1, episodes=5)
    tiny = tree.write(repository.objects, world(load("tiny"), 7))
    found = Trials(repository).figures(tiny, settings, wanted)
    assert {"ndcg", "sharp.temporal", "contract.recency", "canary.temporal"} <= set(found)
    assert "contract.session" not in found  # the world plants no gap
    assert found["sharp.temporal"].value == 0.0  # a linear scorer cannot see the hour
    assert Trials(repository).figures(tiny, settings, wanted) == found
