"""What happens when the machine fails: full disks, killed writers, Ctrl-C, many writers at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from memento.errors import MementoError, StaleBranch, StoreError
from memento.history import Repository
from memento.history.operations import Operations
from memento.history.oplog import OperationLog
from memento.history.refs import Prepared
from memento.world import tree

from .conftest import Git, edited, line

CALLS = ("write", "fsync", "fdatasync", "rename", "pwrite", "mkdir")
WRITER = """
import sys
sys.path.insert(0, "tests")
from history.conftest import edited
from memento.history import Repository
name, count = sys.argv[2], int(sys.argv[3])
r = Repository.open(sys.argv[1])
for number in range(count):
    with r.exclusive():
        tip = r.resolve("main")
        tree_id = edited(r, r.tree_of(tip), importance=number % 997 / 1000 + (0.0001 if name == "a" else 0.0))
        made = r.commit("main", tree_id, f"{name} {number}", expected=tip)
    print(made, flush=True)
    if name == "k" and number % 3 == 0:
        r.fork("main", f"many{number}-" + made[:6], 40)
"""


def start(repository: Repository, name: str, count: int, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(repository.root), name, str(count)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip


def snapshot(repository: Repository) -> dict[str, str]:
    return {**repository.refs.values("refs/"), "HEAD": repository.refs.read("HEAD")}


def strays(repository: Repository) -> list[Path]:
    return [p for p in repository.path.rglob("*") if p.suffix in (".lock", ".keep") or p.name.startswith("tmp_")]


Action = Callable[[Repository, int], object]
ACTIONS: dict[str, Action] = {
    "commit": lambda r, n: r.commit("main", edited(r, r.tree_of("main"), importance=n / 1000), f"again {n}"),
    "fork": lambda r, n: r.fork("main", f"exp{n}/one"),
    "many": lambda r, n: r.fork("main", f"many{n}", 50),
    "rename": lambda r, n: r.rename_branch("main", f"trunk{n}"),
    "tag": lambda r, n: r.tag(f"v{n}", "main", "words"),
    "undo": lambda r, n: r.undo(),
}


@pytest.mark.parametrize("action", list(ACTIONS))
def test_a_disk_that_fills_at_any_call_leaves_old_or_new(
    repository: Repository, first: str, git: Git, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMENTO_DURABILITY", "full")
    line(repository, 1)
    repository.close()
    failed_at = 0
    while True:
        with Repository.open(repository.root) as opened:
            before = snapshot(opened)
            seen = [0]

            def failing(original: Callable[..., object], limit: int, seen: list[int] = seen) -> Callable[..., object]:
                def call(*arguments: object, **options: object) -> object:
                    seen[0] += 1
                    if seen[0] == limit:
                        raise OSError(28, "No space left on device")
                    return original(*arguments, **options)

                return call

            with monkeypatch.context() as patch:
                for name in CALLS:
                    patch.setattr(os, name, failing(getattr(os, name), failed_at + 1))
                said = "disk"
                try:
                    ACTIONS[action](opened, failed_at)
                except StoreError as error:
                    said = error.message
            assert "disk" in said
        failed_at += 1
        with Repository.open(repository.root) as opened:
            after = snapshot(opened)
            if seen[0] < failed_at:
                assert said == "disk"
                break
            new = {ref: value for ref, value in after.items() if before.get(ref) != value}
            if new:
                operation = next(opened.operations())
                assert all(after.get(ref, "") == value for ref, _, value in operation.changes)
                if action == "undo":
                    opened.redo()
                else:
                    opened.undo()
            assert not strays(opened)
            assert not opened._operations.log.unsettled()
    assert failed_at > 12
    git("fsck", "--strict")


def test_a_file_size_limit_is_a_store_error(repository: Repository, first: str) -> None:
    program = (
        "import resource, sys; sys.path.insert(0, 'tests')\n"
        "from history.conftest import small_world\n"
        "from memento.history import Repository\n"
        "from memento.world import tree\n"
        "from memento.errors import StoreError\n"
        "r = Repository.open(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: r.commit('main', tree.write(r.objects, small_world(3000, 5)), 'big')\n"
        "except StoreError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(repository.root)], capture_output=True, text=True, check=True
    )
    assert "the file grew over the size" in done.stdout
    assert repository.resolve("main") == first
    assert not strays(repository)
    line(repository, 1)


@pytest.mark.parametrize("place", ["announce", "finish", "settle", "flush", "prepare"])
def test_ctrl_c_in_the_middle_of_a_commit(
    repository: Repository, first: str, git: Git, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = {"announce": OperationLog, "settle": OperationLog, "finish": Prepared}.get(place)
    target: object = owner or (repository.objects if place == "flush" else repository.refs)
    original = getattr(target, place)

    def interrupted(*arguments: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(target, place, interrupted)
        with pytest.raises(KeyboardInterrupt):
            line(repository, 1)
    assert not strays(repository)
    with Repository.open(repository.root) as opened:
        landed = opened.resolve("main") != first
        assert next(opened.operations()).description == ("commit main 0" if landed else "commit first")
        assert landed == (place in ("announce", "finish", "settle"))
    line(repository, 1)
    git("fsck", "--strict")


def test_an_announced_operation_is_completed_by_the_next_process(
    repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Prepared) -> None:
        os.rename(self.locks[0], self.locks[0].removesuffix(".lock"))
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Prepared, "finish", killed)
        patch.setattr("memento.history.lock.os.ftruncate", lambda *_: None)
        with pytest.raises(SystemExit):
            repository.fork("main", "exp", 3)
    assert repository.branch_names() == ["main"]
    with Repository.open(repository.root) as opened:
        assert opened.branch_names() == ["exp-1", "exp-2", "exp-3", "main"]
        assert not strays(opened)
        opened.undo()
        assert opened.branch_names() == ["main"]


def test_reading_beside_a_live_writer_does_not_touch_its_operation(repository: Repository, first: str) -> None:
    with repository.exclusive():
        repository._operations.log.announce(repository._operations.log.tip)
        with Repository.open(repository.root) as reader:
            assert reader.resolve("main") == first
        assert repository._operations.log.unsettled()
    assert isinstance(repository._operations, Operations)


def test_killed_writers_lose_nothing_and_block_nobody(repository: Repository, first: str, git: Git) -> None:
    rng = random.Random(7)
    acknowledged: list[str] = []
    for _ in range(30):
        writer = start(repository, "k", 10_000)
        assert writer.stdout is not None
        assert writer.stderr is not None
        said = [writer.stdout.readline() for _ in range(1 + rng.randrange(4))]
        time.sleep(rng.random() * 0.006)
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.read().splitlines(keepends=True)
        assert writer.wait() == -signal.SIGKILL, writer.stderr.read()
        writer.stdout.close()
        writer.stderr.close()
        acknowledged += [text.strip() for text in said if text.endswith("\n")]
        began = time.monotonic()
        with Repository.open(repository.root) as opened:
            line(opened, 1)
            assert not strays(opened)
        assert time.monotonic() - began < 3
    assert len(acknowledged) >= 30
    with Repository.open(repository.root) as opened:
        history = {commit.id for commit in opened.log("main")}
        assert set(acknowledged) <= history
        for operation in opened.operations(limit=40):
            forked = [ref for ref, before, _ in operation.changes if not before]
            present = [ref for ref in forked if opened.refs.read(ref)]
            assert present in ([], forked)
        tree.read(opened.objects, opened.tree_of())
    git("fsck", "--full", "--strict")


def test_writers_at_once_lose_nothing(repository: Repository, first: str, git: Git) -> None:
    writers = [start(repository, name, 25) for name in "abcd"]
    claimed: list[str] = []
    for writer in writers:
        out, err = writer.communicate(timeout=120)
        assert writer.returncode == 0, err
        claimed += out.split()
    history = [commit.id for commit in repository.log("main")]
    assert len(claimed) == 100
    assert sorted(history) == sorted([*claimed, first])
    assert sum(1 for _ in repository.operations()) == 101
    git("fsck", "--full", "--strict")


def test_a_lost_race_is_told_and_retried(repository: Repository, first: str) -> None:
    with Repository.open(repository.root) as other:
        tip = repository.resolve("main")
        line(other, 1)
        with pytest.raises(StaleBranch):
            repository.commit("main", edited(repository, repository.tree_of(tip)), "late", expected=tip)
        assert isinstance(StaleBranch("x"), MementoError)
        line(repository, 1)
    assert len(list(repository.log("main"))) == 3


@pytest.mark.parametrize("place", ["announce", "finish"])
def test_ctrl_c_that_reaches_the_process_through_another_thread(
    repository: Repository, first: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner: object = {"announce": OperationLog, "finish": Prepared}[place]
    original, done = getattr(owner, place), threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()

    def interrupted(*arguments: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return original(*arguments)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(owner, place, interrupted)
            with pytest.raises(KeyboardInterrupt):
                line(repository, 1)
    finally:
        done.set()
        other.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not strays(repository)
    assert repository.resolve("main") != first
    assert not repository._operations.log.unsettled()


def test_a_repository_that_cannot_complete_an_operation_can_be_read(
    repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Prepared) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Prepared, "finish", fails)
    with pytest.raises(StoreError, match="recorded"):
        line(repository, 1)
    with Repository.open(repository.root) as opened:
        assert opened.resolve("main") == first
    monkeypatch.undo()
    with Repository.open(repository.root) as opened:
        assert opened.resolve("main") != first
