"""What a power cut leaves: a file system in an image, copied under a writer that is stopped at a random instant.

What the kernel had not yet written to the image is lost, as at a real cut; the journal is replayed when the copy is
mounted. Needs loop devices and the right to mount; the short version tries ext4 alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from memento.workspace import Workspace
from memento.world import tree

from . import worker
from .killer import SLOW, fsck, strays

WORKER = Path(__file__).with_name("worker.py")
MEGABYTES = {"ext4": 24, "xfs": 320, "btrfs": 128}
QUIET = {"ext4": ["-q", "-F"], "xfs": ["-q", "-f"], "btrfs": ["-q", "-f"]}


def _run(*command: object) -> bool:
    return subprocess.run([str(word) for word in command], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def mounted(image: Path, point: Path) -> Iterator[Path]:
    point.mkdir(exist_ok=True)
    options = "loop,nouuid" if image.name.startswith("xfs") else "loop"
    if not _run("mount", "-o", options, image, point):
        pytest.skip("file systems cannot be mounted here")
    try:
        yield point
    finally:
        while not _run("umount", point):
            time.sleep(0.05)


def made(folder: Path, kind: str) -> Path:
    """An image with a file system that holds a small repository."""
    image = folder / f"{kind}.img"
    with image.open("wb") as file:
        file.truncate(MEGABYTES[kind] << 20)
    if shutil.which(f"mkfs.{kind}") is None or not _run(f"mkfs.{kind}", *QUIET[kind], image):
        pytest.skip(f"there is no mkfs.{kind} here")
    with mounted(image, folder / "at") as point:
        worker.make(str(point))
        assert _run("sync", "-f", point)
    return image


def cut(folder: Path, image: Path, kind: str, chance: random.Random) -> list[str]:
    """Works in the image until it is copied under the worker; returns what was acknowledged by then."""
    said = folder / "said"
    with mounted(image, folder / "at") as point:
        with said.open("wb") as out:
            command = [sys.executable, str(WORKER), str(point), kind, "0"]
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        while said.stat().st_size < 41 * (1 + chance.randrange(4)):
            time.sleep(0.002)
            assert process.poll() is None
        time.sleep(chance.random() * 0.03)
        process.send_signal(signal.SIGSTOP)
        acknowledged = said.read_text().split()
        shutil.copy(image, folder / f"{image.stem}-cut.img")
        process.kill()
        process.wait()
    return acknowledged


def look(folder: Path, image: Path, acknowledged: list[str], number: int) -> None:
    with mounted(folder / f"{image.stem}-cut.img", folder / "after") as point:
        for path in Path(point, ".memento").rglob("*.lock"):
            os.utime(path, (1, 1))  # from before the machine started, as after a real cut
        began = time.monotonic()
        with Workspace.open(point) as workspace:
            repository = workspace.repository
            history = {commit.id for commit in repository.log(*repository.branch_names())}
            assert set(acknowledged) <= history, "an acknowledged commit is lost"
            for branch in repository.branch_names():
                tree.read(repository.objects, repository.tree_of(f"refs/heads/{branch}"))
            worker.commit(workspace, number)
            assert time.monotonic() - began < SLOW
            repository.gc()
        assert [path for path in strays(str(point)) if not _emptied(Path(path))] == []
        assert fsck(str(point)) == []


def _emptied(path: Path) -> bool:
    """A ``.keep`` whose words were lost: it may be a user's own, so it stays, and its small pack with it."""
    return path.suffix == ".keep" and not path.read_bytes().strip(b"\0")


def cuts(folder: Path, system: str, kind: str, count: int, seed: int) -> dict[str, int]:
    chance, image, total = random.Random(seed), made(folder, system), 0
    for number in range(count):
        acknowledged = cut(folder, image, kind, chance)
        total += len(acknowledged)
        look(folder, image, acknowledged, number)
        (folder / f"{image.stem}-cut.img").unlink()
    print(json.dumps({"file system": system, "cuts": count, "acknowledged": total}))
    return {"acknowledged": total}


pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")


def test_three_power_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMENTO_DURABILITY", "full")
    assert cuts(tmp_path, "ext4", "mixed", 3, 5)["acknowledged"] >= 3


@pytest.mark.long
@pytest.mark.parametrize("system", list(MEGABYTES))
def test_forty_power_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setenv("MEMENTO_DURABILITY", "full")
    assert cuts(tmp_path, system, "mixed", 40, 6)["acknowledged"] >= 40
