from __future__ import annotations

from memento.history.notes import merge
from memento.history.runs import Metric, RunRecord, best, metric_names


def record(**changes: object) -> RunRecord:
    values: dict[str, object] = {
        "commit": "a" * 40, "tree": "b" * 40, "model": "linear", "checkpoint": "c" * 64,
        "sources": ({"commit": "a" * 40, "tree": "b" * 40, "weight": 1.0},), "training": {"epochs": 2},
        "spec": {"labels": "planted"}, "seed": 0, "episodes": 0,
        "metrics": {"ndcg": Metric(0.75, 0.7, 0.8, 0.5, 0.9), "mrr": Metric(0.1)},
    }  # fmt: skip
    return RunRecord(**(values | changes))  # type: ignore[arg-type]


def test_a_record_is_its_line() -> None:
    made = record()
    assert RunRecord.from_line(made.line) == made
    assert "\n" not in made.line
    assert RunRecord.from_line(made.line).id == made.id  # type: ignore[union-attr]


def test_an_id_is_of_all_that_was_measured() -> None:
    assert record().id == record().id
    assert len({record().id, record(seed=1).id, record(checkpoint="d" * 64).id, record(metrics={}).id}) == 4


def test_what_is_no_record_is_none() -> None:
    line = record().line
    assert RunRecord.from_line("") is None
    assert RunRecord.from_line("{}") is None
    assert RunRecord.from_line(line.replace("0.75", "NaN")) is None
    assert RunRecord.from_line(line.replace('"seed":0', '"seed":"x"')) is None
    assert RunRecord.from_line(line[:-1]) is None


def test_notes_of_two_sides_keep_every_record() -> None:
    a, b = record().line, record(seed=1).line
    assert set(merge({"x": a}, {"x": b}, {})["x"].splitlines()) == {a, b}


def test_the_best_of_some_is_the_greatest() -> None:
    records = [record(), record(metrics={"ndcg": Metric(0.9)})]
    assert best(records, "ndcg") == Metric(0.9)
    assert best(records, "none") is None
    assert metric_names(records) == ["mrr", "ndcg"]
