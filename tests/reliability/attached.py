"""Lets each write, sync and rename of a learning action fail as on a full disk, one at a time.

``python tests/reliability/attached.py FOLDER ACTION STEP``: forks of this process, which has loaded everything, run the
action's command line on copies of one folder; strace attaches to each and makes one call fail (``-e inject``, ENOSPC),
each STEP-th in turn. What was there before must be there or what the action writes, nothing between, and the error
must say so. Prints a JSON summary; its exit code is not 0 where something else was found.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))

import torch

from memento.cli.main import cli
from memento.errors import MementoError
from memento.render import storage
from memento.workspace import Workspace
from reliability.killer import fsck, strays

CALLS = (
    *("write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link"),
    *("linkat", "ftruncate", "mkdir", "mkdirat", "sendfile", "copy_file_range"),
)
SAVE = {"jsonrpc": "2.0", "id": 1, "method": "save_checkpoint", "params": {"path": "saved.st"}}


@dataclass(frozen=True)
class Action:
    """A command line, what it reads from stdin, the files that it writes, and the command line that goes on."""

    arguments: tuple[str, ...]
    files: tuple[str, ...]
    stdin: str = ""
    again: tuple[str, ...] = ()
    records: bool = False


_TRAIN = ("train", "main", "-m", "mlp", "-e", "3", "-o", "new.st")
ACTIONS = {
    "train": Action(_TRAIN, ("new.st",), again=(*_TRAIN, "--resume"), records=True),
    "evaluate": Action(("evaluate", "m.st", "main", "-n", "5"), (), records=True),
    "export-signet": Action(("export", "main", "--format", "signet", "-o", "new.db"), ("new.db",)),
    "export-parquet": Action(
        ("export", "main", "--format", "parquet", "-o", "new.parquet"), ("new.parquet", "new.parquet.md")
    ),
    "report": Action(("report", "m.st", "main", "-n", "5", "-o", "new.html"), ("new.html",), records=True),
    "save-checkpoint": Action(("serve-scorer", "m.st"), ("saved.st",), stdin=json.dumps(SAVE) + "\n"),
}


def make(folder: Path) -> None:
    """A repository with a small world, and a checkpoint trained on it."""
    with Workspace.init(folder) as workspace:
        workspace.generate("tiny", branch="main", seed=7)
    code, _, err = run(folder, Action(("train", "main", "-m", "mlp", "-e", "1", "--no-record", "-o", "m.st"), ()))
    assert code == 0, err


def run(folder: Path, action: Action) -> tuple[int, str, str]:
    """The command line in this process: its exit code, and what it said on stdout and stderr."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    before, given = os.getcwd(), sys.stdin
    os.chdir(folder)
    sys.stdin = io.TextIOWrapper(io.BytesIO(action.stdin.encode()), "utf-8")
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                cli.main(list(action.arguments), "memento")
            except SystemExit as end:
                code = int(end.code or 0)
    finally:
        os.chdir(before)
        sys.stdin = given
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    return code, *said


def traced(folder: Path, action: Action, trace: Path, *options: str) -> tuple[int, str, str]:
    """The same in a fork that strace watches; exit code -N where signal N ended it."""
    go, start = os.pipe()
    told, tell = os.pipe()
    pid = os.fork()
    if not pid:
        code, words = 70, ["", ""]
        try:
            os.close(start)
            os.read(go, 1)
            code, *words = run(folder, action)
        except BaseException as error:
            words[1] = f"Traceback: {type(error).__name__}: {error}"
        with contextlib.suppress(OSError):
            os.write(tell, json.dumps(words).encode()[:60_000])
        os._exit(code)
    os.close(go)
    os.close(tell)
    command = ["strace", "-f", "-o", str(trace), "-p", str(pid), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        line = strace.stderr.readline()
        assert "attached" in line, line
        os.close(start)
        data = b""
        while more := os.read(told, 65_536):
            data += more
        os.close(told)
        _, status = os.waitpid(pid, 0)
        strace.stderr.read()
    out, err = json.loads(data) if data else ("", "")
    return os.waitstatus_to_exitcode(status), out, err


def calls_of(folder: Path, action: Action, trace: Path) -> Counter[str]:
    """How often an action makes each call that may find no room."""
    code, _, err = traced(folder, action, trace, "-e", f"trace={','.join(CALLS)}")
    assert code == 0, err
    found: Counter[str] = Counter()
    for line in trace.read_text().splitlines():
        call = re.match(r"(?:\d+ +)?(\w+)\(", line)
        if call:
            found[call[1]] += 1
    return found


def contents(folder: Path, action: Action) -> dict[str, bytes]:
    """The files of an action that are there."""
    return {name: (folder / name).read_bytes() for name in action.files if (folder / name).exists()}


def records(folder: Path) -> set[str]:
    """The runs recorded."""
    with Workspace.open(folder) as workspace:
        return {record.id for record in workspace.runs.of("main")}


def look(
    folder: Path, action: Action, code: int, out: str, err: str, after: dict[str, bytes], own: set[str]
) -> list[str]:
    """What is neither as before nor as after, and what an error does not say."""
    wrong = []
    refused = code != 0 or '"error"' in out
    if code not in (0, 4) or "Traceback" in err + out:
        wrong.append(f"exit code {code}: {err[-300:]}")
    if code == 4 and ("Error: " not in err or "Hint: " not in err):
        wrong.append(f"the error says too little: {err[-300:]}")
    found = contents(folder, action)
    if found and found != after:
        wrong.append(f"neither before nor after: {', '.join(found)}")
    if not refused and found != after:
        wrong.append("it said that all is well, and wrote nothing")
    for path in sorted(folder.iterdir()):
        if path.suffix == ".partial" and refused:
            try:
                storage.read(path)
            except MementoError as error:
                wrong.append(f"{path.name} is not whole: {error}")
        elif path.name not in (".memento", "m.st", *action.files):
            wrong.append(f"left behind: {path.name}")
    have = records(folder)
    if action.records and not have <= own:
        wrong.append("a record of another run")
    if action.records and not refused and have != own and "not recorded" not in err:
        wrong.append("a run that is not recorded, and no word of it")
    wrong += [f"left behind: {path}" for path in strays(str(folder)) if not path.endswith(".keep")]
    return wrong + fsck(str(folder))


def main() -> int:
    """The sweep."""
    base, name, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    os.environ["MEMENTO_DURABILITY"] = "full"
    torch.set_num_threads(1)
    action, copy, trace = ACTIONS[name], base / "copy", base / "trace"
    make(base / "w")
    shutil.copytree(base / "w", copy)
    code, _, err = run(copy, action)  # everything is loaded then, here and in every fork
    assert code == 0, err
    after, own = contents(copy, action), records(copy)
    shutil.rmtree(copy)
    shutil.copytree(base / "w", copy)
    calls = calls_of(copy, action, trace)
    tried, refused = 0, 0
    wrong: list[str] = []
    for call, times in sorted(calls.items()):
        for number in range(1 + tried % step, times + 1, step):
            tried += 1
            shutil.rmtree(copy)
            shutil.copytree(base / "w", copy)
            options = ("-e", f"trace={call}", "-e", f"inject={call}:error=ENOSPC:when={number}")
            code, out, err = traced(copy, action, trace, *options)
            refused += code != 0 or '"error"' in out
            found = look(copy, action, code, out, err, after, own)
            if action.again and not contents(copy, action):
                again, _, err = run(copy, Action(action.again, action.files))
                if again or contents(copy, action) != after:
                    found.append(f"going on gave {again}: {err[-300:]}")
            wrong += [f"{call} {number} of {times}: {text}" for text in found]
            if len(wrong) > 20:
                break
    print(json.dumps({"calls": dict(calls), "tried": tried, "refused": refused, "wrong": wrong[:40]}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
