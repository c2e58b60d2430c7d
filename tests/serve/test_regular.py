"""Requests that are read at once, held against the general reading."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.models.base import COLUMNS
from memento.serve import regular
from memento.serve.regular import Reader, Regular
from memento.serve.scorers import fresh

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
    asked = request(candidate_texts=["a\n", None, "- [ ] é"], candidate_ids=["[x]", "y", "z"])
    found = read(asked)
    assert found is not None
    params = asked["params"]
    assert (found.id, found.candidate_ids) == ("req-1", params["candidate_ids"])
    assert found.candidate_texts == params["candidate_texts"]
    for name in ("context_embedding", "candidate_embeddings", "candidate_features"):
        assert np.asarray(getattr(found, name)).tolist() == params[name]
    bare = request()
    del bare["params"]["candidate_features"], bare["params"]["project_slot"]
    plain = read(bare)
    assert plain is not None
    assert (len(plain.candidate_features), plain.project_slot) == (0, 0)
    gaps = read(request(candidate_embeddings=[[0.5] * D, None, [1.0]]))
    assert gaps is not None
    assert [None if row is None else row.tolist() for row in gaps.candidate_embeddings] == [[0.5] * D, None, [1.0]]


@pytest.mark.parametrize(
    "asked",
    [
        request(candidate_texts=None),
        request(candidate_texts=None, context_embedding=[0.1, [0.2], 0.3, 0.4]),
        request(context_embedding=[0.1, [0.2], 0.3, 0.4]),
        request(context_embedding=[0.1, [], [0.3, 0.3], 0.4]),
        request(candidate_features=[[0.0] * COLUMNS, [0.0], [0.0] * COLUMNS]),
        json.dumps(request(candidate_ids=["[a", "b", "c"])).replace("[a", "\\u005Ba"),
        json.dumps(request(candidate_ids=["[a", "b", "c"])).replace("[a", "\\u005ba").replace("0.", "[0.2], 0.", 1),
        request(more=[]),
        request(candidate_embeddings=[[0.0, [0.0, 0.0], []]] * 3),
        request(candidate_embeddings=[[0.0, "1", 0.0, 0.0]] * 3),
        request(context_embedding="none"),
        request(candidate_ids=["a", 2, "c"]),
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


NUMBERS = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**70), 2**70), st.just(-0.0))
TEXTS = st.text(st.sampled_from('ab[]\\"\n\u00e9'), max_size=5)


@st.composite
def odd(draw: st.DrawFn) -> dict[str, Any]:
    """Numbers without bounds, lengths that do not agree, members that are missing."""
    row = st.lists(NUMBERS, min_size=D, max_size=D)
    rows = st.one_of(row, st.none(), st.lists(NUMBERS, max_size=D)) if draw(st.booleans()) else row
    asked = request(
        candidate_ids=draw(st.lists(TEXTS, max_size=4)),
        candidate_embeddings=draw(st.lists(rows, max_size=4)),
        context_embedding=draw(st.lists(NUMBERS, min_size=D - 1, max_size=D)),
        candidate_features=draw(st.lists(st.lists(NUMBERS, min_size=COLUMNS, max_size=COLUMNS), max_size=4)),
        candidate_texts=draw(st.lists(st.one_of(TEXTS, st.none()), max_size=4)),
    )
    for name in ("candidate_features", "candidate_texts", "project_slot"):
        if draw(st.booleans()):
            del asked["params"][name]
    key = draw(st.one_of(st.integers(-(2**62), 2**62), st.text(max_size=4), st.none()))
    return asked | {"id": key}


@functools.cache
def clients() -> tuple[Client, Client]:
    """One that reads regular requests at once, and one that reads all the general way."""
    quick, general = Client(fresh(D)), Client(fresh(D))
    general.server._regular._parser = None
    return quick, general


@settings(max_examples=200, deadline=None)
@given(odd())
def test_both_readings_answer_odd_requests_alike(asked: dict[str, Any]) -> None:
    quick, general = (client.line(json.dumps(asked)) for client in clients())
    assert quick == general


def test_both_readings_score_alike() -> None:
    draw = np.random.default_rng(5)
    for number in range(200):
        count = int(draw.integers(1, 6))
        rows: list[Any] = np.round(draw.normal(size=(count, D)), int(draw.integers(0, 17))).tolist()
        if number % 2:
            rows[int(draw.integers(count))] = None if number % 4 == 1 else [1.5]
        asked = request(
            candidate_ids=[f"[{place}]" if number % 3 else f"m{place}" for place in range(count)],
            candidate_embeddings=rows,
            candidate_features=draw.normal(size=(count, COLUMNS)).tolist(),
            candidate_texts=[f"- [ ] text {place}\n" for place in range(count)],
        )
        quick, general = (client.line(json.dumps(asked)) for client in clients())
        assert quick == general
        assert len(quick["result"]["scores"]) == count
        assert read(asked) is not None, "regular, for all its gaps and brackets"
