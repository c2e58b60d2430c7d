"""Renderings as tables, with their cards."""

from __future__ import annotations

import fnmatch
import io
import json
import sys
from typing import Any

import numpy as np
import pytest

from memento.errors import UsageError
from memento.formats.writing import tables
from memento.formats.writing.card import card
from memento.formats.writing.dataset import Dataset
from memento.render.columns import NAMES
from memento.render.rendering import Spec, render
from memento.scenario import load
from memento.simulate import world as simulated
from memento.world.world import Manifest, World


@pytest.fixture(scope="module")
def world() -> World:
    return simulated(load("tiny"), 7)


@pytest.fixture(scope="module")
def dataset(world: World) -> Dataset:
    made = render(world, Spec(labels="planted", dimension=8), commit="c" * 40, tree="t" * 40)
    return Dataset(made, dict(zip(world.memories["id"].tolist(), world.memories["text"].tolist(), strict=True)))


def arrow(data: bytes) -> Any:
    return pytest.importorskip("pyarrow.parquet").read_table(io.BytesIO(data))


def test_no_later_session_stands_in_an_earlier_part(dataset: Dataset) -> None:
    times, parts = dataset.rendering.session_times, dataset.parts
    latest = {part: times[parts == part].max() for part in ("train", "validation")}
    assert latest["train"] <= times[parts == "validation"].min()
    assert latest["validation"] <= times[parts == "test"].min()
    assert sum(count for count, _ in dataset.sizes.values()) == len(dataset.rendering)
    assert sum(count for _, count in dataset.sizes.values()) == len(dataset.rendering.labels)


def test_parquet_holds_every_candidate(dataset: Dataset) -> None:
    table = arrow(tables.parquet(dataset))
    rendering = dataset.rendering
    assert table.column_names == ["session", "memory", "time", "split", *NAMES, "label", "clean"]
    for place, name in enumerate(NAMES):
        np.testing.assert_array_equal(table[name].to_numpy(), rendering.features[:, place])
    np.testing.assert_array_equal(table["label"].to_numpy(), rendering.labels)
    np.testing.assert_array_equal(table["clean"].to_numpy(), rendering.clean)
    assert table["session"].to_pylist() == [rendering.session_ids[s] for s in rendering.session_rows]
    assert table["memory"].to_pylist() == [rendering.memory_ids[m] for m in rendering.memory_rows]
    assert json.loads(table.schema.metadata[b"memento"]) == dataset.provenance()
    assert tables.parquet(dataset) == tables.parquet(dataset)


def test_a_folder_is_parted_by_time_and_holds_the_vectors(dataset: Dataset) -> None:
    files = tables.folder(dataset)
    assert set(files) == {
        *(f"{place}/{part}-00000-of-00001.parquet" for place in ("data", "sessions") for part in dataset.sizes),
        "memories/train-00000-of-00001.parquet",
    }
    parts = [arrow(files[f"data/{part}-00000-of-00001.parquet"]) for part in dataset.sizes]
    np.testing.assert_array_equal(np.concatenate([p["label"].to_numpy() for p in parts]), dataset.rendering.labels)
    memories = arrow(files["memories/train-00000-of-00001.parquet"])
    vectors = np.array(memories["embedding"].to_pylist(), np.float32)
    np.testing.assert_array_equal(vectors, dataset.rendering.memory_embeddings)
    assert memories["text"].to_pylist() == [dataset.texts[key] for key in dataset.rendering.memory_ids]
    sessions = arrow(files["sessions/test-00000-of-00001.parquet"])
    chosen = dataset.parts == "test"
    np.testing.assert_array_equal(
        np.array(sessions["context"].to_pylist(), np.float32), dataset.rendering.contexts[chosen]
    )
    assert files == tables.folder(dataset)


def test_the_card_names_files_that_are_there(dataset: Dataset, world: World) -> None:
    text = card(dataset, world.manifest, "hf", "cc-by-4.0", "memento export x")
    front = text.split("---\n")[1].splitlines()
    patterns = [line.split("path: ")[1] for line in front if "path: " in line]
    files = tables.folder(dataset)
    assert len(patterns) == 7
    for pattern in patterns:
        assert fnmatch.filter(files, pattern), pattern
    assert all(any(fnmatch.fnmatch(name, pattern) for pattern in patterns) for name in files)
    assert "- synthetic" in front
    assert "license: cc-by-4.0" in front
    assert all(f"`{name}`" in text for name in NAMES)
    for words in ("c" * 40, dataset.rendering.digest, "memento export x", '"snr_db"', "Planted patterns"):
        assert words in text


def test_a_card_says_what_is_not_synthetic_and_quotes_what_yaml_would_mistake(dataset: Dataset) -> None:
    text = card(dataset, Manifest(source="imported", scenario={"format": "signet"}), "npz", "on: [x", "c")
    assert "- imported" in text
    assert "- synthetic" not in text
    assert 'license: "on: [x"' in text
    assert "real agent" in text
    assert "configs:" not in text


def test_npz_holds_every_array_without_pickles(dataset: Dataset) -> None:
    data = tables.npz(dataset)
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        for name, array in dataset.arrays().items():
            np.testing.assert_array_equal(held[name], array)
        assert held["session_ids"].tolist() == list(dataset.rendering.session_ids)
    assert tables.npz(dataset) == data


def test_lines_give_back_every_bit(dataset: Dataset) -> None:
    rendering = dataset.rendering
    read = [json.loads(line) for line in tables.lines(dataset)]
    assert [one["session"] for one in read] == list(rendering.session_ids)
    features = [[c["features"][name] for name in NAMES] for one in read for c in one["candidates"]]
    np.testing.assert_array_equal(np.array(features, np.float32), rendering.features)
    np.testing.assert_array_equal(np.array([one["context"] for one in read], np.float32), rendering.contexts)
    labels = [c["label"] for one in read for c in one["candidates"]]
    np.testing.assert_array_equal(np.array(labels, np.float32), rendering.labels)


def test_without_pyarrow_the_way_out_is_told(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="pyarrow") as caught:
        tables.parquet(dataset)
    assert "memento-worlds[parquet]" in caught.value.hint
