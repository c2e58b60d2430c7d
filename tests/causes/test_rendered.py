from __future__ import annotations

import pytest

from memento.causes.rendered import grouped
from memento.causes.rendered import seen as look
from memento.workspace import Workspace


@pytest.fixture
def tiny(tmp_path):
    with Workspace.init(tmp_path) as workspace:
        workspace.generate("tiny", branch="main", seed=7)
        workspace.fork("main", "trial")
        yield workspace


def offered(workspace: Workspace, low: float, high: float) -> tuple[str, str]:
    """A pair whose label lies between two bounds, about a memory that is not deleted."""
    rendering = workspace.rendering_at("main")
    rows = rendering.session_rows
    for row, label in enumerate(rendering.labels.tolist()):
        memory = rendering.memory_ids[rendering.memory_rows[row]]
        if low <= label < high and not workspace.record("main", "memories", memory)["deleted"]:
            return rendering.session_ids[rows[row]], memory
    raise AssertionError("no such pair")


def test_equal_worlds_have_nothing_to_see(tiny: Workspace) -> None:
    seen = tiny.diff_rendered("main", "trial")
    assert seen.flips == ()
    assert seen.effect.untouched == 1.0
    assert not any(seen.effect.drift)


def test_a_flip_names_the_edit_that_made_it_by_itself(tiny: Workspace) -> None:
    session, memory = offered(tiny, 0.5, 0.62)
    other = next(key for key in tiny.world_at("main").memories.keys if key != memory)
    tiny.edit("trial", [f"memory:{memory}", "deleted=yes", f"memory:{other}", "importance=0.77"])
    seen = tiny.diff_rendered("main", "trial")
    flip = next(f for f in seen.flips if (f.session, f.memory) == (session, memory))
    assert (flip.how, flip.edits) == ("alone", (f"memory:{memory}",))
    assert flip.before >= 0.5 > flip.after
    assert seen.effect.flips.flipped == len(seen.flips)
    assert seen.tried == 2
    assert not any(f"memory:{other}" in edits for _, edits in grouped(seen.flips))


def test_what_is_said_of_edits_that_work_together_holds(tiny: Workspace) -> None:
    session, memory = offered(tiny, 0.6, 0.95)
    tiny.edit("trial", [f"memory:{memory}", "deleted=yes", f"session:{session}", "topic="])
    seen = tiny.diff_rendered("main", "trial")
    assert seen.flips
    for number, flip in enumerate(seen.flips):
        for edit in flip.edits:
            table, field = ("memories", "deleted") if edit.startswith("memory") else ("sessions", "topic")
            start, source = ("main", "trial") if flip.how == "alone" else ("trial", "main")
            value = tiny.record(source, table, edit.partition(":")[2])[field]
            name = f"x{number}-{field}"
            tiny.fork(start, name)
            tiny.edit(name, [edit, f"{field}={'yes' if value is True else 'no' if value is False else value or ''}"])
            label = tiny.explain(name, flip.session, flip.memory).label
            assert (label >= 0.5) != ((flip.before if flip.how == "alone" else flip.after) >= 0.5)


def test_too_many_edits_are_told(tiny: Workspace) -> None:
    memories = tiny.world_at("main").memories.keys
    _, memory = offered(tiny, 0.5, 0.62)
    words = [word for key in memories[:20] if key != memory for word in (f"memory:{key}", "importance=0.5")]
    tiny.edit("trial", [*words, f"memory:{memory}", "deleted=yes"])
    repository = tiny.repository
    sides = tiny.rendering_at("main"), tiny.rendering_at("trial")
    trees = repository.tree_of("main"), repository.tree_of("trial")
    seen = look(repository.objects, *trees, tiny.diff("main", "trial"), *sides, most=5)
    assert seen.tried == 5
    assert seen.left_out > 10
