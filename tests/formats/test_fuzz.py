"""Whatever a file holds, reading it gives a world or one of memento's own errors."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memento.errors import MementoError
from memento.formats import CATALOG, read
from memento.world import check
from memento.world.world import World

SAMPLE = json.loads(Path(__file__).with_name("lighthouse.json").read_text())
KEYS = st.sampled_from(
    [*SAMPLE, "session_2_observation", "conversation", "sample_id", "speaker", "dia_id", "text", "evidence"]
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["D1:1", "D2:9"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _read(path: Path, value: Any) -> World | None:
    path.write_text(json.dumps(value))
    try:
        return read("locomo", path).world
    except MementoError:
        return None


@QUICK
@given(value=JSON)
def test_any_json(tmp_path: Path, value: Any) -> None:
    _read(tmp_path / "any.json", value)


@QUICK
@given(data=st.data())
def test_a_conversation_with_one_part_exchanged(tmp_path: Path, data: st.DataObject) -> None:
    value = copy.deepcopy(SAMPLE)
    node, key = value, data.draw(st.sampled_from(sorted(value)))
    while isinstance(node[key], list | dict) and node[key] and data.draw(st.booleans()):
        node = node[key]
        key = (
            data.draw(st.integers(0, len(node) - 1))
            if isinstance(node, list)
            else data.draw(st.sampled_from(sorted(node)))
        )
    node[key] = data.draw(JSON)
    world = _read(tmp_path / "odd.json", value)
    if world is not None:
        assert check.check(world) == []


@QUICK
@given(cut=st.integers(0, len(json.dumps(SAMPLE)) - 2), flip=st.integers(0, 255))
def test_half_written_files(tmp_path: Path, cut: int, flip: int) -> None:
    data = bytearray(json.dumps(SAMPLE).encode()[:cut])
    if cut:
        data[cut // 2] ^= flip
    path = tmp_path / "half.json"
    path.write_bytes(bytes(data))
    for name in CATALOG:
        with pytest.raises(MementoError, match=re.escape(str(path))):
            read(name, path)
