from __future__ import annotations

import pytest

from memento.errors import InvalidFile
from memento.patterns import CATALOG
from memento.patterns.recency import Recency


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidFile) as caught:
        Recency.from_map({"weigth": 1, "weight": 2.0, "decay_rate": "fast", "colour": 1})
    text = str(caught.value)
    assert "no parameter 'weigth'; did you mean weight?" in text
    assert "no parameter 'colour'; known: weight, decay_rate" in text
    assert "weight=2.0 is not from 0 to 1" in text
    assert "decay_rate='fast' is not a number" in text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, None, -0.1])
def test_bad_numbers_are_refused(value: object) -> None:
    with pytest.raises(InvalidFile):
        Recency(weight=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_pattern_tells_its_parameters(name: str) -> None:
    pattern = CATALOG[name]()
    assert pattern.name == name
    assert pattern.formula
    assert pattern.optimum
    for spec in pattern.parameters():
        assert spec.doc
        assert not spec.fault(spec.default)
        assert spec.fault(spec.high + 1)
        assert spec.fault(float("nan"))
    assert type(pattern).from_map(pattern.to_map()) == pattern
