from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from memento.render.rendering import Rendering, render
from memento.validate.fidelity import GOALS, fidelity
from memento.validate.fidelity.rows import columns, joined, rows, series, vectors
from memento.world.world import World


@pytest.fixture(scope="module")
def rendering(world: World) -> Rendering:
    return render(world)


def test_every_measure_stands_beside_what_two_halves_show(rendering: Rendering) -> None:
    found = fidelity(rendering, rendering, steps=5)
    assert list(found.measures) == list(found.calibration) == list(GOALS)
    assert found.measures["column shapes"] == found.measures["pair trends"] == pytest.approx(1.0)
    assert found.measures["new rows"] == found.measures["authenticity"] == 0.0
    assert found.measures["sliced Wasserstein"] < found.calibration["sliced Wasserstein"]
    assert found.sessions == len(rendering)
    json.dumps(found.to_map(), allow_nan=False)
    assert found == fidelity(rendering, rendering, steps=5)


def test_columns_of_a_session_count_once_and_slots_never(rendering: Rendering) -> None:
    found = {values.name: values for values in columns(rendering)}
    assert len(found["hour_sin"].values) == len(rendering)
    assert len(found["log_age"].values) == len(found["label"].values) == len(rendering.labels)
    assert not {"entity_slot", "aspect_slot"} & set(found)
    assert found["is_superseded"].flag
    assert not found["log_age"].flag
    table, flags = rows(rendering, 100)
    assert table.shape == (100, len(flags))


def test_vectors_and_series_follow_the_candidates(rendering: Rendering) -> None:
    low, high = int(rendering.offsets[3]), int(rendering.offsets[4])
    labels = rendering.labels[low:high].astype(np.float64)
    assert_allclose(vectors(rendering)[3, 15], labels.mean(), atol=1e-7)
    assert_allclose(vectors(rendering)[3, -1], labels.std(), atol=1e-6)
    found = series(rendering, 60)
    assert_allclose(found[3, : high - low, -1], labels)
    assert_array_equal(found[3, high - low :, -1], np.full(60 - (high - low), labels[-1]))


def test_renderings_are_joined_end_to_end(rendering: Rendering) -> None:
    early, late = rendering.split(0.5)
    whole = joined([early, late])
    assert whole.session_ids == rendering.session_ids
    assert_array_equal(whole.features, rendering.features)
    assert_array_equal(whole.embeddings, rendering.embeddings)
    assert_array_equal(whole.offsets, rendering.offsets)
