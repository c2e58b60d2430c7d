from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from memento import __version__
from memento.errors import CorruptRecord, NewerFormat, NotFound, UsageError
from memento.models import LEARNERS
from memento.render import storage
from memento.render.rendering import Rendering, Spec
from memento.train import Run, Source, checkpoint, train
from memento.train.batches import scores

Toys = Callable[..., Rendering]


@pytest.fixture(scope="module")
def run(rendering: Rendering) -> Run:
    return train([(rendering, 2.0)], epochs=2, revisions=["main"])


@pytest.fixture
def saved(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    checkpoint.save(run, path)
    return path


def rewrite(path: Path, arrays: dict[str, np.ndarray] | None = None, **metadata: str) -> None:
    old_arrays, old_metadata = storage.read(path)
    storage.write(path, {**old_arrays, **(arrays or {})}, {**old_metadata, **metadata})


def test_what_was_saved_comes_back(run: Run, saved: Path, rendering: Rendering) -> None:
    loaded = checkpoint.load(saved)
    assert np.array_equal(scores(loaded.scorer, rendering), scores(run.scorer, rendering))
    assert np.array_equal(scores(loaded.baseline, rendering), scores(run.baseline, rendering))
    assert (loaded.config, loaded.best, loaded.sources, loaded.history) == (
        run.config,
        run.best,
        run.sources,
        run.history,
    )
    assert (loaded.code, loaded.schema, loaded.metrics) == (__version__, run.schema, run.metrics)
    assert np.array_equal(loaded.seen, run.seen)


def test_the_metadata_names_where_it_came_from(saved: Path, rendering: Rendering) -> None:
    _, metadata = storage.read(saved)
    document = json.loads(metadata["document"])
    (source,) = document["sources"]
    assert source["revision"] == "main"
    assert source["commit"] == rendering.commit
    assert source["tree"] == rendering.tree
    assert source["weight"] == 2.0
    assert source["digest"] == rendering.digest
    assert source["spec"] == rendering.spec.to_map()
    assert document["training"]["seed"] == 0
    assert metadata["code"] == __version__


def test_equal_runs_are_equal_bytes(run: Run, saved: Path, tmp_path: Path) -> None:
    checkpoint.save(run, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("model", [name for name in LEARNERS if name != "interaction"])
def test_every_model_that_learns_is_kept(model: str, toys: Toys, tmp_path: Path) -> None:
    small = toys(sessions=10)
    made = train([(small, 1.0)], model=model, epochs=1)
    checkpoint.save(made, tmp_path / "model")
    assert np.array_equal(scores(checkpoint.load(tmp_path / "model").scorer, small), scores(made.scorer, small))


def test_a_run_without_validation_is_kept(toys: Toys, tmp_path: Path) -> None:
    made = train([(toys(sessions=1), 1.0)], model="linear", epochs=1)
    checkpoint.save(made, tmp_path / "model")
    assert math.isnan(checkpoint.load(tmp_path / "model").history[0].ndcg)


def test_loading_leaves_the_global_generator_alone(saved: Path) -> None:
    torch.manual_seed(4)
    expected = torch.rand(2)
    torch.manual_seed(4)
    checkpoint.load(saved)
    assert torch.equal(torch.rand(2), expected)


def rewrite_source(path: Path, **fields: object) -> None:
    """Other fields in the only source that a checkpoint names."""
    _, metadata = storage.read(path)
    document = json.loads(metadata["document"])
    document["sources"][0] |= fields
    rewrite(path, document=json.dumps(document))


def test_a_newer_format_is_refused(saved: Path) -> None:
    rewrite(saved, format="2")
    with pytest.raises(NewerFormat, match="upgrade memento"):
        checkpoint.load(saved)


@pytest.mark.parametrize("number", ["", "two", "\u00b2", "-1", "9" * 5000], ids=ascii)
def test_a_format_that_is_no_number_is_refused(saved: Path, number: str) -> None:
    rewrite(saved, format=number)
    with pytest.raises(UsageError, match="not a checkpoint"):
        checkpoint.load(saved)


def test_other_columns_are_refused(saved: Path) -> None:
    rewrite(saved, schema="0" * 16)
    with pytest.raises(UsageError, match="columns of schema"):
        checkpoint.load(saved)


def test_an_unknown_model_is_refused(saved: Path) -> None:
    _, metadata = storage.read(saved)
    rewrite(saved, document=metadata["document"].replace('"name":"interaction"', '"name":"interactoin"'))
    with pytest.raises(NotFound, match="did you mean interaction"):
        checkpoint.load(saved)


def test_other_files_are_refused(tmp_path: Path, rendering: Rendering) -> None:
    with pytest.raises(UsageError, match="no file"):
        checkpoint.load(tmp_path / "none")
    rendering.save(tmp_path / "rendering")
    with pytest.raises(UsageError, match="not a checkpoint"):
        checkpoint.load(tmp_path / "rendering")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(CorruptRecord, match="not a safetensors file"):
        checkpoint.load(tmp_path / "text")


def test_a_half_written_file_is_told(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(CorruptRecord):
        checkpoint.load(saved)


@pytest.mark.parametrize(
    "damage",
    [
        {"document": "{}"},
        {"document": "["},
        {"document": '{"model":{"name":"interaction","config":{"dimension":1000000000}}}'},
        {"document": '{"model":{"name":"interaction","config":{"dimension":64,"command":"x"}}}'},
    ],
)
def test_damaged_metadata_is_told(saved: Path, damage: dict[str, str]) -> None:
    rewrite(saved, **damage)
    with pytest.raises(CorruptRecord, match="not a whole checkpoint"):
        checkpoint.load(saved)


@pytest.mark.parametrize(
    "fields",
    [
        {"commit": 5},
        {"digest": ""},
        {"revision": None},
        {"spec": 7},
        {"spec": {"dimension": "x"}},
        {"spec": {"depth": 3}},
        {"weight": "x"},
        {"weight": -1.0},
        {"sessions": "many"},
        {"owner": "x"},
    ],
)
def test_a_source_that_names_nothing_to_render_is_told(saved: Path, fields: dict[str, object]) -> None:
    rewrite_source(saved, **fields)
    with pytest.raises(CorruptRecord, match="not a whole checkpoint"):
        checkpoint.load(saved)


def test_a_checkpoint_without_sources_is_told(saved: Path) -> None:
    _, metadata = storage.read(saved)
    rewrite(saved, document=json.dumps(json.loads(metadata["document"]) | {"sources": []}))
    with pytest.raises(CorruptRecord, match="no sources"):
        checkpoint.load(saved)


def test_weights_of_a_type_that_numpy_lacks_are_told(saved: Path) -> None:
    data = saved.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["model.head.weight"] |= {"dtype": "BF16", "shape": [2, 64]}
    text = json.dumps(header).encode()
    saved.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    with pytest.raises(CorruptRecord):
        checkpoint.load(saved)


def test_a_changed_weight_is_told(saved: Path) -> None:
    rewrite(saved, {"model.head.weight": np.ones((1, 64), np.float32)})
    with pytest.raises(CorruptRecord, match="digest"):
        checkpoint.load(saved)


def test_weights_that_are_no_numbers_are_told(saved: Path) -> None:
    rewrite(saved, {"model.head.weight": np.full((1, 64), np.nan, np.float32)})
    with pytest.raises(CorruptRecord, match="not finite"):
        checkpoint.load(saved)


def test_weights_of_another_shape_are_told(saved: Path) -> None:
    rewrite(saved, {"model.head.weight": np.zeros((1, 65), np.float32)})
    with pytest.raises(CorruptRecord, match="tensors are not those of this memento's interaction model"):
        checkpoint.load(saved)


def test_verify_compares_digests(run: Run, rendering: Rendering) -> None:
    asked: list[tuple[str, Spec]] = []

    def same(commit: str, spec: Spec) -> Rendering:
        asked.append((commit, spec))
        return rendering

    (check,) = checkpoint.verify(run, same)
    assert check
    assert asked == [(rendering.commit, rendering.spec)]
    changed = rendering.labels.copy()
    changed[0] += 1e-3
    (check,) = checkpoint.verify(run, lambda commit, spec: replace(rendering, labels=changed))
    assert not check
    assert check.to_map()["recorded"] == rendering.digest


def test_what_cannot_be_rendered_is_never_the_same() -> None:
    gone = checkpoint.Check(Source("main", "0" * 40, "", 1.0, digest=""), "", "no commit")
    assert not gone


def test_verify_tells_what_cannot_be_rendered(run: Run) -> None:
    def gone(commit: str, spec: Spec) -> Rendering:
        raise NotFound("commit", commit)

    (check,) = checkpoint.verify(run, gone)
    assert not check
    assert "no commit named" in check.fault
