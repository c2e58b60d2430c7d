"""Completion in the shell: names from the repository, quickly, and never an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import memento as package

ROOT = Path(package.__file__).parent.parent


def complete(folder: Path, line: str) -> list[str]:
    """What bash offers for a command line."""
    env = {**os.environ, "_MEMENTO_COMPLETE": "bash_complete", "COMP_LINE": line}
    done = subprocess.run([sys.executable, ROOT / "cli.py"], env=env, capture_output=True, text=True, cwd=folder)
    assert done.stderr == ""
    return [row.partition(",")[2] for row in done.stdout.splitlines() if row]


def test_commands_and_options(world):
    assert complete(world.folder, "memento lo") == ["log"]
    assert "--graph" in complete(world.folder, "memento log --")


def test_branches_and_tags(world):
    world("fork", "main", "trial")
    world("tag", "tagged")
    assert complete(world.folder, "memento fork t") == ["trial", "tagged"]
    assert complete(world.folder, "memento switch t") == ["trial"]
    assert complete(world.folder, "memento diff main...t") == ["main...trial", "main...tagged"]


def test_records_after_the_colon_that_bash_cuts_at(world):
    memory = world.ids("memories")[0]
    assert "memory:" in complete(world.folder, "memento show me")
    assert memory in complete(world.folder, f"memento show memory:{memory[:4]}")
    assert complete(world.folder, f"memento show memory:{memory}@ma") == ["main"]
    assert memory in complete(world.folder, f"memento edit main memory:{memory[:4]}")
    assert complete(world.folder, f"memento edit main memory:{memory} impor") == ["importance="]


def test_keys_of_a_sweep(world):
    assert complete(world.folder, "memento fork main x --sweep topics.st") == ["topics.stickiness="]


def test_runs(trained):
    trained("evaluate", "m.safetensors", "main", "--episodes", "5", "--no-canaries")
    assert complete(trained.folder, "memento runs sh") == ["show"]
    assert complete(trained.folder, "memento runs ma") == ["main"]
    assert complete(trained.folder, "memento runs show ") == [trained.json("runs")["runs"][0]["id"]]


def test_scenarios_and_formats(world):
    assert complete(world.folder, "memento generate ti") == ["tiny"]
    assert complete(world.folder, "memento import x --format lo") == ["locomo"]


def test_outside_a_repository_nothing_is_offered(memento):
    assert complete(memento.folder, "memento log ma") == []
    assert complete(memento.folder, "memento show memory:a") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_each_shell(shell):
    env = {**os.environ, "_MEMENTO_COMPLETE": f"{shell}_source"}
    done = subprocess.run([sys.executable, ROOT / "cli.py"], env=env, capture_output=True, text=True)
    assert done.returncode == 0
    assert "_MEMENTO_COMPLETE" in done.stdout


def test_names_of_branches_come_without_opening_the_repository(world):
    script = "import sys; from memento.cli.main import cli; sys.argv = ['memento']; cli()"
    code = f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {script}"
    env = {**os.environ, "_MEMENTO_COMPLETE": "bash_complete", "PYTHONPATH": str(ROOT)}
    for line in ("memento diff ma", "memento switch ma", "memento fork ma"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**env, "COMP_LINE": line},
            capture_output=True,
            text=True,
            cwd=world.folder,
        )
        assert done.stdout == "plain,main\n"
        assert not {"numpy", "dulwich", "memento.workspace"} & set(done.stderr.split())
