"""Ten thousand variants of a world of 500 memories, each with an edit or two: milliseconds and bytes for each, and
the same commits written by ``git fast-import``, which keeps differences too."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from memento import scenario
from memento.history import Repository
from memento.vary import parse
from memento.vary.expand import Expansion, expand
from memento.workspace import Workspace
from memento.world import tree
from tests.history.conftest import small_world

VARIANTS = 10_000
OPERATORS = ["jitter:share=0.004"]


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    with Repository.init(folder) as repository:
        repository.commit("main", tree.write(repository.objects, small_world(500)), "first")
    return folder


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "objects" / "pack").iterdir())


def by_git(repository: Path, folder: Path) -> tuple[float, int]:
    """Seconds and bytes of git for the branches of a repository, from a stream of what each changes."""
    stream = subprocess.run(["git", "-C", repository, "fast-export", "--branches"], capture_output=True, check=True)
    subprocess.run(["git", "init", "--bare", "-q", folder], check=True)
    start = time.perf_counter()
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], input=stream.stdout, check=True)
    return time.perf_counter() - start, size(folder)


def test_ten_thousand_variants(benchmark: Any, base: Path, tmp_path: Path) -> None:
    made: list[tuple[Path, Expansion]] = []

    def setup() -> tuple[tuple[Path], dict[str, Any]]:
        folder = tmp_path / str(len(made))
        shutil.copytree(base, folder)
        return (folder,), {}

    def run(folder: Path) -> None:
        with Repository.open(folder) as repository:
            made.append((folder, expand(repository, "main", parse(OPERATORS), fanout=VARIANTS)))

    benchmark.pedantic(run, setup=setup, rounds=2)
    folder, found = made[-1]
    count = len(found.variants)
    seconds, bytes_of_git = by_git(folder / ".memento", tmp_path / "git")
    benchmark.extra_info.update(
        variants=count,
        ms_each=1000 * benchmark.stats.stats.min / count,
        bytes_each=(size(folder / ".memento") - size(base / ".memento")) / count,
        git_ms_each=1000 * seconds / count,
        git_bytes_each=bytes_of_git / count,
        ratio=benchmark.stats.stats.min / seconds,
    )


def test_a_deep_tree(benchmark: Any, tmp_path: Path) -> None:
    """About a thousand variants, three levels deep, by four operators, with two workers."""
    with Workspace.init(tmp_path / "base") as workspace:
        workspace.generate(scenario.load("developer-week"), "main", 0)
    base = size(tmp_path / "base" / ".memento")
    made: list[tuple[Path, Expansion]] = []

    def setup() -> tuple[tuple[Path], dict[str, Any]]:
        folder = tmp_path / str(len(made))
        shutil.copytree(tmp_path / "base", folder)
        return (folder,), {}

    def run(folder: Path) -> None:
        with Repository.open(folder) as repository:
            operators = parse(["synonym", "tone", "domain", "reschedule"])
            made.append((folder, expand(repository, "main", operators, depth=3, fanout=10, workers=2)))

    benchmark.pedantic(run, setup=setup, rounds=2)
    folder, found = made[-1]
    assert made[0][1] == found
    benchmark.extra_info.update(
        variants=len(found.variants),
        ms_each=1000 * benchmark.stats.stats.min / len(found.variants),
        megabytes=(size(folder / ".memento") - base) / 1e6,
    )
