"""Kills trainings at random instants and goes on with them: the bytes must be those of one that was never stopped.

``python tests/reliability/learner.py FOLDER KIND KILLS SEED``: FOLDER gets a repository and a training that nobody
stops. Then, for each kill, a fork of this process runs ``memento train`` until it is killed (``kill -9``), with the
kind ``resume`` a second one that goes on from there is killed too, and with ``seeds`` two seeds are trained. What is
left must be whole; the same command with ``--resume`` must end in the same bytes. Half of the instants are anywhere in
the training, half right after one of its states was written. Prints a JSON summary; its exit code is not 0 where
anything was lost or half-written.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))

import torch

from memento.cli.main import cli
from memento.errors import MementoError
from memento.render import storage
from memento.train import checkpoint
from memento.workspace import Workspace
from reliability.attached import Action, run
from reliability.killer import fsck, strays

EPOCHS = 6
COMMAND = ("train", "main", "-e", str(EPOCHS), "--patience", str(EPOCHS), "--seed", "3", "-q")


def make(folder: Path) -> None:
    """A repository with a small world on main."""
    with Workspace.init(folder) as workspace:
        workspace.generate("tiny", branch="main", seed=7)


def spawn(folder: Path, arguments: tuple[str, ...]) -> int:
    """Starts a fork that runs a command line in a folder; returns its process id, whose exit code is the command's."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.chdir(folder)
        with open("err", "w") as err, contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
            try:
                cli.main(list(arguments), "memento")
            except SystemExit as end:
                code = int(end.code or 0)
    finally:
        os._exit(code)


def finish(folder: Path, arguments: tuple[str, ...]) -> int:
    """Runs a command line to its end; its exit code."""
    _, status = os.waitpid(spawn(folder, arguments), 0)
    return os.waitstatus_to_exitcode(status)


def kill(folder: Path, arguments: tuple[str, ...], chance: random.Random, duration: float) -> bool:
    """Runs a command line and kills it at a random instant; whether it was still there."""
    pid = spawn(folder, arguments)
    state = folder / ("m-3.st.partial" if "--seeds" in arguments else "m.st.partial")
    if chance.random() < 0.5:
        time.sleep(chance.random() * duration)
    else:
        wanted, seen, before = chance.randrange(1, EPOCHS), 0, _identity(state)
        until = time.monotonic() + 2 * duration + 5
        while seen < wanted and time.monotonic() < until and os.waitid(os.P_PID, pid, _LOOK) is None:
            now = _identity(state)
            seen, before = seen + (now != before), now
            time.sleep(0.0005)
        time.sleep(chance.random() * 0.01)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def halves(folder: Path, whole: dict[str, bytes]) -> list[str]:
    """What lies about in a folder that is not whole."""
    wrong = []
    for path in sorted(folder.iterdir()):
        if path.name in whole:
            if path.read_bytes() != whole[path.name]:
                wrong.append(f"{path.name} has other bytes")
        elif path.suffix == ".partial":
            try:
                storage.read(path)
            except MementoError as error:
                wrong.append(f"{path.name} is not whole: {error}")
        elif path.name not in (".memento", "err", "whole.st", "whole-3.st", "whole-4.st"):
            wrong.append(f"left behind: {path.name}")
    return wrong


def main() -> int:
    """The loop."""
    folder, kind, points, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(2 if kind == "seeds" else 1)
    chance = random.Random(seed)
    make(folder)
    command = (*COMMAND, "--seeds", "2") if kind == "seeds" else COMMAND
    code, _, err = run(folder, Action(("train", "main", "-e", "1", "--no-record", "-o", "whole.st"), ()))
    assert code == 0, err  # everything is loaded then, here and in every fork
    (folder / "whole.st").unlink()
    began = time.monotonic()
    assert finish(folder, (*command, "--no-record", "-o", "whole.st")) == 0, (folder / "err").read_text()
    duration = time.monotonic() - began
    whole = {path.name.replace("whole", "m"): path.read_bytes() for path in folder.glob("whole*.st")}
    wrong: list[str] = []
    killed, number, kept, left = 0, -1, 0, 0
    while killed < points and number < 4 * points:
        number += 1
        for path in [*folder.glob("m*.st"), *folder.glob("*.partial"), *folder.glob(".memento-*")]:
            path.unlink()
        gone = kill(folder, (*command, "-o", "m.st"), chance, duration / (1 + (kind == "resume")))
        if kind == "resume":
            gone = gone and kill(folder, (*command, "-o", "m.st", "--resume"), chance, duration)
        killed += gone
        found = halves(folder, whole)
        left += sum("left behind" in text for text in found)
        wrong += [f"kill {number}: {text}" for text in found]
        kept += any(folder.glob("*.partial"))
        if not (folder / "m.st").exists():
            again = (*command, "-o", "m.st", "--resume", *(("-f",) if list(folder.glob("m-*.st")) else ()))
            code = finish(folder, again)
            if code:
                wrong.append(f"kill {number}: --resume ended with {code}: {(folder / 'err').read_text()[-300:]}")
        for name, data in whole.items():
            path = folder / name
            if not path.exists() or path.read_bytes() != data:
                wrong.append(f"kill {number}: {name} is not what an undisturbed training writes")
            elif number % 10 == 0:
                checkpoint.load(path)
        with Workspace.open(folder) as workspace:
            records = workspace.runs.of("main")
        if number % 10 == 9 or killed == points:
            wrong += [f"after kill {number}: {text}" for text in fsck(str(folder))]
            wrong += [f"after kill {number}: left behind: {path}" for path in strays(str(folder))]
        if len(wrong) > 20:
            break
    summary = {"kills": killed, "went on": kept, "runs recorded": len(records), "left behind": left}
    print(json.dumps({**summary, "seconds a training": round(duration, 2), "wrong": wrong[:40]}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
