from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from memento.errors import CorruptRecord, InvalidFile, UsageError
from memento.models.lambdamart import LambdaMart, crossed
from memento.render import storage
from memento.render.rendering import Rendering
from memento.train import Run, checkpoint, ranking, train
from memento.train.batches import Resident, scores
from memento.train.boosting import tables

Toys = Callable[..., Rendering]


@pytest.fixture(scope="module")
def many(toys: Toys) -> Rendering:
    return toys(sessions=300)


@pytest.fixture(scope="module")
def run(many: Rendering) -> Run:
    return train([(many, 1.0)], "lambdamart", epochs=80)


def later_ndcg(scorer: object, rendering: Rendering) -> float:
    test = rendering.split(0.8)[1]
    return float(np.nanmean(ranking.ndcg(scores(scorer, test), test.labels, test.offsets)))  # type: ignore[arg-type]


def test_it_learns_what_a_linear_model_cannot(run: Run, many: Rendering) -> None:
    assert later_ndcg(run.scorer, many) > later_ndcg(run.baseline, many) + 0.05


def test_it_keeps_the_trees_up_to_the_best(run: Run) -> None:
    figures = [epoch.ndcg for epoch in run.history]
    assert figures[run.best] == max(figures)
    assert run.scorer.config["trees"] == run.best + 1
    assert run.history[-1].loss < run.history[0].loss


def test_our_walk_gives_what_lightgbm_predicts(rendering: Rendering) -> None:
    import lightgbm

    batch = Resident([rendering]).batch(np.arange(40))
    inputs = crossed(batch)[batch.mask].numpy()
    assert batch.labels is not None
    levels = (batch.labels[batch.mask].clamp(0, 1) * 20).round().int().numpy()
    options = {"objective": "lambdarank", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 3}
    rows = lightgbm.Dataset(inputs, levels, group=batch.mask.sum(-1).numpy(), params=options)
    booster = lightgbm.train(options, rows, num_boost_round=25)
    trees = booster.dump_model()["tree_info"]
    scorer = LambdaMart()
    scorer.plant(*tables([tree["tree_structure"] for tree in trees]))
    found = scorer.double().score(batch)[batch.mask]
    torch.testing.assert_close(found.double(), torch.from_numpy(booster.predict(inputs)), atol=1e-6, rtol=0)


def test_the_same_seed_gives_the_same_trees(rendering: Rendering) -> None:
    part = rendering.select(np.arange(50))
    one, two = (train([(part, 1.0)], "lambdamart", epochs=5, seed=3) for _ in range(2))
    for name, value in one.scorer.state_dict().items():
        assert torch.equal(value, two.scorer.state_dict()[name])
    assert one.history == two.history


def test_the_last_fifth_is_neither_fitted_nor_chosen_on(rendering: Rendering) -> None:
    low = int(rendering.offsets[round(len(rendering) * 0.8)])
    labels, features = rendering.labels.copy(), rendering.features.copy()
    labels[low:], features[low:] = 0.123, 7.0
    spoiled = replace(rendering, labels=labels, features=features)
    one, two = (train([(r, 1.0)], "lambdamart", epochs=4) for r in (rendering, spoiled))
    assert torch.equal(one.scorer.value, two.scorer.value)  # type: ignore[arg-type]


def test_patience_ends_it(rendering: Rendering) -> None:
    stopped = train([(rendering, 1.0)], "lambdamart", epochs=400, patience=3)
    assert len(stopped.history) - 1 - stopped.best == 3


def test_weights_count_by_how_often_sessions_come(toys: Toys) -> None:
    one, two = toys(sessions=30, seed=1), toys(sessions=30, seed=2)
    even, odd = (train([(one, 1.0), (two, weight)], "lambdamart", epochs=3) for weight in (1.0, 9.0))
    assert not torch.equal(even.scorer.value, odd.scorer.value)  # type: ignore[arg-type]


@pytest.mark.parametrize("labels", [0.5, 0.0, -0.3])
def test_where_nothing_tells_candidates_apart_there_is_no_tree(labels: float, toys: Toys) -> None:
    rendering = toys(sessions=10)
    level = replace(rendering, labels=np.full_like(rendering.labels, labels), features=rendering.features * 0)
    alike = replace(level, memory_embeddings=np.zeros_like(level.memory_embeddings))
    made = train([(alike, 1.0)], "lambdamart", epochs=3)
    assert not scores(made.scorer, alike).any()


def test_few_sessions_are_enough_to_run(toys: Toys, tmp_path: Path) -> None:
    for rendering in (toys(sessions=1), toys(sessions=12, candidates=(1, 4))):
        made = train([(rendering, 1.0)], "lambdamart", epochs=3)
        checkpoint.save(made, tmp_path / "m")
        assert np.isfinite(scores(checkpoint.load(tmp_path / "m").scorer, rendering)).all()
    assert train([(toys(sessions=5), 1.0)], "lambdamart", epochs=0).best == -1


def test_options_without_a_use_are_refused(rendering: Rendering) -> None:
    with pytest.raises(InvalidFile, match="no use for loss") as caught:
        train([(rendering, 1.0)], "lambdamart", loss="pairwise", batch=4)
    assert len(caught.value.faults) == 2


def test_labels_that_are_no_numbers_are_told(rendering: Rendering) -> None:
    spoiled = replace(rendering, labels=np.full_like(rendering.labels, np.nan))
    with pytest.raises(UsageError, match="not a number"):
        train([(spoiled, 1.0)], "lambdamart", epochs=2)


def test_without_lightgbm_it_tells_how_to_get_it(rendering: Rendering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(UsageError, match="not installed") as caught:
        train([(rendering, 1.0)], "lambdamart", epochs=2)
    assert "memento-worlds[lightgbm]" in caught.value.hint


def test_scoring_takes_no_lightgbm(
    run: Run, rendering: Rendering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save(run, tmp_path / "m")
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    assert np.array_equal(scores(checkpoint.load(tmp_path / "m").scorer, rendering), scores(run.scorer, rendering))


@pytest.mark.parametrize("change", ["loop", "nowhere", "input", "many"])
def test_trees_that_are_none_are_damage(run: Run, change: str, tmp_path: Path) -> None:
    path = tmp_path / "m"
    checkpoint.save(run, path)
    arrays, metadata = storage.read(path)
    if change == "many":
        document = json.loads(metadata["document"])
        document["model"]["config"]["trees"] = 10**9
        metadata["document"] = json.dumps(document)
    elif change == "input":
        arrays["model.column"][0, 0] = 99
    else:
        arrays["model.branches"][0, 0, 0] = 0 if change == "loop" else 200
    storage.write(path, arrays, metadata)
    with pytest.raises(CorruptRecord, match="not a whole checkpoint"):
        checkpoint.load(path)
