"""Kills workers at random instants and looks at what they leave, many times a second.

``python tests/reliability/killer.py FOLDER KIND POINTS SEED``: a fork of this process works in the repository of
FOLDER until it is killed (``kill -9``); then another opens it, and must find every acknowledged commit, be able to
commit at once, and leave nothing lying about. Prints a JSON summary; its exit code is not 0 where anything was lost.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))

from memento.workspace import Workspace
from memento.world import tree
from reliability import worker

SLOW = 3.0
"""How long the next writer may wait behind a killed one, s."""


def strays(folder: str) -> list[str]:
    """Locks and temporary files that nobody holds; those of housekeeping are left for the next housekeeping."""
    path = Path(folder, ".memento")
    named = [p for p in path.rglob("*") if p.suffix in (".lock", ".keep") or p.name.startswith("tmp_")]
    return [str(p) for p in named if not p.name.startswith("tmp_gc_")]


def spawn(folder: str, kind: str, start: int) -> tuple[int, int]:
    """Starts a fork that works; returns its process id and the end of its pipe."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    try:
        os.close(read)
        os.dup2(write, 1)
        for line in worker.work(folder, kind, 0, "x" * (start % 7)):
            os.write(1, line.encode() + b"\n")
    except BaseException as error:
        os.write(2, f"worker: {type(error).__name__}: {error}\n".encode())
    os._exit(9)


def lines(fd: int, wanted: int, chance: random.Random, pid: int) -> list[str]:
    """What a worker acknowledged before it was killed, a random moment after its `wanted`-th line."""
    data = b""
    while data.count(b"\n") < wanted:
        more = os.read(fd, 4096)
        if not more:
            break
        data += more
    time.sleep(chance.random() * 0.02)
    os.kill(pid, signal.SIGKILL)
    while more := os.read(fd, 4096):
        data += more
    os.close(fd)
    return [line.decode() for line in data.split(b"\n")[:-1]]


def check(folder: str, acknowledged: list[str], number: int) -> list[str]:
    """What is wrong after a kill."""
    wrong = []
    began = time.monotonic()
    with Workspace.open(folder) as workspace:
        worker.commit(workspace, number)
        waited = time.monotonic() - began
        repository = workspace.repository
        for commit in dict.fromkeys(acknowledged):
            tree.read(repository.objects, repository.tree_of(commit))
        history = {commit.id for commit in repository.log(*repository.branch_names())}
        wrong += [f"commit {commit} is not on any branch" for commit in acknowledged if commit not in history]
    wrong += [f"left behind: {path}" for path in strays(folder)]
    if waited > SLOW:
        wrong.append(f"the next writer waited {waited:.1f} s")
    return wrong


def fsck(folder: str) -> list[str]:
    """What stock git finds wrong."""
    command = ["git", "-C", str(Path(folder, ".memento")), "fsck", "--full", "--strict", "--no-dangling"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [f"git fsck: {done.stdout}{done.stderr}"] if done.returncode else []


def main() -> int:
    """The loop."""
    folder, kind, points, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    chance = random.Random(seed)
    every: list[str] = []
    wrong: list[str] = []
    for number in range(points):
        pid, fd = spawn(folder, kind, number)
        said = lines(fd, chance.randrange(4), chance, pid)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            wrong.append(f"kill {number}: the worker ended by itself")
        every += said
        wrong += [f"kill {number}: {text}" for text in check(folder, said, number)]
        if number % 50 == 49 or number == points - 1:
            wrong += [f"after kill {number}: {text}" for text in fsck(folder)]
        if len(wrong) > 20:
            break
    wrong += check(folder, every, 0)
    with Workspace.open(folder) as workspace:
        workspace.repository.gc()
    wrong += [f"left behind: {path}" for path in Path(folder, ".memento").rglob("tmp_*")]
    print(json.dumps({"kills": points, "acknowledged": len(every), "wrong": wrong[:40]}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
