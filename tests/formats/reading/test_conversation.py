from __future__ import annotations

import pytest

from memento.formats.reading.conversation import parse_evidence, parse_when
from memento.world.values import format_time


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1:56 pm on 8 May, 2023", "2023-05-08T13:56:00Z"),
        ("12:00 am on 1 January, 2024", "2024-01-01T00:00:00Z"),
        ("12:48 pm on 29 February, 2024", "2024-02-29T12:48:00Z"),
        ("9:05 AM on 3 Sep 2023", "2023-09-03T09:05:00Z"),
    ],
)
def test_times(text: str, time: str) -> None:
    assert format_time(parse_when(text)) == time


@pytest.mark.parametrize(
    "text", ["", "8 May 2023", "13:56 pm on 8 May, 2023", "1:56 pm on 31 June, 2023", "1:56 pm on 8 Mai, 2023"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_when(text)


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        ("D1:3", ["D1:3"]),
        ("D8:6; D9:17", ["D8:6", "D9:17"]),
        ("D9:1 D4:4,D4:6", ["D9:1", "D4:4", "D4:6"]),
        ("D:11:26", ["D11:26"]),
        ("D30:05", ["D30:5"]),
        ("(D 2 : 4)", ["D2:4"]),
        ("D", []),
        ("11:26", []),
        ("", []),
    ],
)
def test_evidence(raw: str, ids: list[str]) -> None:
    assert parse_evidence(raw) == ids
