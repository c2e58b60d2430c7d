from __future__ import annotations

import numpy as np
import pytest

from memento.errors import NotFound, UsageError
from memento.patterns import CATALOG
from memento.patterns.pattern import Pattern
from memento.render.rendering import Spec
from memento.workspace import Workspace
from memento.world.records import TABLES, schema_of


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory):
    with Workspace.init(tmp_path_factory.mktemp("explain")) as workspace:
        workspace.generate("tiny", branch="main", seed=7)
        yield workspace


@pytest.mark.parametrize("labels", ["planted", "clean"])
def test_the_steps_add_up_to_every_rendered_label(tiny: Workspace, labels: str) -> None:
    rendering = tiny.rendering_at("main", Spec(labels=labels))
    chosen = range(0, len(rendering.labels), 17)
    rows = rendering.session_rows
    seen = set()
    for row in chosen:
        session, memory = rendering.session_ids[rows[row]], rendering.memory_ids[rendering.memory_rows[row]]
        found = tiny.explain("main", session, memory, labels)
        seen |= {step.name for step in found.steps}
        assert sum(step.value for step in found.steps) == pytest.approx(float(rendering.labels[row]), abs=1e-6)
        assert found.label == pytest.approx(float(rendering.labels[row]), abs=1e-6)
        np.testing.assert_allclose(list(found.features.values()), rendering.features[row], atol=1e-6)
    assert {"recency", "entity", "frequency", "supersession"} <= seen
    assert ("noise" in seen) == (labels == "planted")


def test_an_input_names_the_commit_that_set_it(tiny: Workspace) -> None:
    candidates = tiny.world_at("main").candidates
    session, memory = candidates["session"][-1], candidates["memory"][-1]
    before = tiny.explain("main", session, memory)
    created = int(tiny.record("main", "memories", memory)["created_at"]) - 86_400
    made = tiny.edit("main", [f"memory:{memory}", f"created_at={created}"]).commit
    after = tiny.explain("main", session, memory)
    of = {item.place: item for item in after.inputs}
    assert of[f"memory:{memory}.created_at"].commit.id == made
    assert of[f"session:{session}.ended_at"].commit.id != made
    recency = [next(step.value for step in found.steps if step.name == "recency") for found in (before, after)]
    assert recency[1] < recency[0]
    tiny.repository.undo()


def test_labels_that_are_not_planted_are_one_step(tiny: Workspace) -> None:
    rendering = tiny.rendering_at("main", Spec(labels="signet"))
    session, memory = rendering.session_ids[0], rendering.memory_ids[rendering.memory_rows[0]]
    found = tiny.explain("main", session, memory, "signet")
    assert not found.planted
    assert [step.name for step in found.steps] == ["signet"]
    assert found.label == pytest.approx(float(rendering.labels[0]), abs=1e-6)
    assert {item.place.rpartition(".")[2] for item in found.inputs} >= {"score", "injected", "fts_hits"}


def test_what_there_is_not_is_told(tiny: Workspace) -> None:
    world = tiny.world_at("main")
    session, memory = world.candidates["session"][0], world.candidates["memory"][0]
    with pytest.raises(NotFound):
        tiny.explain("main", "no-such", memory)
    with pytest.raises(NotFound):
        tiny.explain("main", session, "no-such")
    offered = set(world.candidates["memory"][world.candidates["session"] == session].tolist())
    other = next(key for key in world.memories.keys if key not in offered)
    with pytest.raises(UsageError, match="was never offered"):
        tiny.explain("main", session, other)


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_pattern_says_what_it_reads(name: str) -> None:
    pattern: type[Pattern] = CATALOG[name]
    assert pattern.reads
    for place in pattern.reads:
        kind, _, field = place.partition(".")
        assert schema_of(kind).name in TABLES
        assert field in schema_of(kind).by_name
