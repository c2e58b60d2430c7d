"""Deltas are applied exactly, by ours and by git, and are short where little differs."""

from __future__ import annotations

import random

import pytest
from dulwich.pack import apply_delta as theirs
from hypothesis import given
from hypothesis import strategies as st

from memento.history.delta import apply_delta, make_delta

PARTS = st.lists(st.sampled_from([b"", b"a", b"abc" * 9, bytes(range(200)), b"\0" * 40, b"\xff" * 70_000]), max_size=6)
TEXTS = st.one_of(st.binary(max_size=300), PARTS.map(b"".join))


@given(TEXTS, TEXTS)
def test_what_is_made_is_applied_exactly(base: bytes, content: bytes) -> None:
    delta = make_delta(base, content)
    assert apply_delta(base, delta, len(content)) == content
    assert b"".join(theirs(base, delta)) == content


@pytest.mark.parametrize("size", [400, 5_000, 200_000])
def test_few_changes_make_a_short_delta(size: int) -> None:
    draw = random.Random(size)
    base = draw.randbytes(size)
    longer = bytearray(base)
    for at in sorted(draw.sample(range(size), 4), reverse=True):
        longer[at : at + 8] = draw.randbytes(draw.randrange(20))
    content = bytes(longer)
    delta = make_delta(base, content)
    assert len(delta) < 4 * (20 + 8 + size // 60 + 16) + 30
    assert apply_delta(base, delta, len(content)) == content


def test_texts_that_share_nothing_are_inserted() -> None:
    base, content = bytes(1000), random.Random(1).randbytes(1000)
    assert len(content) < len(make_delta(base, content)) < 1.02 * len(content) + 20
