"""With --json stdout holds one document with a schema, whatever the command and however it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import memento as package
from memento.cli.commands import COMMANDS

ROOT = Path(package.__file__).parent.parent
LATER = {
    "demo", "render", "train", "evaluate", "verify", "recipes", "curriculum", "import", "clone", "git-setup",
    "serve-scorer", "snr", "deploy-sim",
    "report",
}  # fmt: skip
"""Commands whose own tests call them with --json."""

LINES = {
    "init": "init",
    "scenarios": "scenarios tiny",
    "generate": "generate tiny --branch again",
    "fork": "fork main x",
    "expand": "expand main -o jitter",
    "branch": "branch",
    "switch": "switch main",
    "edit": "edit main memory:MEMORY importance=0.5",
    "thread": "thread session:SESSION",
    "tag": "tag v1",
    "note": "note list",
    "runs": "runs",
    "compare": "compare --of main",
    "matrix": "matrix main main~1 -m linear -e 1",
    "models": "models",
    "undo": "undo",
    "redo": "redo",
    "oplog": "oplog",
    "query": "query all()",
    "config": "config",
    "bisect": "bisect run main~2..main true",
    "extend": "extend main --days 2",
    "effect": "effect main main~1",
    "describe": "describe main",
    "gallery": "gallery -o gallery.html",
    "expressivity": "expressivity --steps 1 -t parity -c mingru",
    "fit": "fit main",
    "twin": "twin main -b copy --copies 1 --sessions 5",
    "data-saving": "data-saving --real main --split 0.5 --synthetic main~1 -m linear",
    "tstr": "tstr --real main --split 0.5 --synthetic main~1 -m linear",
    "value": "value main",
    "population": "population main -b agents --agents 2 --steps 3 --pool 8",
    "entigraph": "entigraph main -b wider --pairs 3 --triples 1",
    "grow": "grow main -b grown --count 3",
    "rewrite": "rewrite main -b casual --mode off",
    "ab": "ab",
    "export": "export main --format chat -o main.jsonl",
    "regenerate": "regenerate main -b told --epochs 1",
    "explain": "explain SESSION MEMORY",
    "replay": "replay main other --at-time 2026-03-20 --set noise.snr_db=3",
    "status": "status",
    "log": "log -n 2",
    "show": "show memory:MEMORY",
    "diff": "diff main~1 main",
    "blame": "blame memory:MEMORY",
    "grep": "grep the",
    "search": "search the",
    "merge": "merge main~1",
    "cherry-pick": "cherry-pick main",
    "revert": "revert main --dry-run",
    "rebase": "rebase main~1",
    "squash": "squash -n 2 --dry-run",
    "conflicts": "conflicts",
    "rerere": "rerere",
    "gc": "gc",
    "fsck": "fsck",
    "prune": "prune --list",
    "resolve": "resolve --all --ours",
    "fetch": "fetch .",
    "pull": "pull . main",
    "push": "push . main:copy",
    "remote": "remote",
    "bundle": "bundle create worlds.bundle",
}


def test_every_command_is_tried_here_or_in_a_test_of_its_own():
    assert set(LINES) | LATER == set(COMMANDS)


@pytest.mark.parametrize("name", list(LINES))
def test_stdout_holds_one_document(world, name):
    words = LINES[name].replace("MEMORY", world.ids("memories")[0]).replace("SESSION", world.ids("sessions")[0]).split()
    result = world(*words, "--json", code=None)
    schema = result.json["schema"]
    assert schema == f"memento.{'error' if result.code else name}/1"
    assert "Traceback" not in result.err
    assert world(words[0], "--json", *words[1:], code=None).json["schema"]


WITHOUT = ("init", "scenarios", "gallery", "expressivity", "models")
"""Commands that need no repository."""


@pytest.mark.parametrize("name", [name for name in LINES if name not in WITHOUT])
def test_an_error_is_a_document_too(memento, name):
    result = memento(*LINES[name].split(), "--json", code=3)
    assert result.json["schema"] == "memento.error/1"
    assert result.json["exit_code"] == 3
    assert "memento init" in result.json["hint"]
    assert result.err.startswith("Error: ")


def test_a_usage_error_is_a_document_too(memento):
    assert memento("log", "--nonsense", "--json", code=2).json["exit_code"] == 2
    assert memento("nonsense", "--json", code=2).json["kind"] is None


def test_a_document_is_one_line_when_piped_and_utf8(world):
    memory = world.ids("memories")[0]
    world("edit", "main", f"memory:{memory}", "text=Zoë läuft 世界 🙂")
    done = subprocess.run(
        [sys.executable, ROOT / "cli.py", "-C", world.folder, "show", f"memory:{memory}", "--json"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""
    assert json.loads(done.stdout)["record"]["text"] == "Zoë läuft 世界 🙂"


def test_a_narrow_encoding_loses_nothing(world):
    memory = world.ids("memories")[0]
    world("edit", "main", f"memory:{memory}", "text=Zoë 世界 🙂")
    line = [sys.executable, ROOT / "cli.py", "-C", world.folder, "show", f"memory:{memory}"]
    env = {"PYTHONIOENCODING": "latin-1", "PATH": "/usr/bin:/bin"}
    assert json.loads(subprocess.check_output([*line, "--json"], env=env))["record"]["text"] == "Zoë 世界 🙂"
    assert b"\\u4e16" in subprocess.check_output(line, env=env, stderr=subprocess.DEVNULL)
