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
    ours = Pipe([sys.executable, "-m", "memento", "serve-scorer", str(saved(model, tmp_path))])
    for _ in range(5):
        ours.ask(request)
    benchmark.pedantic(ours.ask, (request,), rounds=50)
    ours.close()
    benchmark.extra_info["bytes"] = len(request)
    benchmark.extra_info["milliseconds"] = round(1000 * benchmark.stats.stats.median, 2)
    benchmark.extra_info["milliseconds_least"] = round(1000 * benchmark.stats.stats.min, 2)
    if SIDECAR and model == "signet":
        theirs = Pipe([SIDECAR, "--native-dim", str(NATIVE)])
        benchmark.extra_info["sidecar_milliseconds"] = round(1000 * median_of(lambda _: theirs.ask(request), 20), 2)
        theirs.close()


@pytest.mark.parametrize("dimension", [768, 64])
@pytest.mark.benchmark(group="training as the sidecar")
def test_sessions_a_second(benchmark: Any, dimension: int) -> None:
    """One Adam step a session of 50 candidates, equal losses; the sidecar is asked over a pipe, told apart below."""
    given = sessions(SESSIONS, 50, dimension)
    short = [
        dataclasses.replace(one, **{n: getattr(one, n).astype(np.float32) for n in ("rows", "features", "labels")})
        for one in given
    ]
    with one_thread():
        replica, quick = Replica(double(dimension)), Replica(double(dimension), np.float32)
        first = [replica.step(one) for one in given]
        benchmark.pedantic(lambda: replica.train(given, 1), rounds=10)
        quick.train(short, 1)
        start = time.perf_counter()
        quick.train(short, 10)
        single = 10 * SESSIONS / (time.perf_counter() - start)
    ours = SESSIONS / benchmark.stats.stats.median
    benchmark.extra_info["float64_sessions_a_second"] = round(ours)
    benchmark.extra_info["float32_sessions_a_second"] = round(single)
    if not SIDECAR:
        return
    theirs = Pipe([SIDECAR, "--native-dim", str(dimension)])
    losses, times, steps = [], [], []
    for one in given:
        request = line("train", params(one) | {"labels": one.labels.tolist()})
        ranked = line("score", params(one) | {"candidate_ids": [""] * len(one)})
        start = time.perf_counter()
        losses.append(theirs.ask(request)["loss"])
        between = time.perf_counter()
        theirs.ask(ranked)
        times.append(between - start)
        steps.append(times[-1] - (time.perf_counter() - between))
    theirs.close()
    benchmark.extra_info["sidecar_sessions_a_second"] = round(1 / float(np.median(steps)), 1)
    benchmark.extra_info["sidecar_sessions_a_second_with_its_pipe"] = round(1 / float(np.median(times)), 1)
    benchmark.extra_info["times_the_sidecar"] = round(ours * float(np.median(steps)), 1)
    benchmark.extra_info["largest_difference_of_losses"] = float(np.abs(np.array(losses) - first).max())
