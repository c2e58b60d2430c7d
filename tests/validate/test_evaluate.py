from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from memento import rng
from memento.errors import NotFound, UsageError
from memento.models import BASELINES, CATALOG, SHOWN
from memento.models.interaction import Interaction
from memento.models.oracle import Oracle
from memento.models.recency import Recency
from memento.render.rendering import Rendering, render
from memento.train import Run, train
from memento.validate import Report, evaluate
from memento.world.world import World


@pytest.fixture(scope="module")
def rendering(world: World) -> Rendering:
    return render(world)


@pytest.fixture(scope="module")
def run(rendering: Rendering) -> Run:
    return train([(rendering, 1.0)], epochs=3)


@pytest.fixture(scope="module")
def report(run: Run, rendering: Rendering) -> Report:
    return evaluate(run, rendering, resamples=200)


def test_a_model_stands_beside_chance_baselines_and_ceiling(report: Report) -> None:
    assert list(report.rows) == [
        "model", *SHOWN, "chance", "ceiling", "ceiling redrawn",
    ]  # fmt: skip
    assert list(report.margin) == [*SHOWN, "chance"]
    for row in report.rows.values():
        assert set(row) == {"ndcg", "mrr", "recall"}
        assert row["ndcg"].low <= row["ndcg"].value <= row["ndcg"].high
    assert report.rows["chance"]["ndcg"].value < report.rows["ceiling"]["ndcg"].value
    assert report.share is not None
    assert report.share.value == pytest.approx(report.ndcg / report.rows["ceiling"]["ndcg"].value)
    assert report.margin["chance"].value == pytest.approx(report.ndcg - report.rows["chance"]["ndcg"].value)


def test_sessions_that_training_saw_are_left_out(report: Report, rendering: Rendering) -> None:
    assert report.seen == round(len(rendering) * 0.8)
    assert report.sessions == len(rendering) - report.seen
    assert report.rows["model"]["ndcg"].n + report.empty == report.sessions


def test_a_fork_does_not_bring_seen_sessions_back(run: Run, rendering: Rendering) -> None:
    edited = replace(rendering, commit="f" * 40, features=rendering.features + 1)
    assert evaluate(run, edited, resamples=5).seen == round(len(rendering) * 0.8)


def test_nothing_unseen_is_refused(run: Run, rendering: Rendering) -> None:
    with pytest.raises(UsageError, match=r"trained on all of this rendering \(30 sessions\)"):
        evaluate(run, rendering.select(np.arange(30)))
    with pytest.raises(UsageError, match="no sessions"):
        evaluate(Recency(), rendering.select(np.zeros(0, np.int64)))


def test_the_oracle_is_at_the_ceiling(rendering: Rendering) -> None:
    report = evaluate(Oracle(), rendering, resamples=50)
    assert report.seen == 0
    assert "linear" not in report.rows
    assert report.share is not None
    assert (report.share.value, report.share.low, report.share.high) == pytest.approx((1.0, 1.0, 1.0))
    assert report.skill is not None
    assert report.skill.value == pytest.approx(1.0)


def test_without_planted_relevance_there_is_no_ceiling(rendering: Rendering) -> None:
    report = evaluate(Recency(), replace(rendering, clean=None), resamples=5)
    assert report.share is None
    assert report.skill is None
    assert "ceiling" not in report.rows


def test_sessions_may_be_named_as_seen(rendering: Rendering) -> None:
    seen = rng.hashes(list(rendering.session_ids[:10]))
    assert evaluate(Recency(), rendering, seen=seen, resamples=5).seen == 10


def test_the_report_is_plain_json(report: Report) -> None:
    plain = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert plain["schema"] == "memento.report/1"
    assert plain["rows"]["model"]["ndcg"]["value"] == pytest.approx(report.ndcg)
    assert plain["cutoff"] == 10
    assert plain["relevant"] == 0.5


def test_an_all_zero_session_set_reports_nothing(rendering: Rendering) -> None:
    zero = replace(rendering, labels=np.zeros_like(rendering.labels))
    report = evaluate(Recency(), zero, resamples=5)
    assert report.empty == report.sessions
    json.dumps(report.to_json(), allow_nan=False)


def test_the_same_seed_gives_the_same_report(run: Run, rendering: Rendering, report: Report) -> None:
    assert evaluate(run, rendering, resamples=200) == report


def test_embeddings_of_another_length_are_refused(rendering: Rendering) -> None:
    with pytest.raises(UsageError, match="embeddings of 32 numbers"):
        evaluate(Interaction(dimension=32), rendering)


def test_baselines_are_those_that_were_asked_for(run: Run, rendering: Rendering) -> None:
    few = evaluate(run, rendering, resamples=5, baselines=["recency", "copy", "recency"])
    assert list(few.rows) == ["model", "copy", "recency", "chance", "ceiling", "ceiling redrawn"]
    assert list(few.margin) == ["copy", "recency", "chance"]
    none = evaluate(run, rendering, resamples=5, baselines=[])
    assert list(none.rows) == ["model", "chance", "ceiling", "ceiling redrawn"]
    every = evaluate(run, rendering, resamples=5, baselines=BASELINES)
    assert set(every.rows) == {"model", *BASELINES, "chance", "ceiling", "ceiling redrawn"}
    assert every.rows["recency"] == few.rows["recency"]
    with pytest.raises(NotFound, match="did you mean effective"):
        evaluate(run, rendering, baselines=["efective"])
    with pytest.raises(NotFound, match="no baseline named 'mlp'"):
        evaluate(run, rendering, baselines=["mlp"])


def test_a_baseline_learns_nothing_or_comes_with_the_run(run: Run, rendering: Rendering) -> None:
    assert set(SHOWN) <= set(BASELINES)
    assert all(not hasattr(CATALOG[name], "parameters") for name in BASELINES if name != "linear")
    assert "linear" not in evaluate(run.scorer, rendering, resamples=5, baselines=BASELINES).rows


def test_copy_knows_the_sessions_that_training_saw(run: Run, rendering: Rendering) -> None:
    """They are left out of the figures, and are the past of those that are not."""
    labels = rendering.labels.copy()
    labels[: rendering.offsets[20]] = 1 - labels[: rendering.offsets[20]]
    one, two = (
        evaluate(run, r, resamples=5, baselines=["copy", "recency"])
        for r in (rendering, replace(rendering, labels=labels))
    )
    assert one.rows["recency"] == two.rows["recency"]
    assert one.rows["copy"] != two.rows["copy"]
