"""What a request costs, and a session of Signet's own training, beside the real sidecar where there is one.

``SIGNET_PREDICTOR`` names the binary of Signet's sidecar.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memento.formats import sgpt
from memento.models.interaction import Interaction
from memento.models.linear import Linear
from memento.render.rendering import Spec
from memento.serve.scorers import opened
from memento.serve.server import Server
from memento.serve.service import Service
from memento.train import Config, Run, Source, checkpoint
from memento.train.signet import Replica, Sample, double
from memento.train.threads import one_thread

CANDIDATES, NATIVE, SESSIONS = 80, 768, 40
SIDECAR = os.environ.get("SIGNET_PREDICTOR", "")
Median = Callable[[Callable[[int], Any], int], float]


def sessions(count: int, candidates: int, dimension: int) -> list[Sample]:
    """Sessions of arbitrary numbers; embeddings are of length one and hold no more than float32 does."""
    draw = np.random.default_rng(0)
    made = []
    for number in range(count):
        rows = draw.normal(size=(candidates + 1, dimension))
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32).astype(np.float64)
        made.append(Sample(rows, draw.uniform(size=(candidates, 17)), draw.uniform(size=candidates), number))
    return made


class Pipe:
    """A sidecar as an agent has it: a process, asked line by line."""

    def __init__(self, words: list[str]) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(words, **pipes)
        self.ask(line("status", {}))

    def ask(self, request: bytes) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(request)
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["result"]

    def seconds(self) -> float:
        """The CPU time that it has had so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.process.communicate()


def line(method: str, params: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": "req-1", "method": method, "params": params}).encode() + b"\n"


def params(sample: Sample) -> dict[str, Any]:
    return {
        "context_embedding": sample.rows[-1].tolist(),
        "candidate_embeddings": sample.rows[:-1].tolist(),
        "candidate_features": sample.features.tolist(),
        "project_slot": sample.project,
    }


def saved(model: str, folder: Path) -> Path:
    """A checkpoint of a model with its first weights."""
    path = folder / model
    if model == "signet":
        sgpt.write(double(NATIVE), path)
        return path
    source = Source("main", "0" * 40, "0" * 40, 1.0, "0" * 64, Spec(dimension=NATIVE).to_map())
    scorer = Interaction(NATIVE)
    run = Run(scorer, Config.of(model, {}), (), -1, Linear(), (source,), np.zeros(0, np.uint64))
    checkpoint.save(run, path)
    return path


@pytest.mark.parametrize("model", ["signet", "interaction"])
@pytest.mark.benchmark(group="serving")
def test_one_request_of_80_candidates(benchmark: Any, tmp_path: Path, median_of: Median, model: str) -> None:
    """From the last byte written to the answer read, over pipes; 1.4 MB of JSON each."""
    (sample,) = sessions(1, CANDIDATES, NATIVE)
    request = line("score", params(sample) | {"candidate_ids": [f"m{k}" for k in range(CANDIDATES)]})
    path = saved(model, tmp_path)
    with one_thread():
        server = Server(Service(opened(path), str))
        server.warm()
        benchmark.extra_info["milliseconds_of_answering_least"] = round(
            1000 * least(lambda: server.answer(request), 50), 2
        )
    ours = Pipe([sys.executable, "-m", "memento", "serve-scorer", str(path)])
    for _ in range(5):
        ours.ask(request)
    before = ours.seconds()
    benchmark.pedantic(ours.ask, (request,), rounds=100)
    benchmark.extra_info["milliseconds_of_cpu"] = round(10 * (ours.seconds() - before), 2)
    ours.close()
    benchmark.extra_info["bytes"] = len(request)
    benchmark.extra_info["milliseconds"] = round(1000 * benchmark.stats.stats.median, 2)
    benchmark.extra_info["milliseconds_least"] = round(1000 * benchmark.stats.stats.min, 2)
    if SIDECAR and model == "signet":
        theirs = Pipe([SIDECAR, "--native-dim", str(NATIVE)])
        before = theirs.seconds()
        benchmark.extra_info["sidecar_milliseconds"] = round(1000 * median_of(lambda _: theirs.ask(request), 50), 2)
        benchmark.extra_info["sidecar_milliseconds_of_cpu"] = round(20 * (theirs.seconds() - before), 2)
        theirs.close()


@pytest.mark.parametrize("dimension", [768, 64])
@pytest.mark.benchmark(group="training as the sidecar")
def test_sessions_a_second(benchmark: Any, dimension: int) -> None:
    """One Adam step a session of 50 candidates, in CPU time of one core, and the sidecar's on the same sessions.

    CPU time says the same on a busy machine. What the sidecar needs to read a request is taken off: that
    of a request to score the same session, which it then also ranks.
    """
    given = sessions(SESSIONS, 50, dimension)
    short = [
        dataclasses.replace(one, **{n: getattr(one, n).astype(np.float32) for n in ("rows", "features", "labels")})
        for one in given
    ]
    with one_thread():
        replica, quick = Replica(double(dimension)), Replica(double(dimension), np.float32)
        first = [replica.step(one) for one in given]
        benchmark.pedantic(lambda: replica.train(given, 1), rounds=10)
        exact, single = (
            SESSIONS / least(lambda r=r, g=g: r.train(g, 1)) for r, g in ((replica, given), (quick, short))
        )
    benchmark.extra_info["float64_sessions_a_second"] = round(exact)
    benchmark.extra_info["float32_sessions_a_second"] = round(single)
    if not SIDECAR:
        return
    theirs = Pipe([SIDECAR, "--native-dim", str(dimension)])
    times = {}
    for method in ("train", "score"):
        more = [{"labels": one.labels.tolist()} if method == "train" else {"candidate_ids": [""] * 50} for one in given]
        requests = [line(method, params(one) | extra) for one, extra in zip(given, more, strict=True)]
        before = theirs.seconds()
        answers = [theirs.ask(request) for request in requests]
        times[method] = (theirs.seconds() - before) / SESSIONS
        if method == "train":
            apart = np.abs(np.array([answer["loss"] for answer in answers]) - first).max()
            benchmark.extra_info["largest_difference_of_losses"] = float(apart)
    theirs.close()
    step = times["train"] - times["score"]
    benchmark.extra_info["sidecar_sessions_a_second"] = round(1 / step, 1)
    benchmark.extra_info["sidecar_sessions_a_second_with_its_requests"] = round(1 / times["train"], 1)
    benchmark.extra_info["times_the_sidecar_float64"] = round(exact * step, 1)
    benchmark.extra_info["times_the_sidecar_float32"] = round(single * step, 1)


def least(work: Callable[[], Any], rounds: int = 10) -> float:
    """The least CPU time of some rounds, s."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)
