"""A Signet database from a world, and the daemon's own with what a world changed."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serve.loading import sessions as loaded

from memento.errors import InvalidFile, UsageError
from memento.formats import read
from memento.formats.signet import dimension_of
from memento.formats.writing.signet import encode
from memento.render.labels import MIN_CONFIDENCE
from memento.render.rendering import Rendering, Spec, memory_vectors, render
from memento.scenario import load
from memento.simulate import world as simulated
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import World, empty_world

from .signet_fixture import build

DIMENSION = 16
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
def world() -> World:
    return simulated(load("tiny"), 7)


@pytest.fixture(scope="module")
def exported(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "memories.db"
    path.write_bytes(encode(world, DIMENSION).data)
    return path


@pytest.fixture(scope="module")
def rendering(world: World) -> Rendering:
    return render(world, Spec(labels="planted", dimension=DIMENSION))


def rows(path: Path, query: str) -> list[dict[str, Any]]:
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    found = [dict(row) for row in database.execute(query)]
    database.close()
    return found


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    database = sqlite3.connect(path)
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: sorted(database.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables}
    database.close()
    return found


def test_equal_worlds_are_equal_bytes(world: World, exported: Path) -> None:
    assert encode(simulated(load("tiny"), 7), DIMENSION).data == exported.read_bytes()
    assert encode(world, 8).data != exported.read_bytes()


def test_an_independent_loader_finds_the_columns_of_the_rendering(
    exported: Path, world: World, rendering: Rendering
) -> None:
    """All but accesses and deletion, which a database has as of now and a rendering as of each session."""
    found = loaded(exported, DIMENSION, floor=0.0)[::-1]
    assert len(found) == len(rendering)
    features = np.concatenate([np.array(session.features) for session in found])
    as_of_now = [2, 11]
    others = [place for place in range(17) if place not in as_of_now]
    np.testing.assert_allclose(features[:, others], rendering.features[:, others], atol=1e-6)
    assert (features[:, 2] >= rendering.features[:, 2] - 1e-6).all()
    assert (features[:, 11] >= rendering.features[:, 11]).all()


def test_labels_of_injected_rows_are_the_planted_ones(exported: Path, world: World, rendering: Rendering) -> None:
    found = loaded(exported, DIMENSION, floor=0.0)[::-1]
    labels = np.concatenate([session.labels for session in found])
    injected, hits = world.candidates["injected"], world.candidates["fts_hits"]
    deleted = world.memories["deleted"][world.candidate_memories]
    score = world.sessions["score"][world.candidate_sessions]
    plain = injected & (hits == 0) & ~deleted & (score >= 0.3)
    assert plain.sum() > 50
    np.testing.assert_allclose(labels[plain], np.clip(rendering.labels[plain], 0, 1), atol=1e-6)
    assert (labels[deleted] == -0.3).all()
    outside = ~injected & ~deleted
    told, true = labels[outside], rendering.labels[outside]
    assert true[told > 0.25].mean() > true[told < 0.25].mean()


def test_the_rules_of_the_loader_are_kept(exported: Path, world: World) -> None:
    scores = rows(exported, "SELECT * FROM session_scores")
    assert len({row["session_key"] for row in scores}) == len(scores) == len(world.sessions)
    vectors = rows(exported, "SELECT * FROM embeddings")
    assert len({row["source_id"] for row in vectors}) == len(vectors) == int(world.memories["embedded"].sum())
    assert {(row["source_type"], row["dimensions"], len(row["vector"])) for row in vectors} == {("memory", 16, 64)}
    for table in ("memories", "session_scores", "session_memories", "embeddings"):
        assert all(STAMP.fullmatch(row["created_at"]) for row in rows(exported, f"SELECT created_at FROM {table}"))
    offers = rows(exported, "SELECT * FROM session_memories")
    assert len(offers) == len(world.candidates)
    for row in offers:
        for name in ("entity_slot", "aspect_slot"):
            assert row[name] is None or 0 <= row[name] <= 255
        assert row["relevance_score"] is None or 0 <= row["relevance_score"] <= 1
        assert (row["relevance_score"] is None) == (not row["was_injected"])
        assert isinstance(row["fts_hit_count"], int)


def test_accesses_count_every_injection(exported: Path, world: World) -> None:
    held = {row["id"]: row["access_count"] for row in rows(exported, "SELECT id, access_count FROM memories")}
    for row, key in enumerate(world.memories["id"].tolist()):
        injected = world.candidates["injected"] & (world.candidate_memories == row)
        assert held[key] == world.memories["prior_accesses"][row] + injected.sum()


def test_vectors_are_those_of_the_texts_and_cluster_by_entity(exported: Path, world: World) -> None:
    held = {row["source_id"]: row["vector"] for row in rows(exported, "SELECT source_id, vector FROM embeddings")}
    everyone = np.flatnonzero(world.memories["embedded"])
    vectors = memory_vectors(world, everyone, DIMENSION)
    for vector, key in zip(vectors, world.memories["id"][everyone].tolist(), strict=True):
        assert held[key] == vector.astype("<f4").tobytes()
    unit = memory_vectors(world, everyone, 256)
    alike = unit @ unit.T
    entity = world.memories["entity"][everyone]
    same = (entity[:, None] == entity[None]) & ~np.eye(len(entity), dtype=bool)
    assert alike[same].mean() > 0.1 + alike[~same & ~np.eye(len(entity), dtype=bool)].mean()


def test_it_comes_back_as_a_world(exported: Path, world: World) -> None:
    imported = read("signet", exported)
    assert imported.notes == []
    back = imported.world
    for name, fields in {
        "sessions": ("id", "started_at", "ended_at", "project", "score", "confidence", "novel_context_count"),
        "candidates": ("session", "memory", "source", "rank", "injected", "fts_hits"),
        "memories": (
            "id",
            "text",
            "project",
            "importance",
            "created_at",
            "prior_accesses",
            "embedded",
            "pinned",
            "deleted",
        ),
        "entities": ("id", "name", "kind", "created_at"),
        "aspects": ("id", "entity", "name", "weight"),
        "dependencies": ("id", "source", "target", "kind", "weight"),
    }.items():
        for field in fields:
            theirs, ours = back.tables[name][field], world.tables[name][field]
            if ours.dtype == np.float64:
                np.testing.assert_allclose(theirs, ours, atol=1e-12, err_msg=field)
            else:
                assert theirs.tolist() == ours.tolist(), field
    facts = world.memories["kind"] == "attribute"
    assert back.memories["aspect"][facts].tolist() == world.memories["aspect"][facts].tolist()
    assert back.memories["superseded_by"][facts].tolist() == world.memories["superseded_by"][facts].tolist()
    twice = encode(back, DIMENSION)
    assert twice.counts == encode(read("signet", exported).world, DIMENSION).counts


@pytest.fixture
def daemon(tmp_path: Path) -> Path:
    return build(tmp_path / "daemon.db")


def test_import_then_export_keeps_every_column_of_a_daemon_s_database(daemon: Path, tmp_path: Path) -> None:
    made = encode(read("signet", daemon).world, base=daemon)
    assert made.counts == {"added": 0, "changed": 0, "removed": 0}
    (tmp_path / "again.db").write_bytes(made.data)
    assert contents(tmp_path / "again.db") == contents(daemon)
    assert loaded(tmp_path / "again.db", 4) == loaded(daemon, 4)
    assert encode(read("signet", daemon).world, base=daemon).data == made.data


def test_a_write_ahead_log_is_part_of_the_base(tmp_path: Path) -> None:
    path = build(tmp_path / "live.db", wal=True)
    made = encode(read("signet", path).world, base=path)
    (tmp_path / "again.db").write_bytes(made.data)
    whole = build(tmp_path / "whole.db")
    ours, theirs = contents(tmp_path / "again.db"), contents(whole)
    for table in ("memories", "embeddings", "session_scores", "session_memories"):
        assert ours[table] == theirs[table]
    assert made.data[18:20] == b"\x01\x01"


def _with(world: World, table: str, key: str, **fields: Any) -> World:
    held = world.tables[table]
    row = held.row_of[key]
    columns = {}
    for name, value in fields.items():
        columns[name] = held[name].copy()
        columns[name][row] = value
    return world.replace(**{table: held.replace(**columns)})


def test_what_a_world_changed_is_changed_and_nothing_else(daemon: Path, tmp_path: Path) -> None:
    world = read("signet", daemon).world
    changed = _with(world, "memories", "mem-002", importance=0.125)
    changed = _with(changed, "memories", "mem-004", text="Maya reviews nothing")
    changed = _with(changed, "candidates", "sess-14/mem-002", relevance=0.25)
    changed = _with(changed, "sessions", "sess-12", score=0.5)
    new: dict[str, Any] = {"id": "fresh-1", "text": "The build is green", "created_at": 1_771_000_000}
    memories = changed.memories.update(Table.from_records(TABLES["memories"], [new]))
    changed = changed.replace(memories=memories)
    gone = changed.candidates["memory"] != "mem-009"
    changed = changed.replace(
        candidates=changed.candidates.take(gone), memories=changed.memories.take(changed.memories["id"] != "mem-009")
    )
    made = encode(changed, base=daemon)
    (tmp_path / "new.db").write_bytes(made.data)
    before, after = contents(daemon), contents(tmp_path / "new.db")

    def told(table: str, name: str, key: str, column: str) -> Any:
        return rows(tmp_path / "new.db", f"SELECT {column} FROM {table} WHERE {name} = '{key}'")[0][column]

    assert told("memories", "id", "mem-002", "importance") == 0.125
    assert told("memories", "id", "mem-004", "content") == "Maya reviews nothing"
    assert told("session_scores", "session_key", "sess-12", "score") == 0.5
    assert told("memories", "id", "fresh-1", "content") == "The build is green"
    assert len(told("embeddings", "source_id", "fresh-1", "vector")) == 16
    assert told("embeddings", "source_id", "mem-004", "vector") != told("embeddings", "source_id", "mem-002", "vector")
    assert rows(tmp_path / "new.db", "SELECT * FROM memories WHERE id = 'mem-009'") == []
    for table, touched in (
        ("memories", {"mem-002", "mem-004", "mem-009", "fresh-1"}),
        ("session_scores", {"sess-12", "sess-10"}),  # the one, and how many sess-10 recalled
        ("entities", set()),
    ):
        apart = set(before[table]) ^ set(after[table])
        assert {row[1] if table == "session_scores" else row[0] for row in apart} == touched
    offers = set(before["session_memories"]) ^ set(after["session_memories"])
    assert {row[2] for row in offers} == {"mem-002", "mem-009"}
    assert made.counts["added"] >= 2
    assert made.counts["removed"] >= 2


def test_a_base_that_refuses_a_row_is_told(daemon: Path) -> None:
    world = read("signet", daemon).world
    twin = Table.from_records(TABLES["entities"], [{"id": "twin", "name": "signetai", "created_at": 0}])
    with pytest.raises(InvalidFile, match="UNIQUE") as caught:
        encode(world.replace(entities=world.entities.update(twin)), base=daemon)
    assert "--base" in caught.value.hint


def test_notes_tell_what_training_would_stumble_over(world: World, daemon: Path) -> None:
    assert encode(world, 4).notes == ()
    few = world.replace(
        sessions=world.sessions.take(np.arange(5)),
        turns=world.turns.take([]),
        candidates=world.candidates.take(np.arange(int(world.offsets[5]))),
    )
    assert "checks itself on the same" in encode(few, 4).notes[0]
    unsure = _with(few, "sessions", few.sessions["id"][0], confidence=MIN_CONFIDENCE)
    unsure = unsure.replace(sessions=unsure.sessions.replace(confidence=np.full(5, 0.1)))
    assert "trains on none" in encode(unsure, 4).notes[0]
    assert any("--base FILE keeps them" in note for note in encode(read("signet", daemon).world).notes)
    with pytest.raises(UsageError, match="no memories"):
        encode(empty_world())


def test_relevance_is_planted_or_clean(world: World, tmp_path: Path) -> None:
    clean = render(world, Spec(labels="clean", dimension=4)).labels
    (tmp_path / "clean.db").write_bytes(encode(world, 4, "clean").data)
    held = rows(tmp_path / "clean.db", "SELECT session_key, memory_id, relevance_score FROM session_memories")
    injected = np.flatnonzero(world.candidates["injected"])
    of = {(row["session_key"], row["memory_id"]): row["relevance_score"] for row in held}
    keys = zip(world.candidates["session"][injected], world.candidates["memory"][injected], strict=True)
    np.testing.assert_allclose([of[key] for key in keys], clean[injected], atol=1e-6)


def test_the_length_of_most_vectors(daemon: Path, exported: Path, tmp_path: Path) -> None:
    assert dimension_of(daemon) == 4
    assert dimension_of(exported) == DIMENSION
    world = replace(read("signet", daemon), notes=[]).world
    assert encode(world, base=daemon).data
