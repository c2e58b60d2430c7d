from __future__ import annotations

import pytest

from memento.expression import ExpressionError
from memento.history.requirement import CANARIES, CONTRACTS, METRICS, SHARP, Requirement
from memento.validate import contracts, questions


def test_the_canaries_are_those_that_are_asked() -> None:
    assert set(CANARIES) == {f"canary.{name.split()[0]}" for name in questions.ALL}
    assert {name.replace("sharp", "canary") for name in SHARP} == set(CANARIES)
    assert tuple(f"contract.{name.split()[0]}" for name in contracts.CATALOG) == CONTRACTS


@pytest.mark.parametrize(
    ("text", "values", "holds"),
    [
        ("ndcg >= 0.8", {"ndcg": 0.8}, True),
        ("ndcg >= 0.8", {"ndcg": 0.79}, False),
        ("ndcg >= 0.8", {"ndcg": None}, False),
        ("0.8 <= ndcg", {"ndcg": 0.9}, True),
        ("ndcg.low > 0.8 & violations == 0", {"ndcg.low": 0.9, "violations": 0}, True),
        ("ndcg > 1 | ~(violations > 0)", {"ndcg": 0, "violations": 0}, True),
        ("flips(main~1) <= 10", {"flips(main~1)": 11}, False),
        ("ndcg > margin.recency", {"ndcg": 0.5, "margin.recency": 0.1}, True),
    ],
)
def test_holds(text: str, values: dict[str, float | None], holds: bool) -> None:
    required = Requirement(text)
    assert required.holds(values) is holds
    assert set(required.names) == set(values)


def test_says_what_does_not_hold() -> None:
    required = Requirement("ndcg >= 0.8 & 3 > flips(main) & violations = 0")
    assert required.failing({"ndcg": 0.5, "flips(main)": 5, "violations": 0}) == [
        ("ndcg", ">= 0.8"),
        ("flips(main)", "< 3"),
    ]
    assert required.metrics == ["ndcg"]
    assert required.flips == ["main"]


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("ndcg", 0, "asks for nothing"),
        ("ncdg > 1", 0, "no metric named"),
        ("ndcg > 1 & canary.recncy > 1", 11, "no metric named"),
        ("flips() < 1", 0, "counted from one revision"),
        ("metric(ndcg) < 1", 0, "no function metric()"),
        ("1 < 2", 2, "compares no metric"),
        ("ndcg > 'a'", 7, "only metrics and numbers"),
        ("(ndcg > 1) > 1", 11, "compares no metric"),
        ("ndcg >", 6, "missing"),
    ],
)
def test_a_fault_names_its_place(text: str, at: int, why: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Requirement(text)
    assert why in caught.value.why
    assert caught.value.at == at


def test_every_metric_may_be_asked_for() -> None:
    assert Requirement(" & ".join(f"{name} > 0" for name in METRICS)).metrics == list(METRICS)
