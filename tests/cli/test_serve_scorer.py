"""The command as an agent's daemon starts it: a process with pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import memento as package
from memento.formats import sgpt
from memento.models.signet import Signet

ROOT = Path(package.__file__).parent.parent
STATUS = {"jsonrpc": "2.0", "id": "req-1", "method": "status", "params": {}}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "predictor.ckpt"
    sgpt.write(Signet(4), path)
    return path


def started(*options: object, folder: Path) -> subprocess.Popen[bytes]:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "memento", "serve-scorer", *map(str, options)]
    return subprocess.Popen(words, cwd=folder, env=env, **pipes)


def test_it_answers_as_it_is_asked_and_ends_with_its_input(checkpoint: Path, tmp_path: Path) -> None:
    process = started(checkpoint, folder=tmp_path)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(STATUS).encode() + b"\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["result"]["native_dimensions"] == 4
    out, err = process.communicate(b"nonsense\n" + json.dumps(STATUS).encode())
    answers = [json.loads(line) for line in out.splitlines()]
    assert answers[0]["error"]["code"] == -32700
    assert answers[1]["id"] == "req-1"
    assert (process.returncode, err) == (0, b"")


def test_a_signal_ends_it_in_peace(checkpoint: Path, tmp_path: Path) -> None:
    process = started("--checkpoint", checkpoint, "--native-dim", 4, folder=tmp_path)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(STATUS).encode() + b"\n")
    process.stdin.flush()
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")


def test_the_daemon_s_flags_never_stop_it(tmp_path: Path) -> None:
    process = started("--native-dim", 4, "--checkpoint", tmp_path / "none.bin", folder=tmp_path)
    out, err = process.communicate(json.dumps(STATUS).encode())
    assert json.loads(out)["result"]["native_dimensions"] == 4
    assert b"no checkpoint at" in err
    assert process.returncode == 0


def test_the_program_without_a_command_is_the_command(checkpoint: Path, tmp_path: Path) -> None:
    words = ["--native-dim", "4", "--checkpoint", str(checkpoint)]
    script = "from memento.__main__ import serve_scorer; serve_scorer()"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = json.dumps(STATUS).encode()
    done = subprocess.run(
        [sys.executable, "-c", script, *words], input=line, capture_output=True, cwd=tmp_path, env=env
    )
    assert json.loads(done.stdout)["result"]["native_dimensions"] == 4
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_scorer_that_cannot_be_served_is_told(memento, checkpoint: Path, tmp_path: Path) -> None:
    assert "no checkpoint" in memento("serve-scorer", "none.safetensors", code=2).err
    assert "--native-dim says 768" in memento("serve-scorer", str(checkpoint), "--native-dim", "768", code=2).err
    (tmp_path / "text").write_text("hello")
    assert memento("serve-scorer", str(tmp_path / "text"), code=4).err.startswith("Error: ")
    assert memento("serve-scorer", str(tmp_path), code=2).err.startswith("Error: ")
    assert memento("serve-scorer", "--native-dim", "0", code=2).err


def test_a_past_is_for_a_model_that_has_one(checkpoint: Path, world: Any) -> None:
    error = world("serve-scorer", checkpoint, "--past", "main", code=2)
    assert "signet knows nothing of earlier sessions" in error.err
    assert error.hint
    assert "--past has no use without a checkpoint" in world("serve-scorer", "--past", "main", code=2).err


def test_a_checkpoint_that_is_not_there_yet_has_no_past(world: Any) -> None:
    process = started("--native-dim", 4, "--checkpoint", "none", "--past", "main", folder=world.folder)
    out, err = process.communicate(json.dumps(STATUS).encode())
    assert json.loads(out)["result"]["native_dimensions"] == 4
    assert b"no checkpoint at none yet, so the weights are the first ones, and know nothing of main" in err
    assert process.returncode == 0


def test_a_revision_went_before_the_first_request(world: Any) -> None:
    world("train", "main", "--model", "sequence", "--epochs", 1, "--out", "model.safetensors")
    request = {
        "context_embedding": [0.1] * 64,
        "candidate_ids": world.ids("memories")[:6],
        "candidate_embeddings": [[0.1] * 64] * 6,
    }
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "score", "params": request}).encode() + b"\n"
    found = []
    for options in ((), ("--past", "main")):
        process = started("model.safetensors", *options, folder=world.folder)
        out, err = process.communicate(line)
        assert (process.returncode, err) == (0, b"")
        found.append(sorted((one["id"], one["score"]) for one in json.loads(out)["result"]["scores"]))
    assert [name for name, _ in found[0]] == [name for name, _ in found[1]]
    assert found[0] != found[1]
