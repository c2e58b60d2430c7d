from __future__ import annotations

import contextlib
import tracemalloc
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento import codec
from memento.errors import CorruptRecord

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
    | st.binary()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_there_and_back(value: Any) -> None:
    data = codec.encode(value)
    assert codec.decode(data) == value
    assert codec.encode(codec.decode(data)) == data


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers(0, 9), min_size=2, max_size=6), st.randoms())
def test_the_order_of_a_map_does_not_matter(value: dict[str, int], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert codec.encode(dict(items)) == codec.encode(value)


@given(VALUES, st.data())
@settings(max_examples=300)
def test_changed_bytes_are_refused_or_canonical(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(codec.encode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(CorruptRecord):
        assert codec.encode(codec.decode(bytes(encoded))) == bytes(encoded)


@given(st.binary(max_size=64))
@settings(max_examples=300)
def test_any_bytes_decode_or_are_corrupt(data: bytes) -> None:
    with contextlib.suppress(CorruptRecord):
        assert codec.encode(codec.decode(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        msgpack.packb([1]) + b"\x00",
        b"\x82\xa1a\x01\xa1a\x02",  # the key a twice
        b"\x82\xa1b\x01\xa1a\x02",  # keys out of order
        b"\x81\x01\x02",  # a key that is no text
        b"\xcd\x00\x01",  # 1 in two bytes
        b"\xcf" + b"\xff" * 8,  # beyond 64 bits signed
        b"\xca\x00\x00\x00\x00",  # a float of 32 bits
        b"\xcb\x7f\xf8" + b"\0" * 6,  # NaN
        b"\xcb\x7f\xf0" + b"\0" * 6,  # infinity
        b"\xd4\x01\x00",  # an extension type
        b"\xa1\xff",  # not UTF-8
        b"\xdd\xff\xff\xff\xff",  # an array that says it is huge
        b"\xdf\xff\xff\xff\xff",
        b"\x91" * 500 + b"\x00",
        b"\x91" * 20 + b"\x00",
    ],
)
def test_what_encode_never_writes_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptRecord) as caught:
        codec.decode(data, object_id="abc", path="memories/a")
    assert (caught.value.object_id, caught.value.path) == ("abc", "memories/a")
    assert "object abc (memories/a)" in caught.value.message


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {"a"}, 2**63, object(), b"".join])
def test_what_has_no_encoding(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        codec.encode(value)


def test_depth_and_size_are_bounded() -> None:
    deep: Any = 1
    for _ in range(codec.MAX_DEPTH):
        deep = [deep]
    assert codec.decode(codec.encode(deep)) == deep
    with pytest.raises(ValueError, match="nested deeper"):
        codec.encode([deep])
    with pytest.raises(CorruptRecord, match="limit"):
        codec.decode(bytes(codec.MAX_BYTES + 1))


@pytest.mark.parametrize(
    "inner", [b"\x90" * (1 << 19), b"\xa2ab" * (1 << 19), b"\x81\xa0\x90" * (1 << 19)], ids=["lists", "texts", "maps"]
)
def test_few_bytes_do_not_become_many_objects(inner: bytes) -> None:
    part = b"\xdd" + (1 << 19).to_bytes(4, "big") + inner
    tracemalloc.start()
    try:
        with pytest.raises(CorruptRecord, match="over 1048576 items"):
            codec.decode(b"\x98" + part * 8)
        assert tracemalloc.get_traced_memory()[1] < 300 << 20
    finally:
        tracemalloc.stop()
