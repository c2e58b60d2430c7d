"""Every write-like system call of an action fails, or is the last, in turn: the old state or the new, never a third.

With `strace -e inject` (package strace, where tracing is allowed) around a process of its own, so that nothing of what
memento asks the kernel for is missed, whatever library asks. The same is done call by call inside one process, for
more actions, in tests/history/test_faults.py.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from memento.workspace import Workspace
from memento.world import tree

from . import worker
from .killer import fsck, strays

WORKER = Path(__file__).with_name("worker.py")
CALLS = [
    *("write", "pwrite64", "pwritev", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat"),
    *(
        "mkdir",
        "mkdirat",
        "rmdir",
        "ftruncate",
        "truncate",
        "link",
        "linkat",
        "symlink",
        "utimensat",
        "chmod",
        "fchmod",
    ),
    *("sendfile", "copy_file_range"),
]
FAILURES = ("error=EIO", "error=ENOSPC", "signal=SIGKILL")


def _traced(folder: Path, arguments: list[str], *options: str) -> subprocess.CompletedProcess[str]:
    command = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", str(folder / "trace"), *options, sys.executable, "-B"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "MEMENTO_DURABILITY": "full"}
    return subprocess.run([*command, *arguments], capture_output=True, text=True, env=environment, check=False)


@functools.cache
def tracing(attach: bool = False) -> str:
    """Why system calls cannot be made to fail here, or those of a process that runs; empty where they can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    if attach:
        with subprocess.Popen(["sleep", "9"]) as process:
            command = ["strace", "-p", str(process.pid), "-o", os.devnull]
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
                assert strace.stderr is not None
                said = strace.stderr.readline()
                process.kill()
        return "" if "attached" in said else "strace may not attach here"
    options = ["-f", "-qq", "-o", os.devnull, "-e", "trace=rename", "-e", "inject=rename:error=EIO"]
    program = "import os\ntry: os.rename('/nowhere', '/nowhere')\nexcept OSError as e: print(e.errno)"
    done = subprocess.run(
        ["strace", *options, sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    return "" if done.stdout.strip() == "5" else "strace may not trace here"


pytestmark = pytest.mark.skipif(bool(tracing()), reason=tracing() or "it can")


def calls_of(folder: Path, kind: str) -> Counter[str]:
    """How often an action makes each write-like call, the interpreter's own start included."""
    shutil.rmtree(folder / "copy", ignore_errors=True)
    shutil.copytree(folder / "w", folder / "copy")
    done = _traced(folder, [str(WORKER), str(folder / "copy"), kind, "1"], "-e", f"trace={','.join(CALLS)}")
    assert done.returncode == 0, done.stderr
    found: Counter[str] = Counter()
    for line in (folder / "trace").read_text().splitlines():
        call = re.match(r"\d+ +(\w+)\(", line)
        if call:
            found[call[1]] += 1
    return found


def state(folder: Path) -> dict[str, str]:
    with Workspace.open(folder) as workspace:
        refs = workspace.repository.refs
        return {**refs.values("refs/heads/"), **refs.values("refs/tags/"), "HEAD": refs.read("HEAD")}


def sweep(folder: Path, kind: str, step: int, failures: tuple[str, ...]) -> int:
    """Fails each `step`-th call of an action, in each of some ways; returns how many were tried."""
    worker.make(str(folder / "w"))
    tried = 0
    for call, times in sorted(calls_of(folder, kind).items()):
        for number in range(1 + (tried % step), times + 1, step):
            for failure in failures:
                tried += 1
                copy = folder / "copy"
                shutil.rmtree(copy)
                shutil.copytree(folder / "w", copy)
                before = state(copy)
                inject = f"inject={call}:{failure}:when={number}"
                done = _traced(folder, [str(WORKER), str(copy), kind, "1"], "-e", f"trace={call}", "-e", inject)
                what = f"{kind}, {call} {number} {failure}: {done.stderr[-400:]}"
                if done.returncode > 0:
                    assert re.search(r"^memento\.errors\.|print\(line", done.stderr, re.MULTILINE), what
                _look(copy, before, done.stdout.split(), what)
    return tried


def _look(copy: Path, before: dict[str, str], acknowledged: list[str], what: str) -> None:
    with Workspace.open(copy) as workspace:
        repository = workspace.repository
        after = state(copy)
        for ref, value in before.items():
            if ref not in after:
                pytest.fail(f"{what}: {ref} is gone")
            assert ref == "HEAD" or repository.is_ancestor(value, after[ref]), what
        for ref in after:
            if ref != "HEAD":
                tree.read(repository.objects, repository.tree_of(ref))
        for commit in acknowledged:
            assert commit in {c.id for c in repository.log(*repository.branch_names())}, what
        worker.commit(workspace, 500)
        assert [path for path in strays(str(copy)) if not path.endswith(".keep")] == [], what
        repository.gc()
        moved = [operation.changes for operation in repository.operations()]
    with Workspace.open(copy) as workspace:
        refs = workspace.repository.refs
        last: dict[str, str] = {}
        for changes in reversed(moved):
            last.update({ref: value for ref, _, value in changes})
        assert all(refs.read(ref) == value for ref, value in last.items()), f"{what}: part of an operation happened"
    assert strays(str(copy)) == [], what
    assert fsck(str(copy)) == [], what


@pytest.mark.parametrize("failure", FAILURES)
def test_some_calls_of_a_commit(tmp_path: Path, failure: str) -> None:
    assert sweep(tmp_path, "commit", 9, (failure,)) >= 4


@pytest.mark.long
@pytest.mark.parametrize("kind", ["commit", "merge", "fork", "tag", "undo", "large", "rebase", "prune", "gc", "push"])
def test_every_call(tmp_path: Path, kind: str) -> None:
    assert sweep(tmp_path, kind, 1, FAILURES) > 60
