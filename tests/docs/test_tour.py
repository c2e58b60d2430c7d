"""docs/tour.md and the tour of README.md: their commands run in order, and print what is shown."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from docs.console import blocks, run

ROOT = Path(__file__).parents[2]
_DECIMALS = re.compile(r"[+-]?\d+\.\d+")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder in which a page begins."""
    for name in ("MEMENTO_DIR", "MEMENTO_AUTHOR", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tour(root: Path) -> None:
    page = blocks((ROOT / "docs" / "tour.md").read_text())
    assert len(page) >= 10
    for block in page:
        for step in block:
            _, printed = run(step.line, root)
            if step.whole:
                assert printed == step.shown, step.line
                continue
            lines = [_DECIMALS.sub("0.0", one) for one in printed]
            for text in step.shown:
                pattern = _DECIMALS.sub("0.0", text).replace("[", "[[]").replace("…", "*")
                assert any(fnmatchcase(one, pattern) for one in lines), f"{step.line}\n{text}\n" + "\n".join(printed)


def test_the_tour_of_the_readme(root: Path) -> None:
    (tour,) = re.findall(r"```sh\n(memento init worlds.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for line in tour.splitlines():
        code, printed = run(line, root)
        assert code == 0, f"{line}\n" + "\n".join(printed)
