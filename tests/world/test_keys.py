from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from memento.world.keys import WEEK, hash64, natural, record_keys, session_keys


def test_the_hash_is_that_of_the_specification() -> None:
    # BLAKE2b with an 8-byte digest (RFC 7693) of the empty string and of "abc".
    assert hash64("") == 0xE4A6A0577479B2B4
    assert hash64("abc") == 0xD8BB14D833D59559


def test_sixteen_neighbours_share_all_but_four_bits() -> None:
    keys = record_keys([f"k7m2-{n}" for n in range(32, 64)])
    assert len(set((keys >> np.uint64(4)).tolist())) == 2
    assert (keys[:16] & np.uint64(15)).tolist() == list(range(16))
    assert len(set(keys.tolist())) == 32


@given(st.lists(st.from_regex(r"[a-z0-9.-]{1,12}", fullmatch=True), unique=True))
def test_a_key_is_a_function_of_its_id_alone(ids: list[str]) -> None:
    keys = record_keys(ids)
    assert keys.tolist() == [record_keys([i])[0] for i in ids]


def test_keys_spread_evenly() -> None:
    keys = record_keys([f"x{n}-0" for n in range(4000)])
    counts = np.bincount((keys >> np.uint64(60)).astype(int), minlength=16)
    assert counts.min() > 180
    assert counts.max() < 320


def test_sessions_of_a_week_stand_together_in_order() -> None:
    starts = np.array([0, 5, WEEK - 1, WEEK, -1])
    keys = session_keys([f"s{n}" for n in range(5)], starts)
    weeks = (keys >> np.uint64(54)).tolist()
    assert weeks[0] == weeks[1] == weeks[2]
    assert len({weeks[0], weeks[3], weeks[4]}) == 3
    assert keys[0] < keys[1] < keys[2]


def test_natural_order() -> None:
    ids = ["a-10", "a-2", "b", "a", "a-2x"]
    assert sorted(ids, key=natural) == ["a", "a-2", "a-10", "a-2x", "b"]
