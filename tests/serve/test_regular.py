"""Requests that are read at once, held against the general reading."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.models.base import COLUMNS
from memento.serve import regular
from memento.serve.regular import Reader, Regular

from .conftest import Client

D = 4


def request(count: int = 3, **changes: Any) -> dict[str, Any]:
    draw = np.random.default_rng(2)
    params: dict[str, Any] = {
        "context_embedding": draw.normal(size=D).tolist(),
        "candidate_ids": [f"m-{place}" for place in range(count)],
        "candidate_embeddings": draw.normal(size=(count, D)).tolist(),
        "candidate_features": draw.uniform(size=(count, COLUMNS)).tolist(),
        "project_slot": 3,
    }
    params |= changes
    return {"jsonrpc": "2.0", "id": "req-1", "method": "score", "params": params}


def read(asked: dict[str, Any] | str) -> Regular | None:
    text = asked if isinstance(asked, str) else json.dumps(asked)
    return Reader().read(memoryview(bytearray(text.encode())))


def test_what_a_daemon_sends_is_read_to_the_bit() -> None:
    asked = request(candidate_texts=["a", None, "[c"[1:]])
    found = read(asked)
    assert found is not None
    params = asked["params"]
    assert (found.id, found.candidate_ids, found.candidate_texts) == (
        "req-1",
        params["candidate_ids"],
        ["a", None, "c"],
    )
    for name in ("context_embedding", "candidate_embeddings", "candidate_features"):
        assert getattr(found, name).tolist() == params[name]
    bare = request()
    del bare["params"]["candidate_features"], bare["params"]["project_slot"]
    plain = read(bare)
    assert plain is not None
    assert (len(plain.candidate_features), plain.project_slot) == (0, 0)


@pytest.mark.parametrize(
    "asked",
    [
        request(candidate_embeddings=[[0.0] * D, None, [0.0] * D]),
        request(candidate_embeddings=[[0.0] * D, [0.0], [0.0] * D]),
        request(candidate_embeddings=[]),
        request(candidate_embeddings=[[0.0, [0.0, 0.0], []]] * 3),
        request(candidate_embeddings=[[0.0, "1", 0.0, 0.0]] * 3),
        request(context_embedding="none"),
        request(candidate_ids=["a", 2, "c"]),
        request(candidate_ids=["a", "[b", "c"]),
        request(candidate_features=[[True] * COLUMNS] * 3),
        request(project_slot=-1),
        request(project_slot=True),
        request(project_slot=2**60),
        request() | {"id": None},
        request() | {"id": 1.5},
        request() | {"jsonrpc": "1.0"},
        request() | {"method": "train"},
        {"params": request()["params"], "jsonrpc": "2.0", "id": 1, "method": "score"},
        "[1, 2]",
        '{"jsonrpc": "2.0", "id": 1, "method": "score", "params": {"context_embedding": [1',
        '{"method": "score"}',
        json.dumps(request())[:-1] + ', "id": 2}',
    ],
)
def test_what_is_not_regular_is_left_alone(asked: Any) -> None:
    assert read(asked) is None


def test_without_simdjson_nothing_is_regular(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regular, "simdjson", None)
    assert read(request()) is None


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=64), st.integers(-(2**70), 2**70), st.just(-0.0)
)
ROWS = st.lists(st.lists(NUMBERS, min_size=D, max_size=D), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(
    rows=ROWS,
    context=st.lists(NUMBERS, min_size=D - 1, max_size=D),
    features=st.one_of(st.none(), st.lists(st.lists(NUMBERS, min_size=COLUMNS, max_size=COLUMNS), max_size=4)),
    names=st.lists(st.text(max_size=3), min_size=1, max_size=4),
    key=st.one_of(st.integers(-(2**62), 2**62), st.text(max_size=4), st.none()),
)
def test_both_readings_answer_alike(rows: Any, context: Any, features: Any, names: Any, key: Any) -> None:
    from memento.serve.scorers import fresh

    asked = request(candidate_embeddings=rows, context_embedding=context, candidate_ids=names) | {"id": key}
    if features is None:
        del asked["params"]["candidate_features"]
    else:
        asked["params"]["candidate_features"] = features
    quick, general = Client(fresh(D)), Client(fresh(D))
    general.server._regular._parser = None
    line = json.dumps(asked)
    assert quick.line(line) == general.line(line)
