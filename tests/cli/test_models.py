"""``memento models``."""

from __future__ import annotations

from memento.models import BASELINES, CATALOG, LEARNERS


def test_lists_every_model_without_a_repository(memento):
    listed = memento("models")
    assert all(any(line.split()[0] == name for line in listed.out.splitlines()) for name in CATALOG)
    found = memento.json("models")
    assert found["schema"] == "memento.models/1"
    kinds = {row["model"]: row["kind"] for row in found["models"]}
    assert {name for name, kind in kinds.items() if kind == "learns"} == set(LEARNERS)
    assert {name for name, kind in kinds.items() if kind == "baseline"} == set(BASELINES) - set(LEARNERS)


def test_compares_them_on_a_world(world):
    done = world("models", "main", "--models", "linear,acan", "--epochs", "2")
    rows = [line.split()[0] for line in done.out.splitlines() if "–" in line]
    assert rows[0] == "ceiling"
    assert set(rows) == {"acan", *BASELINES, "chance", "ceiling"}
    assert "labels planted" in done.out
    found = world.json("models", "main", "--models", "linear", "--epochs", "1", "--seeds", "2")
    assert found["seeds"] == 2
    (linear,) = [row for row in found["models"] if row["model"] == "linear"]
    assert (linear["seeds"], linear["parameters"]) == (2, 17)
    assert 0 <= linear["figures"]["ndcg"]["value"] <= 1


def test_observed_labels_have_no_ceiling(observed):
    done = observed("models", "real", "-m", "linear", "-e", "1")
    assert "ceiling " not in done.out
    assert "labels observed" in done.out


def test_refuses_what_makes_no_sense(world):
    assert "did you mean linear" in world("models", "main", "--models", "linaer", code=2).hint
    assert "main" in world("models", "mian", "-e", "1", code=2).hint
    assert "no revision" in world("models", "--models", "linear", code=2).err
    assert world("models", "main", "--models", "recency", code=2).err
