"""Does what a user does with a repository from a stranger, and prints how each step ended: ok, refused, or else.

``python tests/reliability/visitor.py SECONDS MEGABYTES``, folders on stdin: a visit may take so long, and so much
memory more than Python and its libraries do.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable

from memento.changes import merge  # noqa: F401  (loaded before memory is counted)
from memento.errors import MementoError
from memento.workspace import Workspace
from memento.world import check, tree
from memento.world.world import Manifest  # noqa: F401


def _steps(folder: str) -> dict[str, Callable[[Workspace], object]]:
    def commit(workspace: Workspace) -> None:
        repository = workspace.repository
        repository.commit("visitor", repository.tree_of("main"), "a visit")
        repository.undo()

    return {
        "branches": lambda w: w.repository.branches(),
        "tags": lambda w: w.repository.tags(),
        "head": lambda w: w.repository.head,
        "log": lambda w: list(w.repository.log("main")),
        "operations": lambda w: list(w.repository.operations()),
        "read": lambda w: tree.read(w.repository.objects, w.repository.tree_of("main")),
        "check": lambda w: check.check(w.world_at("main")),
        "diff": lambda w: w.diff("main", "main~1").stat(),
        "record": lambda w: w.record("main", "memories", "m0-0"),
        "merge": lambda w: w.merge_in_progress(),
        "fork": lambda w: w.fork("main", "a-fork", 3),
        "commit": commit,
        "behind": lambda w: w.fork("main", "folder/x"),
    }


def visit(folder: str) -> dict[str, str]:
    """How each step ended."""
    report: dict[str, str] = {}
    try:
        workspace = Workspace.open(folder)
    except MementoError as error:
        return {"open": "refused" if error.message and error.hint else f"says too little: {error}"}
    except Exception as error:
        return {"open": f"{type(error).__name__}: {error}"}
    for name, step in _steps(folder).items():
        try:
            step(workspace)
            report[name] = "ok"
        except MementoError as error:
            report[name] = "refused" if error.message else "says nothing"
        except Exception as error:
            report[name] = f"{type(error).__name__}: {error}"
    workspace.close()
    return report


def main() -> None:
    """Visits each folder named on stdin in a fork of its own; answers in one line each."""
    seconds, megabytes = int(sys.argv[1]), int(sys.argv[2])
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            with open("/proc/self/statm") as file:
                now = int(file.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (now + (megabytes << 20), resource.RLIM_INFINITY))
            signal.alarm(seconds)
            print(json.dumps(visit(line.rstrip("\n"))), flush=True)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if status:
            print(json.dumps({"open": f"ended by signal {status & 127}, exit code {status >> 8}"}), flush=True)


if __name__ == "__main__":
    main()
