"""Runs side by side."""

from __future__ import annotations

import math

import numpy as np
import pytest

from memento.errors import NotFound, UsageError
from memento.history.runs import Metric, RunRecord
from memento.measure.compare import compare, difference, over
from memento.measure.compare_page import image, page


def record(seed: int = 0, rate: float = 0.1, ndcg: float = 0.8, **changes: object) -> RunRecord:
    values: dict[str, object] = {
        "commit": "a" * 40, "tree": "b" * 40, "model": "linear", "checkpoint": f"{seed}-{rate}",
        "sources": ({"commit": "a" * 40, "tree": "b" * 40, "weight": 1.0},),
        "training": {"seed": seed, "rate": rate, "model": "linear"}, "spec": {"labels": "planted"},
        "seed": 0, "episodes": 0,
        "metrics": {"ndcg": Metric(ndcg, ndcg - 0.03, ndcg + 0.04, 0.3, 0.9), "mrr": Metric(0.5)},
        "curves": {"loss": (1.0, 0.5), "ndcg": (0.6, None)},
    }  # fmt: skip
    return RunRecord(**(values | changes))  # type: ignore[arg-type]


def test_others_are_held_to_the_first() -> None:
    found = compare([record(), record(rate=0.2, ndcg=0.75)])
    assert found.metrics == ("ndcg", "mrr")
    assert found.options == ("rate",)
    assert not found.rows[0].differences
    apart = found.rows[1].differences
    assert apart["ndcg"].value == pytest.approx(-0.05)
    assert apart["ndcg"].low == pytest.approx(-0.05 - math.hypot(0.03, 0.04))
    assert apart["ndcg"].high == pytest.approx(-0.05 + math.hypot(0.04, 0.03))
    assert apart["mrr"] == Metric(0.0)


def test_seeds_of_one_training_are_one_row() -> None:
    records = [record(seed, ndcg=value) for seed, value in enumerate((0.7, 0.8, 0.9))] + [record(5, 0.2)]
    found = compare(records, ["ndcg"], over_seeds=True)
    assert [len(row.records) for row in found.rows] == [3, 1]
    assert found.options == ("rate",)
    figure = found.rows[0].figures["ndcg"]
    assert figure.value == pytest.approx(0.8)
    assert figure.high == pytest.approx(0.8 + math.hypot(4.303 * 0.1 / math.sqrt(3), 0.04))
    assert len(compare(records, ["ndcg"]).rows) == 4


def test_students_interval_holds_as_often_as_it_says() -> None:
    draw = np.random.default_rng(0)
    for count in (2, 5, 15):
        found = [
            over([Metric(value, value, value) for value in values])
            for values in draw.normal(size=(4000, count)).tolist()
        ]
        held = np.mean([metric.low <= 0.0 <= metric.high for metric in found])  # type: ignore[operator]
        assert abs(held - 0.95) < 0.02


def test_a_difference_without_intervals_has_none() -> None:
    assert difference(Metric(0.5), Metric(0.25, 0.2, 0.3)) == Metric(0.25)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(UsageError, match="no run"):
        compare([])
    with pytest.raises(UsageError, match="one run"):
        compare([record()])
    with pytest.raises(UsageError, match="seeds of one training"):
        compare([record(0), record(1)], over_seeds=True)
    with pytest.raises(NotFound, match="ndgc"):
        compare([record(0), record(1)], ["ndgc"])


def test_the_page_and_the_picture_are_the_same_each_time() -> None:
    found = compare([record(), record(rate=0.2), record(rate=0.3, curves={})])
    assert page(found, "0") == page(found, "0")
    assert page(found, "0").count("<svg") == 3
    assert image(found) == image(found)
    assert image(found).startswith(b"\x89PNG")
    bare = compare([record(curves={}), record(rate=0.3, curves={})])
    assert image(bare).startswith(b"\x89PNG")
    assert page(bare, "0").count("<svg") == 1


def test_a_record_without_curves_keeps_its_line_and_id() -> None:
    bare = record(curves={})
    assert "curves" not in bare.line
    assert RunRecord.from_line(bare.line) == bare
    full = record()
    assert RunRecord.from_line(full.line) == full
    for evil in ('"curves":[1]', '"curves":{"loss":[NaN]}', '"curves":{"loss":7}'):
        assert RunRecord.from_line(bare.line[:-1] + f",{evil}}}") is None


def test_the_key_of_many_runs_lies_beside_what_is_drawn() -> None:
    found = compare([record(rate=number / 100) for number in range(1, 21)])
    image_ = image(found)
    height = int.from_bytes(image_[20:24], "big")
    assert height / 144 > 3 * 20 * 0.2
    whole = page(found, "0")
    assert "Validation NDCG@10, epoch by epoch" in whole
    assert whole.index("NDCG@10 less") < whole.index(">rate<")


def test_seeds_judged_on_one_session_have_no_interval() -> None:
    assert over([Metric(0.5), Metric(0.7, 0.6, 0.8)]) == Metric(0.6)
