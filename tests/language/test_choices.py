from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.language.choices import Choices, choices, mixed, numbers, permuted, product

KEYS = st.integers(0, 2**64 - 1)


def test_counting_and_unranking() -> None:
    both = product(("a", "b"), "-", numbers(1, 3)) + choices("last")
    assert list(both) == ["a-1", "a-2", "a-3", "b-1", "b-2", "b-3", "last"]
    assert len(both) == 7
    assert both[-1] == "last"
    assert both[1:3] == ["a-2", "a-3"]
    assert product(both, "!")[4] == "b-2!"
    with pytest.raises(IndexError):
        both[7]


def test_a_product_of_millions_is_counted_not_made() -> None:
    letters = tuple("abcdefghij")
    many = product(*[letters] * 9)
    assert len(many) == 10**9
    assert many[123_456_789] == "bcdefghij"


def test_names_go_on_without_end_and_never_repeat() -> None:
    names = choices("x", "y", "z")
    assert [names.at(index) for index in (0, 2, 3, 7)] == ["x", "z", "x 2", "y 3"]
    drawn = [names.draw(11, index) for index in range(12)]
    assert len(set(drawn)) == 12


@given(key=KEYS, count=st.integers(1, 500))
def test_permutations_are_permutations(key: int, count: int) -> None:
    assert sorted(permuted(key, index, count) for index in range(count)) == list(range(count))


def test_mixed_bits_are_those_of_splitmix64() -> None:
    # First outputs of the reference implementation for seed 1234567 (Vigna, splitmix64.c).
    assert [mixed(1234567, counter) for counter in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_no_products_is_empty() -> None:
    assert len(Choices()) == 0
    assert list(Choices()) == []
