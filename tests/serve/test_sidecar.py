"""Beside the real sidecar, where SIGNET_PREDICTOR names its binary: the same answers, and it loads our files."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from train.signet_reference import drawn, sample_of

from memento.formats import sgpt
from memento.formats.writing.signet import encode
from memento.scenario import load
from memento.serve.scorers import SignetScorer
from memento.simulate import world as simulated
from memento.train.signet import Replica, double

from .conftest import Client
from .test_service import many, params

BINARY = os.environ.get("SIGNET_PREDICTOR", "")
pytestmark = pytest.mark.skipif(not BINARY, reason="SIGNET_PREDICTOR names no binary of Signet's sidecar")


class Sidecar:
    def __init__(self, *options: str) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([BINARY, "--native-dim", "4", *options], **pipes)

    def __call__(self, method: str, **given: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": given}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer.get("result", answer.get("error"))

    def __enter__(self) -> Sidecar:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def close(ours: Any, theirs: Any) -> None:
    """The same members, numbers alike."""
    assert set(ours) == set(theirs)
    for name in set(ours) - {"duration_ms", "last_trained", "scores"}:
        assert ours[name] == pytest.approx(theirs[name], abs=1e-9), name
    if "scores" in ours:
        by_id = {one["id"]: one["score"] for one in theirs["scores"]}
        assert {one["id"]: one["score"] for one in ours["scores"]} == pytest.approx(by_id, abs=1e-9)


def test_every_method_answers_alike(ask: Client, tmp_path: Path) -> None:
    path = many(tmp_path / "many.db")
    with Sidecar() as theirs:
        session = drawn(5, dimension=4)
        asked = params(session, candidate_ids=list("abcdef"))
        for method, given in (
            ("status", {}),
            ("score", asked),
            ("train", params(session, labels=session.labels)),
            ("train_from_db", {"db_path": str(path)}),
            ("train_from_db", {"db_path": str(path), "epochs": 1, "limit": 20, "temperature": 1.5}),
            ("score", asked),
            ("status", {}),
        ):
            close(ask(method, **given), theirs(method, **given))


def test_it_loads_what_we_write_and_we_what_it_writes(tmp_path: Path) -> None:
    replica = Replica(double(4))
    replica.train([sample_of(drawn(seed, dimension=4, texts=True)) for seed in range(3)], 2)
    sgpt.write(replica.model(), tmp_path / "ours")
    session = drawn(9, dimension=4)
    asked = params(session, candidate_ids=list("abcdef"))
    with Sidecar("--checkpoint", str(tmp_path / "ours")) as theirs:
        close(Client(SignetScorer(replica.model()))("score", **asked), theirs("score", **asked))
        theirs("train", **params(session, labels=session.labels))
        assert theirs("save_checkpoint", path=str(tmp_path / "theirs")) == {"saved": True}
        after = theirs("score", **asked)
    loaded = sgpt.read(tmp_path / "theirs")
    close(Client(SignetScorer(loaded.model))("score", **asked), after)
    again = sgpt.encode(loaded.model, loaded.flags)
    assert np.frombuffer(again, np.uint8).tolist() == np.fromfile(tmp_path / "theirs", np.uint8).tolist()


def test_it_trains_on_an_exported_world_as_ours_does(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    path.write_bytes(encode(simulated(load("tiny"), 7), 4).data)
    ours = Client(SignetScorer(double(4)))
    with Sidecar() as theirs:
        for _ in range(2):
            answer = theirs("train_from_db", db_path=str(path))
            assert answer["samples_used"] > 20
            close(ours("train_from_db", db_path=str(path)), answer)
