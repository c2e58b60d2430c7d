from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from formats.signet_fixture import build

from memento.serve.scorers import Served, SignetScorer
from memento.serve.server import Server
from memento.serve.service import Service
from memento.train.signet import double

NOW = "2026-03-01T10:00:00Z"


class Client:
    """A server that is asked in words, without a pipe."""

    def __init__(self, served: Served) -> None:
        self.service = Service(served, lambda: NOW)
        self.server = Server(self.service)

    def line(self, line: bytes | str) -> Any:
        return json.loads(self.server.answer(line if isinstance(line, bytes) else line.encode()))

    def __call__(self, method: str, **params: Any) -> Any:
        """The result of a method, or its error."""
        request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        answer = self.line(json.dumps(request))
        assert answer["id"] == 7
        assert answer["jsonrpc"] == "2.0"
        assert set(answer) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"})
        return answer.get("result", answer.get("error"))


@pytest.fixture
def ask() -> Callable[..., Any]:
    """The signet model at 4 numbers, its first weights."""
    return Client(SignetScorer(double(4)))


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small daemon's database, vectors of 4 numbers."""
    return build(tmp_path_factory.mktemp("daemon") / "memories.db")
