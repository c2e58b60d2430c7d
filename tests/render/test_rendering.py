from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from patterns.worlds import DAY, START, world_of, worlds
from safetensors import safe_open

from memento import scenario, simulate
from memento.errors import CorruptRecord, InvalidFile, MementoError, NewerFormat, UsageError
from memento.language.embed import embed
from memento.patterns.facts import Joined
from memento.render import Rendering, Spec, load, render, rendering, storage
from memento.render.columns import features, schema_hash
from memento.world.table import Table
from memento.world.world import World, empty_world


def week(sessions: int = 6) -> World:
    return world_of(
        entities=[{"id": "e-0"}],
        memories=[
            {"id": f"m-{n}", "text": f"note number {n}", "entity": "e-0" if n % 2 else None, "embedded": n != 2}
            for n in range(5)
        ],
        sessions=[{"id": f"s-{n}", "ended_at": START + n * DAY, "topic": "e-0"} for n in range(sessions)],
        candidates=[
            {"session": f"s-{n}", "memory": f"m-{m}", "rank": m, "injected": m < 2}
            for n in range(sessions)
            for m in range(n % 3, 4)
        ],
    )


def test_arrays_fit_together() -> None:
    made = render(week(), Spec(dimension=16), commit="c" * 40, tree="t" * 40)
    N = len(week().candidates)
    assert made.features.shape == (N, 17)
    assert made.labels.dtype == np.float32
    assert made.clean is not None
    assert made.contexts.shape == (6, 16)
    assert set(made.memory_ids) == {f"m-{n}" for n in range(4)}
    np.testing.assert_array_equal(made.features, features(Joined(week())))
    texts = {f"m-{n}": f"note number {n}" for n in range(5)}
    expected = embed([texts[name] for name in made.memory_ids], 16)
    expected[made.memory_ids.index("m-2")] = 0
    np.testing.assert_array_equal(made.memory_embeddings, expected)
    np.testing.assert_array_equal(made.embeddings, made.memory_embeddings[made.memory_rows])
    assert made.noise["snr_db"] == 20.0
    assert made.noise["measured_db"] is not None
    assert "6 sessions" in repr(made)
    assert (made.commit, made.tree, made.columns[0]) == ("c" * 40, "t" * 40, "log_age")


@pytest.mark.parametrize("labels", ["planted", "signet"])
def test_what_comes_later_changes_no_row_of_the_past(labels: str) -> None:
    """A world rendered after each of its weeks gives the rows that it gives at its end."""
    tables: dict[str, Table] = dict(empty_world().tables)
    told = scenario.load("cold-start", ["time.days=28"])
    whole = render(simulate.world(told, 7), Spec(labels, 8))
    for week in simulate.weeks(told, 7):
        for name, table in week.delta.upserts.items():
            tables[name] = tables[name].update(table)
        assert week.delta.manifest is not None
        made = render(World.build(week.delta.manifest, tables), Spec(labels, 8))
        past = whole.select(np.arange(len(made)))
        assert made.session_ids == past.session_ids
        np.testing.assert_array_equal(made.features, past.features)
        np.testing.assert_array_equal(made.labels, past.labels)
        np.testing.assert_array_equal(made.contexts, past.contexts)
    assert len(made) == len(whole)


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_every_candidate_with_a_memory_is_there_in_order_of_time(world: World) -> None:
    made = render(world, Spec(dimension=4))
    memories = {memory["id"] for memory in world.memories.records()}
    ends = {session["id"]: session["ended_at"] for session in world.sessions.records()}
    told = [
        (made.session_ids[s], made.memory_ids[m])
        for s, m in zip(made.session_rows.tolist(), made.memory_rows.tolist(), strict=True)
    ]
    rows = [row for row in world.candidates.records() if row["memory"] in memories]
    rows.sort(key=lambda row: (ends[row["session"]], row["session"], row["rank"]))
    assert told == [(row["session"], row["memory"]) for row in rows]
    assert made.session_times.tolist() == [ends[name] for name in made.session_ids]
    assert sum(made.left_out.values()) == (
        len(world.candidates) - len(rows) + len(world.sessions) - len({row["session"] for row in rows})
    )
    full = dict(zip(world.candidates.keys, features(Joined(world)).tolist(), strict=True))
    assert made.features.tolist() == [full["/".join(key)] for key in told]


@given(worlds())
@settings(max_examples=25, deadline=None)
def test_rendering_again_gives_the_same_digest(world: World) -> None:
    first, second = (render(world.replace(), Spec(dimension=8), commit="x") for _ in range(2))
    assert first.digest == second.digest
    assert first.digest != render(world, Spec(dimension=9)).digest


@pytest.mark.parametrize("labels", ["planted", "clean"])
@pytest.mark.parametrize("context", ["query", "injected", "baseline"])
def test_a_file_gives_the_rendering_back(tmp_path: Path, labels: str, context: str) -> None:
    made = render(week(), Spec(labels, 16, context), commit="abc", tree="def")
    made.save(tmp_path / "x.safetensors")
    found = Rendering.load(tmp_path / "x.safetensors")
    assert found.digest == made.digest
    assert (found.spec, found.commit, found.tree, found.noise) == (made.spec, "abc", "def", made.noise)
    assert (found.session_ids, found.memory_ids, found.left_out) == (made.session_ids, made.memory_ids, made.left_out)
    np.testing.assert_array_equal(found.features, made.features)
    with safe_open(tmp_path / "x.safetensors", framework="numpy") as file:
        metadata = file.metadata()
        assert file.get_tensor("labels").shape == (len(made.labels),)
    assert metadata["schema"] == schema_hash()
    assert json.loads(metadata["spec"]) == {"labels": labels, "dimension": 16, "context": context}


def test_equal_renderings_are_equal_files(tmp_path: Path) -> None:
    for name in "ab":
        render(week(), commit="abc").save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_observed_labels_have_no_clean_ones() -> None:
    world = week().replace(manifest=empty_world().manifest)
    world = world.replace(candidates=world.candidates.replace(relevance=np.linspace(0, 1, len(world.candidates))))
    made = render(world, Spec("observed", 8))
    assert made.clean is None
    assert made.noise == {}
    np.testing.assert_allclose(made.labels, world.candidates["relevance"], atol=1e-7)
    assert render(world, Spec("observed", 8)).digest == made.digest


def test_a_world_without_sessions_renders_to_nothing(tmp_path: Path) -> None:
    made = render(world_of(memories=[{"id": "m"}]), Spec(dimension=8))
    assert len(made) == 0
    assert made.features.shape == (0, 17)
    made.save(tmp_path / "x")
    assert load(tmp_path / "x").digest == made.digest


def test_split_is_by_time_and_shares_no_session() -> None:
    made = render(week(), Spec(dimension=8))
    earlier, later = made.split(0.7)
    assert earlier.session_ids + later.session_ids == made.session_ids
    assert earlier.session_times.max() <= later.session_times.min()
    np.testing.assert_array_equal(np.concatenate([earlier.features, later.features]), made.features)
    np.testing.assert_array_equal(np.concatenate([earlier.embeddings, later.embeddings]), made.embeddings)
    assert [len(part) for part in made.split(0.999)] == [5, 1]


def test_select_takes_indices_or_a_mask() -> None:
    made = render(week(), Spec(dimension=8))
    by_index, by_mask = made.select([4, 1]), made.select(np.isin(np.arange(6), [1, 4]))
    assert by_index.digest == by_mask.digest
    assert by_index.session_ids == ("s-1", "s-4")
    low, high = made.offsets[4], made.offsets[5]
    np.testing.assert_array_equal(by_index.labels[by_index.offsets[1] :], made.labels[low:high])
    assert len(made.select(np.zeros(0, np.int64))) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda made: made.split(0),
        lambda made: made.split(1.5),
        lambda made: made.select([0]).split(0.5),
        lambda made: made.select([9]),
        lambda made: made.select([-1]),
    ],
)
def test_what_cannot_be_parted_is_refused(call) -> None:
    with pytest.raises(UsageError):
        call(render(week(), Spec(dimension=8)))


def test_arrays_are_read_only() -> None:
    made = render(week(), Spec(dimension=8))
    with pytest.raises(ValueError, match="read-only"):
        made.labels[0] = 1


def test_shapes_that_do_not_fit_are_refused() -> None:
    made = render(week(), Spec(dimension=8))
    for change in (
        {"labels": made.labels[1:]},
        {"offsets": made.offsets + 1},
        {"memory_rows": made.memory_rows + 99},
        {"features": made.features.astype(float)},
        {"contexts": made.contexts[:, :3]},
    ):
        with pytest.raises(UsageError):
            dataclasses.replace(made, **change)


def test_faults_of_a_spec_are_told_at_once() -> None:
    with pytest.raises(InvalidFile) as caught:
        Spec("planed", 0, "quary")
    assert len(caught.value.faults) == 3
    assert "did you mean planted?" in caught.value.faults[0]
    with pytest.raises(InvalidFile, match="no field 'label'"):
        Spec.from_map({"label": "planted"})
    assert Spec.from_map(Spec("clean", 8).to_map()) == Spec("clean", 8)


def saved(folder: Path, **changes: str) -> Path:
    """A rendering's file with some of its metadata changed."""
    path = folder / "x"
    render(week(), Spec(dimension=8), commit="abc").save(path)
    arrays, metadata = storage.read(path)
    storage.write(path, arrays, {**metadata, **changes})
    return path


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"format": "2"}, NewerFormat, "upgrade memento"),
        ({"format": "x"}, UsageError, "is not a rendering"),
        ({"format": "\u00b2"}, UsageError, "is not a rendering"),
        ({"schema": "0" * 16}, UsageError, "memento render abc"),
        ({"digest": "0" * 64}, CorruptRecord, "digest"),
        ({"spec": "{"}, CorruptRecord, "not a rendering"),
        ({"spec": '{"labels":"clean"}'}, CorruptRecord, "memento render abc"),
        ({"noise": "["}, CorruptRecord, "not a rendering"),
    ],
)
def test_a_file_that_is_not_right_is_refused(
    tmp_path: Path, changes: dict[str, str], error: type[MementoError], told: str
) -> None:
    with pytest.raises(error) as caught:
        load(saved(tmp_path, **changes))
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["features", "labels", "offsets", "memory_rows", "session_ids"])
def test_a_changed_array_is_found(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path)
    arrays, metadata = storage.read(path)
    changed = arrays[name].copy()
    changed.reshape(-1)[-1] += 1
    storage.write(path, {**arrays, name: changed}, metadata)
    with pytest.raises(CorruptRecord):
        load(path)


def test_another_safetensors_file_is_not_a_rendering(tmp_path: Path) -> None:
    storage.write(tmp_path / "x", {"a": np.zeros(3, np.float32)}, {})
    with pytest.raises(UsageError, match="is not a rendering"):
        load(tmp_path / "x")
    assert rendering.FORMAT == 1
