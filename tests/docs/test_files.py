"""docs/files.md tells what is in the files that memento writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from safetensors import safe_open

import memento
from memento.render.columns import COLUMNS
from memento.scenario import load
from memento.simulate import world
from memento.train import train
from memento.train.checkpoint import save

PAGE = (Path(memento.__file__).parent.parent / "docs" / "files.md").read_text()
RENDERINGS, _, CHECKPOINTS = PAGE.partition("\n## Checkpoints\n")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A rendering and a checkpoint of each documented model, as they are written."""
    from memento.render.rendering import render

    place = tmp_path_factory.mktemp("files")
    rendering = render(world(load("tiny"), 7), commit="c" * 40, tree="d" * 40)
    rendering.save(place / "main.safetensors")
    for model, name in (("interaction", "model"), ("signet", "signet")):
        save(train([(rendering, 1.0)], model=model, epochs=1), place / f"{name}.safetensors")
    return place


def contents(path):
    """Shapes and dtypes by tensor, and the metadata."""
    with safe_open(path, framework="numpy") as file:
        names = file.keys()
        return {name: file.get_tensor(name) for name in names}, file.metadata()


def rows(text):
    """The rows of all tables: cells by the names in the first cell."""
    found = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            first, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
            found.update(dict.fromkeys(re.findall(r"`([^`]+)`", first), cells))
    return found


def test_renderings(folder):
    tensors, metadata = contents(folder / "main.safetensors")
    told = rows(RENDERINGS)
    assert set(tensors) | set(metadata) == {name for name in told if name in tensors or name in metadata}
    assert set(told) == set(tensors) | set(metadata)
    sizes = {
        "N": len(tensors["labels"]),
        "S": len(tensors["session_times"]),
        "M": len(tensors["memory_embeddings"]),
        "D": 64,
    }
    for name, array in tensors.items():
        dtype, shape = told[name][:2]
        assert array.dtype.name == dtype, name
        if shape != "bytes":
            assert array.shape == eval(shape.replace("S + 1", str(sizes["S"] + 1)), sizes), name


def test_columns():
    table = RENDERINGS.partition("### Columns")[2].partition("###")[0]
    assert re.findall(r"`([a-z_]+)`", table.partition("| --- |")[2]) == [column.name for column in COLUMNS]


@pytest.mark.parametrize("model", ["model", "signet"])
def test_checkpoints(folder, model):
    tensors, metadata = contents(folder / f"{model}.safetensors")
    told = rows(CHECKPOINTS)
    assert set(metadata) <= set(told)
    for name, array in tensors.items():
        assert name in told, name
        if name.startswith("model."):
            assert f"({', '.join(map(str, array.shape))}{',' * (array.ndim == 1)})" in told[name][0], name
    document = json.loads(metadata["document"])
    assert set(document) <= set(told)
    words = " ".join(cell for cells in told.values() for cell in cells)
    nested = [document["training"], document["sources"][0], document["history"][0], document["model"]]
    assert all(f"`{key}`" in words for part in nested for key in part)


def test_no_tensor_is_told_that_is_not_there(folder):
    written = {name for model in ("model", "signet") for name in contents(folder / f"{model}.safetensors")[0]}
    assert {name for name in rows(CHECKPOINTS) if name.startswith(("model.", "baseline."))} - {"model.*"} <= written


def test_the_five_lines_work(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert len(BLOCKS) == 2
    assert all(len([line for line in block.splitlines() if line.strip()]) <= 5 for block in BLOCKS)
    found = {}
    for block in BLOCKS:
        assert "memento" not in block
        exec(block, found)
    assert found["x"].shape == (len(found["y"]), 17)
    assert len(found["memories"]) == len(found["y"])
    assert found["document"]["model"]["name"] == "interaction"
    assert found["weights"]
