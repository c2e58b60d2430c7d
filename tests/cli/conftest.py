"""A command line to call, and a small repository to call it in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from memento.cli.main import cli


@dataclass(frozen=True)
class Result:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one document on stdout; fails where stdout holds anything else."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        assert document["schema"].startswith("memento.")
        return document

    @property
    def hint(self) -> str:
        """What stands after ``Hint:`` on stderr."""
        return self.err.partition("Hint: ")[2].strip()


class Shell:
    """Runs command lines in one folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = monkeypatch

    def __call__(self, *arguments: object, code: int | None = 0, input: str | None = None) -> Result:
        """Runs ``memento ARGUMENTS``; the exit code must be `code` (None: any)."""
        done = CliRunner().invoke(cli, [str(argument) for argument in arguments], input=input, catch_exceptions=False)
        result = Result(done.exit_code, done.stdout, done.stderr)
        assert code is None or result.code == code, f"exit {result.code}\n{result.out}\n{result.err}"
        assert "Traceback" not in result.err
        return result

    def json(self, *arguments: object, code: int = 0) -> dict[str, Any]:
        """The document of ``memento ARGUMENTS --json``."""
        head, mark, tail = [*arguments], [], []
        if "--" in head:
            place = head.index("--")
            head, mark, tail = head[:place], ["--"], head[place + 1 :]
        return self(*head, "--json", *mark, *tail, code=code).json

    def setenv(self, name: str, value: str) -> None:
        self._patch.setenv(name, value)

    def cd(self, folder: str | Path) -> None:
        self._patch.chdir(self.folder / folder)

    def ids(self, table: str, revision: str = "main") -> list[str]:
        """The ids of a table's records, sorted."""
        return sorted(record["id"] for record in self.json("show", revision, "--table", table)[table])


@pytest.fixture
def memento(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The command line in an empty folder."""
    for name in ("MEMENTO_DIR", "NO_COLOR", "FORCE_COLOR", "EDITOR", "VISUAL", "_MEMENTO_COMPLETE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def tiny_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a repository that holds the tiny scenario on main; copied, never changed."""
    folder = tmp_path_factory.mktemp("tiny")
    for arguments in (["init", "."], ["generate", "tiny", "--seed", "7"]):
        done = CliRunner().invoke(cli, ["-C", str(folder), *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def world(memento: Shell, tiny_repository: Path) -> Shell:
    """The command line in a folder whose main holds the tiny scenario."""
    shutil.copytree(tiny_repository, memento.folder, dirs_exist_ok=True)
    return memento


Run = Callable[..., Result]


@pytest.fixture
def observed(world: Shell) -> Shell:
    """The same, and branch real: that world as if it had been observed, its rule not known."""
    from dataclasses import replace

    import numpy as np

    from memento.render.rendering import render
    from memento.workspace import Workspace
    from memento.world.table import Table

    with Workspace.open(world.folder) as workspace:
        found = workspace.world_at("main")
        columns = dict(found.candidates.columns)
        columns["relevance"] = (render(found).labels > 0.5).astype(np.float64)
        manifest = replace(found.manifest, source="imported", scenario={}, patterns={}, noise={})
        candidates = Table.from_columns(found.candidates.schema, columns)
        workspace.commit_world("real", found.replace(manifest, candidates=candidates), "observed")
    return world


@pytest.fixture(scope="session")
def checkpoint_file(tiny_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scorer trained for two epochs on the tiny scenario."""
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    arguments = ["-C", str(tiny_repository), "train", "main", "--out", str(path), "--epochs", "2", "--no-record", "-q"]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return path


@pytest.fixture
def trained(world: Shell, checkpoint_file: Path) -> Shell:
    """The same, and a checkpoint m.safetensors of main."""
    shutil.copy(checkpoint_file, world.folder)
    return world
