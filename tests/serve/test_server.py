"""What is said over the pipe, line by line."""

from __future__ import annotations

import io
import json
import random

import pytest

from memento.serve import server as server_file
from memento.serve.scorers import SignetScorer
from memento.serve.server import Server
from memento.serve.service import Service
from memento.train.signet import double

from .conftest import Client

ONE = {"context_embedding": [1, 0, 0, 0], "candidate_ids": ["a"], "candidate_embeddings": [[0.1, 0.2, 0.3, 0.4]]}


def test_status_has_the_sidecar_s_members(ask: Client) -> None:
    assert ask("status") == {
        "trained": False, "training_pairs": 0, "model_version": 1, "last_trained": None, "native_dimensions": 4,
        "feature_dimensions": 17,
    }  # fmt: skip
    assert ask.line('{"jsonrpc":"2.0","id":null,"method":"status"}')["result"]["trained"] is False


@pytest.mark.parametrize("key", ['"req-1"', "1", "1.5", "null", '{"a":[1]}', '"\\u00e9"'])
def test_an_id_comes_back_as_it_was(ask: Client, key: str) -> None:
    answer = ask.line(f'{{"jsonrpc":"2.0","id":{key},"method":"status","params":{{}}}}')
    assert answer["id"] == json.loads(key)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("nonsense", -32700),
        ("[]", -32700),
        ("{}", -32700),
        ('{"jsonrpc":"2.0","method":"status"}', -32700),
        ('{"jsonrpc":"2.0","id":1}', -32700),
        ('{"jsonrpc":"2.0","id":1,"method":"status"', -32700),
        ('{"jsonrpc":"2.0","id":1,"method":5}', -32700),
        ('{"jsonrpc":"1.0","id":1,"method":"status"}', -32600),
        ('{"jsonrpc":"1.0","id":1,"method":"score","params":{"context_embedding":[],"candidate_ids":[]}}', -32600),
        ('{"jsonrpc":"2.0","id":1,"method":"forget"}', -32601),
        ('{"jsonrpc":"2.0","id":1,"method":"score"}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"score","params":[]}', -32602),
        (
            '{"jsonrpc":"2.0","id":1,"method":"score","params":{"context_embedding":["x"],"candidate_ids":["a"]}}',
            -32602,
        ),
        ('{"jsonrpc":"2.0","id":1,"method":"train_from_db","params":{}}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"train_from_db","params":{"db_path":"x","limit":-1}}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"save_checkpoint","params":{"path":3}}', -32602),
        ("[" * 5000, -32700),
        ('{"jsonrpc":"2.0","id":1,"method":"status","params":' + "[" * 5000 + "]" * 5000 + "}", -32700),
        ('{"jsonrpc":"2.0","id":1,"method":"score","params":{"context_embedding":[NaN],"candidate_ids":[]}}', -32700),
        (b"\xff\xfe\x00", -32700),
    ],
)
def test_a_bad_line_is_an_error_of_its_kind(ask: Client, line: str | bytes, code: int) -> None:
    answer = ask.line(line)
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert answer["id"] == (None if code == -32700 else 1)


def test_no_line_whatever_ends_it(ask: Client) -> None:
    draw = random.Random(5)
    whole = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "score", "params": ONE}).encode()
    for _ in range(400):
        line = bytearray(whole)
        for _ in range(draw.randrange(1, 6)):
            place = draw.randrange(len(line))
            line[place : place + draw.randrange(3)] = bytes([draw.choice(b'{}[]",:0e-\\\xffn')])
        answer = ask.line(bytes(line).replace(b"\n", b" "))
        assert ("error" in answer) != ("result" in answer)


def test_lines_are_answered_until_the_pipe_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_file, "LONGEST", 1000)
    status = b'{"jsonrpc":"2.0","id":%d,"method":"status"}'
    long = b'{"jsonrpc":"2.0","id":5,"method":"status","params":"' + b"x" * 5000 + b'"}'
    sent = b"\n".join([status % 1, b"", b"  ", long, status % 2, b"oops", status % 3])
    source, sink = io.BytesIO(sent), io.BytesIO()
    Server(Service(SignetScorer(double(4)), str)).run(source, sink)
    answers = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert [answer["id"] for answer in answers] == [1, None, 2, None, 3]
    assert answers[1]["error"]["code"] == -32600


def test_a_reader_that_went_away_ends_it_quietly() -> None:
    class Gone(io.BytesIO):
        def flush(self) -> None:
            raise BrokenPipeError

    source = io.BytesIO(b'{"jsonrpc":"2.0","id":1,"method":"status"}\n' * 3)
    Server(Service(SignetScorer(double(4)), str)).run(source, Gone())


def test_a_fault_of_ours_is_an_answer_too(ask: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("as a test")

    monkeypatch.setattr(ask.service.served, "scores", broken)
    assert ask("score", **ONE)["code"] == -32603
    monkeypatch.undo()
    assert ask("score", **ONE)["scores"][0]["id"] == "a"
