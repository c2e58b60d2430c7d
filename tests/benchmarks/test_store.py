"""Commit, diff, fork and load against pygit2 and a bare rewrite of packed-refs, in one run."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pygit2
import pytest
from pygit2.enums import ObjectType, Option

from memento.changes.diff import diff_trees
from memento.workspace import Workspace
from memento.world import tree
from memento.world.objects import Entry, tree_bytes
from memento.world.world import World

ROUNDS = 40
Measure = Callable[[Callable[[int], Any], int], float]


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def new_objects(workspace: Workspace, old: str, new: str) -> list[tuple[str, bytes]]:
    """The trees and blobs that only the newer of two trees has."""
    objects = workspace.repository.objects
    found: list[tuple[str, bytes]] = []

    def walk(a: str | None, b: str) -> None:
        olds = {entry.name: entry for entry in objects.tree(a)} if a else {}
        entries: tuple[Entry, ...] = objects.tree(b)
        for entry in entries:
            before = olds.get(entry.name)
            if before is not None and before.id == entry.id:
                continue
            if entry.folder:
                walk(before.id if before else None, entry.id)
            else:
                found.append(("blob", objects.blob(entry.id)))
        found.append(("tree", tree_bytes(entries)))

    walk(old, new)
    return found


@pytest.mark.parametrize("durability", ["fast", "full"])
def test_commit_of_one_edit(
    benchmark: Any,
    large: Workspace,
    large_world: World,
    tmp_path: Path,
    durability: str,
) -> None:
    """A one-record edit in 100,000 memories: find, change, write, commit, ref and operation log.

    In turn with pygit2, which writes the same blobs, trees, commit and ref, but no operation; with
    nothing synced (fast) and with everything synced (full, the default).
    """
    keys = large_world.memories.keys
    repository = large.repository
    repository.objects.durable = repository.refs.durable = durability == "full"
    objects = repository.objects
    state = {"round": 0}

    def edit() -> None:
        state["round"] += 1
        number = state["round"]
        parent = repository.commit_of("main")
        row = tree.find(objects, parent.tree, "memories", [keys[number * 37]])
        delta = tree.Delta({"memories": row.replace(importance=[number / 1000])})
        repository.commit("main", tree.apply(objects, parent.tree, delta), "edit", expected=parent.id)

    edit()
    before = size_of(repository.path)
    benchmark.pedantic(edit, rounds=ROUNDS, iterations=1)
    written = (size_of(repository.path) - before) / ROUNDS

    native = pygit2.init_repository(str(tmp_path / "native"), bare=True)
    signature = pygit2.Signature("memento", "memento@localhost", 1, 0)
    empty = native.TreeBuilder().write()
    native.create_commit("refs/heads/main", signature, signature, "base", empty, [])
    kinds = {"blob": ObjectType.BLOB, "tree": ObjectType.TREE}
    # The reference repository holds the new objects only, not all that their trees lead to.
    pygit2.option(Option.ENABLE_STRICT_OBJECT_CREATION, False)
    pygit2.option(Option.ENABLE_FSYNC_GITDIR, durability == "full")
    ours, theirs = [], []
    try:
        for _ in range(ROUNDS):
            old = repository.tree_of("main")
            start = time.perf_counter()
            edit()
            ours.append(time.perf_counter() - start)
            wanted = new_objects(large, old, repository.tree_of("main"))
            start = time.perf_counter()
            for kind, data in wanted:
                made = native.write(kinds[kind], data)
            parent = native.references["refs/heads/main"].target
            native.create_commit("refs/heads/main", signature, signature, "edit", made, [parent])
            theirs.append(time.perf_counter() - start)
    finally:
        pygit2.option(Option.ENABLE_FSYNC_GITDIR, False)
        pygit2.option(Option.ENABLE_STRICT_OBJECT_CREATION, True)
    benchmark.extra_info.update(
        ms=round(1e3 * median(ours), 3),
        pygit2_ms=round(1e3 * median(theirs), 3),
        ratio=round(median(ours) / median(theirs), 2),
        bytes=round(written),
    )


def plumbing(folder: Path, new: list[tuple[str, bytes]], number: int) -> None:
    """The same objects and a commit of them by git's plumbing: hash-object, mktree's part, commit-tree, update-ref."""

    def git(*words: str, data: bytes = b"") -> str:
        done = subprocess.run(["git", "-C", str(folder), *words], input=data, capture_output=True, check=True)
        return done.stdout.decode().strip()

    made = [git("hash-object", "-w", "-t", kind, "--literally", "--stdin", data=data) for kind, data in new]
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    commit = git(*who, "commit-tree", "-m", f"edit {number}", made[-1])
    git("update-ref", "refs/heads/main", commit)


def test_commit_beside_gits_plumbing(benchmark: Any, large: Workspace, large_world: World, tmp_path: Path) -> None:
    """The same edit as above, everything synced, in turn with git's plumbing (one process a step)."""
    repository, objects, keys = large.repository, large.repository.objects, large_world.memories.keys
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "native")], check=True)
    ours, theirs = [], []

    def edit(number: int) -> None:
        parent = repository.commit_of("main")
        row = tree.find(objects, parent.tree, "memories", [keys[number * 37]])
        delta = tree.Delta({"memories": row.replace(importance=[number / 1000])})
        repository.commit("main", tree.apply(objects, parent.tree, delta), "edit", expected=parent.id)

    for number in range(1, 13):
        old = repository.tree_of("main")
        start = time.perf_counter()
        edit(number)
        ours.append(time.perf_counter() - start)
        new = new_objects(large, old, repository.tree_of("main"))
        start = time.perf_counter()
        plumbing(tmp_path / "native", new, number)
        theirs.append(time.perf_counter() - start)
    benchmark.pedantic(lambda: edit(50), rounds=1, iterations=1)
    benchmark.extra_info.update(
        ms=round(1e3 * median(ours), 2),
        git_plumbing_ms=round(1e3 * median(theirs), 2),
        ratio=round(median(ours) / median(theirs), 3),
    )


def test_diff_of_ten_records(benchmark: Any, large: Workspace, large_world: World) -> None:
    """Ten edited records in 100,000, found and decoded field by field."""
    objects = large.repository.objects
    old = large.repository.tree_of("main")
    rows = large_world.memories.take(range(0, 100_000, 10_000))
    new = tree.apply(objects, old, tree.Delta({"memories": rows.replace(importance=[0.123] * 10)}))
    large.repository.commit("edited", new, "ten edits")
    found = benchmark(lambda: list(diff_trees(objects, old, new).records()))
    assert len(found) == 10
    benchmark.extra_info.update(ms=round(1e3 * benchmark.stats.stats.median, 3))


def test_fork_of_ten_thousand(benchmark: Any, large: Workspace, tmp_path: Path, median_of: Measure) -> None:
    """10,000 branches, against writing the same packed-refs file once by hand, synced."""
    state = {"round": 0}

    def fork() -> None:
        state["round"] += 1
        large.fork("main", f"f{state['round']}", 10_000)

    benchmark.pedantic(fork, rounds=1, iterations=1)
    tip = large.repository.resolve("main")

    def reference(number: int) -> None:
        lines = sorted(f"{tip} refs/heads/f1-{n:05d}\n" for n in range(1, 10_001))
        with (tmp_path / f"packed-{number}").open("w") as file:
            file.write("# pack-refs with: peeled fully-peeled sorted \n" + "".join(lines))
            file.flush()
            os.fsync(file.fileno())

    theirs = median_of(reference, 5)
    ours = benchmark.stats.stats.median
    assert len(large.repository.branch_names()) == 10_001
    benchmark.extra_info.update(
        ms=round(1e3 * ours, 1), bare_rewrite_ms=round(1e3 * theirs, 1), of_prototype_47_ms=round(ours / 0.047, 2)
    )


def test_load_of_all_memories(benchmark: Any, large: Workspace) -> None:
    """100,000 memories from the packed store to columns; a fresh handle each time, caches cold."""
    path = large.repository.root

    def load() -> int:
        with Workspace.open(path) as fresh:
            objects = fresh.repository.objects
            return len(tree.read_table(objects, fresh.repository.tree_of("main"), "memories"))

    assert benchmark.pedantic(load, rounds=7, iterations=1) == 100_000
    benchmark.extra_info.update(ms=round(1e3 * benchmark.stats.stats.median, 1))
