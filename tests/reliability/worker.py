"""Work that is to be killed, failed and watched: run as a process of its own.

``python tests/reliability/worker.py FOLDER KIND COUNT [NAME]`` does COUNT pieces of work in the repository of
FOLDER and acknowledges each on stdout, in one line, once memento has said that it is done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count as numbers

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from history.conftest import edited, small_world

from memento.workspace import Workspace
from memento.world import tree


def make(folder: str) -> None:
    """A repository with a small world on main, and a few commits."""
    with Workspace.init(folder) as workspace:
        workspace.commit_world("main", small_world(), "first")
        for number in range(3):
            commit(workspace, number)


def commit(workspace: Workspace, number: int, branch: str = "main") -> str:
    """One edit onto a branch; again where another writer was faster."""
    repository = workspace.repository
    with repository.exclusive():
        tip = repository.resolve(f"refs/heads/{branch}")
        tree_id = edited(repository, repository.tree_of(tip), f"m0-{number % 40}", (number % 997 + 1) / 1000)
        return repository.commit(branch, tree_id, f"edit {number}", expected=tip)


def edit(workspace: Workspace, number: int) -> str:
    """One edit onto main as anybody makes it, planned again where another writer was faster."""
    value = (number * 7919 + os.getpid() * 104_729) % 999_983 / 999_983
    return workspace.edit("main", [f"memory:m0-{number % 40}", f"importance={value:.9f}"]).commit


def merge(workspace: Workspace, number: int) -> str:
    """Another branch with an edit of its own, merged into main."""
    name = f"side/{os.getpid()}-{number}"
    workspace.fork("main", name)
    with workspace.repository.exclusive():
        tip = workspace.repository.resolve(name)
        tree_id = edited(workspace.repository, workspace.repository.tree_of(tip), f"m1-{number % 40}", number % 89 / 90)
        workspace.repository.commit(name, tree_id, f"side {number}", expected=tip)
    commit(workspace, number)
    made = workspace.merge(name, into="main")
    return made.commit


def fork(workspace: Workspace, number: int) -> str:
    """Forty branches in one operation, and an older forty away again."""
    repository = workspace.repository
    names = workspace.fork("main", f"many/{os.getpid()}-{number}", 40)
    if number % 2:
        repository.delete_branch(*names)
    return repository.resolve("main")


def tag(workspace: Workspace, number: int) -> str:
    """A tag with words, which is an object of its own."""
    workspace.repository.tag(f"t{os.getpid()}-{number}", "main", "words")
    return workspace.repository.resolve("main")


def undo(workspace: Workspace, number: int) -> str:
    """A branch made, and taken back."""
    workspace.fork("main", f"gone/{os.getpid()}-{number}")
    workspace.repository.undo()
    return workspace.repository.resolve("main")


def large(workspace: Workspace, number: int) -> str:
    """A whole world onto a branch of its own."""
    world = small_world(400, number)
    return workspace.commit_world(f"large/{os.getpid()}-{number}", world, "large")


def rebase(workspace: Workspace, number: int) -> str:
    """A branch of three commits, put on top of main, which has moved."""
    name = f"topic/{os.getpid()}-{number}"
    workspace.fork("main", name)
    for step in range(3):
        with workspace.repository.exclusive():
            tip = workspace.repository.resolve(name)
            tree_id = edited(workspace.repository, workspace.repository.tree_of(tip), f"m2-{step}", number % 83 / 84)
            workspace.repository.commit(name, tree_id, f"topic {number} {step}", expected=tip)
    commit(workspace, number)
    return workspace.merges.rebase("main", name).commit


def gc(workspace: Workspace, number: int) -> str:
    """A commit, and everything packed anew."""
    made = commit(workspace, number)
    workspace.repository.gc(0.0)
    return made


def prune(workspace: Workspace, number: int) -> str:
    """Forty branches made, and pruned in one operation."""
    names = workspace.fork("main", f"variants/{os.getpid()}-{number}", 40)
    workspace.repository.prune(*names, why="of no use")
    return workspace.repository.resolve("main")


def push(workspace: Workspace, number: int) -> str:
    """A commit, pushed to another repository inside of this one's folder."""
    peer = workspace.repository.root / "peer"
    if not workspace.remotes.all():
        Workspace.init(peer).close()
        workspace.remotes.add("peer", str(peer))
    made = commit(workspace, number)
    workspace.remotes.push("peer", ["main"])
    return made


WORK: dict[str, Callable[[Workspace, int], str]] = {
    "commit": commit,
    "edit": edit,
    "merge": merge,
    "fork": fork,
    "tag": tag,
    "undo": undo,
    "large": large,
    "rebase": rebase,
    "gc": gc,
    "prune": prune,
    "push": push,
}
MIXED = ("commit", "merge", "fork", "tag", "large", "commit", "rebase", "prune", "gc", "commit")


def work(folder: str, kind: str, count: int, name: str = "") -> Iterator[str]:
    """Does the work; gives a line for each piece that is done."""
    with Workspace.open(folder) as workspace:
        for number in range(count) if count else numbers():
            at = number * 31 + ord(name[-1]) % 31 if name else number
            if kind == "own":
                branch = f"own/{name}"
                if not workspace.repository.has_branch(branch):
                    workspace.fork("main", branch)
                yield commit(workspace, at, branch)
            elif kind == "mixed":
                yield WORK[MIXED[number % len(MIXED)]](workspace, at)
            else:
                yield WORK[kind](workspace, at)


def look(folder: str) -> int:
    """Reads every branch's world until told to stop; returns how often it could."""
    done = 0
    while not os.path.exists(os.path.join(folder, "stop")):
        with Workspace.open(folder) as workspace:
            repository = workspace.repository
            for branch in repository.branch_names()[:20]:
                tree.read(repository.objects, repository.tree_of(f"refs/heads/{branch}"))
            sum(1 for _ in repository.log("main", limit=50))
        done += 1
    return done


def main() -> None:
    """The command line."""
    folder, kind, number, *name = sys.argv[1:]
    if kind == "make":
        make(folder)
    elif kind == "look":
        print(look(folder), flush=True)
    else:
        for line in work(folder, kind, int(number), *name):
            print(line, flush=True)


if __name__ == "__main__":
    main()
