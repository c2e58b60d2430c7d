"""Deltas are applied exactly, by dulwich's compiled part, by ours and by git, and are short where little differs."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from dulwich.pack import apply_delta as theirs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memento.history import delta as module
from memento.history.delta import apply_delta, make_delta, shortest_delta

PARTS = st.lists(st.sampled_from([b"", b"a", b"abc" * 9, bytes(range(200)), b"\0" * 40, b"\xff" * 70_000]), max_size=6)
WORDS = st.lists(
    st.sampled_from([b"alpha beta gamma", b"alpha beta", b"delta epsilon zeta eta", b"x", b""]), max_size=9
)
TEXTS = st.one_of(st.binary(max_size=300), PARTS.map(b"".join), WORDS.map(b"\0".join))


def varint(number: int) -> bytes:
    digits = bytearray([number & 0x7F])
    while number := number >> 7:
        digits[-1] |= 0x80
        digits.append(number & 0x7F)
    return bytes(digits)


@pytest.fixture(params=["as installed", "python"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "python":
        monkeypatch.setattr(module, "_COMPILED", False)


@pytest.mark.usefixtures("either")
def test_deltas() -> None:
    base = bytes(range(256)) * 300
    made = b"abc" + base[5 : 5 + 0x1170] + b"zz" + base[:0x10000]
    delta = varint(len(base)) + varint(len(made)) + b"\x03abc" + b"\xb1\x05\x70\x11" + b"\x02zz" + b"\x80"
    assert apply_delta(base, delta, 1 << 20) == made
    for bad in (delta[:-1], delta[:3], b"", delta + b"\x01", varint(1) + delta[3:], delta + b"\0"):
        with pytest.raises(ValueError, match="delta"):
            apply_delta(base, bad, 1 << 20)
    with pytest.raises(ValueError, match="limit"):
        apply_delta(base, delta, 100)


@pytest.mark.usefixtures("either")
def test_a_delta_makes_no_more_than_it_announces() -> None:
    base = bytes(1 << 16)
    delta = varint(len(base)) + varint(10) + b"\x80" * 10_000
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="delta"):
            apply_delta(base, delta)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_both_ways_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound deltas and damaged ones, told alike."""
    draw = random.Random(7)
    for _ in range(300):
        base = draw.randbytes(draw.randrange(1, 400)) * draw.randrange(1, 5)
        content = bytearray(base)
        for _ in range(draw.randrange(4)):
            at = draw.randrange(len(content) + 1)
            content[at : at + draw.randrange(20)] = draw.randbytes(draw.randrange(20))
        delta = bytearray(draw.choice((make_delta, shortest_delta))(base, bytes(content)))
        if draw.random() < 0.5:
            delta[draw.randrange(len(delta))] ^= 1 << draw.randrange(8)
        told = []
        for compiled in (module._COMPILED, False):
            monkeypatch.setattr(module, "_COMPILED", compiled)
            try:
                told.append(apply_delta(base, bytes(delta), 1 << 16))
            except ValueError:
                told.append(b"refused")
            monkeypatch.undo()
        assert told[0] == told[1]


@settings(suppress_health_check=[HealthCheck.too_slow])
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


def test_texts_that_changed_their_places_are_found() -> None:
    texts = [f"text {number} says something of its own".encode() for number in range(60)]
    base = b"\0".join(texts)
    content = b"\0".join([*texts[:9], b"new", *texts[10:30], b"another new one", *texts[31:]])
    delta = make_delta(base, content)
    assert apply_delta(base, delta) == content
    assert len(delta) < 60
