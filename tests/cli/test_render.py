"""``memento render``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from memento.cli.commands.render import file_name
from memento.render import storage
from memento.render.rendering import load
from memento.render.tensors import MEANINGS


def test_writes_what_it_prints(world):
    done = world("render", "main")
    path = world.folder / "main.safetensors"
    arrays = load_file(path)
    for name, array in arrays.items():
        line = next(line for line in done.out.splitlines() if line.startswith(f"{name} "))
        assert " × ".join(map(str, array.shape)) in line
        assert array.dtype.name in line
    assert arrays["features"].shape == (len(arrays["labels"]), 17)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    assert f"commit  {metadata['commit']}" in done.out
    assert f"digest  {metadata['digest']}" in done.out
    assert metadata["commit"] == world.json("log", "main", "-n", "1")["commits"][0]["id"]


def test_json_is_one_document(world):
    found = world.json("render", "main", "-o", "made.safetensors")
    made = load(world.folder / "made.safetensors")
    assert found["schema"] == "memento.render/1"
    assert found["file"] == "made.safetensors"
    assert (found["commit"], found["tree"], found["digest"]) == (made.commit, made.tree, made.digest)
    assert found["spec"] == {"labels": "planted", "dimension": 64, "context": "query"}
    held = {name: list(array.shape) for name, array in load_file(world.folder / "made.safetensors").items()}
    assert {tensor["name"]: tensor["shape"] for tensor in found["tensors"]} == held
    assert (found["sessions"], found["candidates"], len(found["columns"])) == (len(made), len(made.labels), 17)


def test_names_every_tensor_of_the_file(world):
    world("render", "main", "-q")
    assert set(load_file(world.folder / "main.safetensors")) == set(MEANINGS)


def test_same_revision_gives_the_same_bytes(world):
    world("render", "main", "-o", "a.safetensors")
    world("render", "HEAD", "-o", "b.safetensors")
    assert (world.folder / "a.safetensors").read_bytes() == (world.folder / "b.safetensors").read_bytes()


def test_labels_context_and_dimension_are_as_asked(world):
    world("render", "main~1", "--labels", "clean", "--context", "baseline", "--dimension", "8", "-o", "x.safetensors")
    made = load(world.folder / "x.safetensors")
    assert made.spec.to_map() == {"labels": "clean", "dimension": 8, "context": "baseline"}
    assert made.contexts.shape == (len(made), 8)
    assert made.clean is not None
    assert np.array_equal(made.labels, made.clean)


def test_labels_left_out_are_those_the_world_has(observed):
    assert observed.json("render", "real")["spec"]["labels"] == "observed"
    assert observed.json("render", "main")["spec"]["labels"] == "planted"


@pytest.mark.parametrize(
    ("revision", "name"),
    [("main", "main"), ("main~3", "main-3"), ("a/b^2", "a-b-2"), ("..", "rendering"), ("v1.0", "v1.0")],
)
def test_default_file_is_named_for_the_revision(revision: str, name: str):
    assert file_name(revision) == f"{name}.safetensors"


def test_head_is_named_for_its_branch(world):
    world("fork", "main", "trial", "--switch")
    assert world.json("render")["file"] == "trial.safetensors"


class TestRefuses:
    def test_a_file_that_is_there(self, world):
        (world.folder / "main.safetensors").write_text("mine")
        done = world("render", "main", code=2)
        assert "main.safetensors is there already" in done.err
        assert "--force" in done.hint
        assert (world.folder / "main.safetensors").read_text() == "mine"
        world("render", "main", "--force")
        assert len(load(world.folder / "main.safetensors")) > 0

    def test_a_missing_folder(self, world):
        done = world("render", "main", "-o", "no/such/x.safetensors", code=2)
        assert "no folder no/such" in done.err
        assert "mkdir -p no/such" in done.hint

    def test_a_folder(self, world):
        (world.folder / "there").mkdir()
        assert "is a folder" in world("render", "main", "-o", "there", code=2).err

    def test_a_folder_that_cannot_be_written(self, world, monkeypatch):
        monkeypatch.setattr("os.access", lambda path, mode: False)
        assert "cannot be written" in world("render", "main", code=2).err

    def test_an_unknown_revision(self, world):
        done = world("render", "mian", code=2)
        assert "main" in done.hint
        assert not list(world.folder.glob("*.safetensors"))

    def test_observed_labels_of_a_planted_world(self, world):
        done = world("render", "main", "--labels", "observed", code=2)
        assert "observed relevance" in done.err
        assert "--labels planted" in done.hint

    def test_planted_labels_of_a_real_world(self, observed):
        done = observed("render", "real", "--labels", "planted", code=2)
        assert "planted patterns" in done.err
        assert "--labels observed" in done.hint

    def test_unknown_labels(self, world):
        assert "planted" in world("render", "main", "--labels", "plantd", code=2).err

    def test_a_failing_disk_leaves_no_part_of_a_file(self, world, monkeypatch):
        def full(descriptor: int):
            raise OSError(28, "No space left on device")

        world("render", "main", "-o", "first.safetensors")
        monkeypatch.setattr(storage.os, "fsync", full)
        done = world("render", "main", code=4)
        assert "No space left" in done.err
        assert [path.name for path in world.folder.iterdir() if "safetensors" in path.name] == ["first.safetensors"]


def test_errors_are_json_too(world):
    found = json.loads(world("render", "nowhere", "--json", code=2).out)
    assert found["schema"] == "memento.error/1"


def test_needs_a_repository(memento):
    memento("render", "main", code=3)
    assert not list(Path(memento.folder).glob("*.safetensors"))
