from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from memento.errors import InvalidFile, NotFound, StoreError, UsageError
from memento.formats import CATALOG, read
from memento.formats.reading.signet_schema import parse_stamp
from memento.patterns.facts import Joined
from memento.patterns.history import access_counts
from memento.render.columns import features
from memento.world import check, tree
from memento.world.objects import MemoryObjects
from memento.world.values import format_time
from memento.world.world import World

from .signet_fixture import EXAMPLE_FEATURES, EXAMPLE_MEMORY, EXAMPLE_SESSION, build, minimal


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("signet") / "memories.db")


@pytest.fixture(scope="module")
def world(database: Path) -> World:
    return read("signet", database).world


def _changed(path: Path, *statements: str) -> Path:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


def test_the_worked_example_has_its_seventeen_features(world: World) -> None:
    rows = features(Joined(world))
    row = world.candidates.row_of[f"{EXAMPLE_SESSION}/{EXAMPLE_MEMORY}"]
    np.testing.assert_allclose(rows[row], EXAMPLE_FEATURES, atol=1e-6)


def test_nothing_is_wrong_and_weeks_lead_to_the_whole(database: Path, world: World) -> None:
    imported = read("signet", database)
    assert check.check(world) == []
    store = MemoryObjects()
    at = store.add_tree([])
    live = []
    for week in imported.weeks:
        at = tree.apply(store, at, week.delta)
        state = tree.read(store, at)
        assert check.check(state) == []
        if "mem-005" in state.memories.row_of:
            live.append(not state.record("memories", "mem-005")["deleted"])
    assert at == tree.write(store, world)
    assert live == [True, True, False, False, False, False, False]
    assert world.manifest.source == "imported"


def test_memories(world: World) -> None:
    example = world.record("memories", "mem-001")
    assert (example["entity"], example["aspect"], example["value"]) == ("ent-001", "asp-001", "Docker on Fly.io")
    assert example["prior_accesses"] == 7 - 2
    assert world.record("memories", "mem-003")["importance"] == 0.5
    assert world.record("memories", "mem-004")["prior_accesses"] == 0
    assert world.record("memories", "mem-006")["kind"] == "constraint"
    assert world.record("memories", "mem-006")["pinned"]
    assert world.record("memories", "mem-007")["deleted"]
    assert world.record("memories", "mem-008")["kind"] == "episode"
    assert not world.record("memories", "mem-009")["embedded"]
    assert world.record("memories", "mem-005")["superseded_by"] == "mem-002"
    assert world.record("memories", "mem-010")["superseded_by"] == "mem-011"
    assert world.record("memories", "notes%2F2026%2001")["origin"] == "notes/2026 01"
    assert world.record("memories", "attribute:att-04")["text"] == "binds to localhost only"


def test_sessions_and_candidates(world: World) -> None:
    first = world.record("sessions", "sess-01")
    assert first["started_at"] == parse_stamp("2026-02-02T08:30:00Z")
    assert first["ended_at"] == parse_stamp("2026-02-02 09:10:00")
    assert world.record("sessions", "sess-04")["started_at"] == parse_stamp("2026-02-04T16:05:00")
    assert world.record("sessions", "sess-02")["novel_context_count"] == 0
    assert world.record("sessions", "sess-05")["project"] == ""
    assert world.record("sessions", "sess-07")["confidence"] is None
    assert world.record("sessions", "sess-14")["mode"] == "traversal"
    example = world.record("candidates", f"{EXAMPLE_SESSION}/{EXAMPLE_MEMORY}")
    assert (example["source"], example["injected"], example["relevance"]) == ("ka_traversal", False, None)
    pinned = world.record("candidates", "sess-01/mem-006")
    assert (pinned["source"], pinned["relevance"], pinned["rank"]) == ("ka_traversal_pinned", 1.0, 2)
    assert world.record("candidates", "sess-05/mem-004")["rank"] == 0
    assert len(world.candidates) == 16


def test_notes_count_what_was_left_out_or_changed(database: Path) -> None:
    notes = "\n".join(read("signet", database).notes)
    for line in (
        "candidates that are no memory, left out: 1 (such as sess-01 mem-gone)",
        "candidates of a session without a score, left out: 1",
        "attributes of an aspect that is not there, left out: 1",
        "dependencies of an entity that is not there, left out: 1",
        "memories injected more often than their access_count says: 1 (such as mem-004 1 > 0)",
        "importances outside 0 to 1, clipped: 1",
        "memory ids changed to fit: 1 (such as notes/2026 01)",
        "sessions without a score or a confidence, which Signet does not train on: 1",
        "memories superseded in the graph but not deleted, taken as deleted: 2",
    ):
        assert line in notes


def test_the_minimal_schema_will_do(tmp_path: Path) -> None:
    imported = read("signet", minimal(tmp_path / "minimal.db"))
    assert len(imported.world.candidates) == 16
    assert len(imported.world.entities) == 0
    assert imported.world.record("memories", "mem-006")["kind"] == "constraint"
    assert any("no entities in the database" in note for note in imported.notes)
    assert check.check(imported.world) == []


def test_a_copy_with_its_write_ahead_log_is_read_and_left_alone(tmp_path: Path, world: World) -> None:
    path = build(tmp_path / "memories.db", wal=True)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert set(before) == {"memories.db", "memories.db-wal"}
    assert read("signet", path).world == world
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_running_daemon_is_read_too(tmp_path: Path, world: World) -> None:
    path = build(tmp_path / "memories.db")
    daemon = sqlite3.connect(path)
    daemon.execute("PRAGMA journal_mode = WAL")
    daemon.execute("UPDATE memories SET content = 'changed in the log' WHERE id = 'mem-002'")
    daemon.commit()
    daemon.execute("BEGIN IMMEDIATE")
    daemon.execute("UPDATE memories SET content = 'not committed' WHERE id = 'mem-003'")
    state = read("signet", path).world
    daemon.rollback()
    daemon.close()
    assert state.record("memories", "mem-002")["text"] == "changed in the log"
    assert state.record("memories", "mem-003") == world.record("memories", "mem-003")


def test_everything_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    path = minimal(tmp_path / "old.db")
    _changed(
        path,
        "DROP TABLE embeddings",
        "ALTER TABLE memories DROP COLUMN pinned",
        "ALTER TABLE session_memories DROP COLUMN fts_hit_count",
        "ALTER TABLE session_memories DROP COLUMN rank",
    )
    with pytest.raises(InvalidFile) as caught:
        read("signet", path)
    assert caught.value.faults == (
        "table session_memories has no column fts_hit_count, rank",
        "table memories has no column pinned",
        "no table embeddings",
    )
    assert "0.58" in caught.value.hint


def test_every_bad_value_is_told_at_once(tmp_path: Path) -> None:
    path = minimal(tmp_path / "bad.db")
    _changed(
        path,
        "UPDATE session_memories SET fts_hit_count = NULL WHERE session_key = 'sess-01'",
        "UPDATE session_memories SET structural_density = 2.5 WHERE memory_id = 'mem-002'",
        "UPDATE memories SET pinned = NULL WHERE id = 'mem-003'",
        "UPDATE memories SET content = x'00ff' WHERE id = 'mem-004'",
        "INSERT INTO embeddings VALUES ('mem-002', 'memory', 'not a blob', 4)",
    )
    with pytest.raises(InvalidFile) as caught:
        read("signet", path)
    told = str(caught.value)
    for part in (
        "session_memories: fts_hit_count is NULL in sess-01, sess-01, sess-01, sess-01",
        "session_memories: structural_density is real, not integer in",
        "memories: pinned is NULL in mem-003",
        "memories: content is blob, not text in mem-004",
        "embeddings: vector is text, not blob in mem-002",
    ):
        assert part in told


def test_rows_that_signet_passes_over_are_counted(tmp_path: Path) -> None:
    path = minimal(tmp_path / "odd.db")
    _changed(
        path,
        "UPDATE memories SET created_at = 'yesterday' WHERE id = 'mem-002'",
        "UPDATE memories SET created_at = '2027-01-01T00:00:00Z' WHERE id = 'mem-009'",
        "UPDATE session_scores SET created_at = '2026-00-01T00:00:00Z' WHERE session_key = 'sess-02'",
        "INSERT INTO session_scores SELECT * FROM session_scores WHERE session_key = 'sess-04'",
        "INSERT INTO session_memories SELECT * FROM session_memories WHERE session_key = 'sess-04'",
        "INSERT INTO embeddings SELECT * FROM embeddings",
        "UPDATE session_memories SET relevance_score = 9e999 WHERE session_key = 'sess-05'",
    )
    imported = read("signet", path)
    notes = "\n".join(imported.notes)
    for part in (
        "memories with a created_at that is no timestamp, left out: 1 (such as mem-002 yesterday)",
        "sessions with a created_at that is no timestamp, left out: 1 (such as sess-02",
        "scores of a session that has a later one, left out: 1",
        "candidates offered twice to one session, the first kept: 2",
        "candidates of a session or memory that is left out: 4",
        "candidates written after their session ended, left out: 1 (such as sess-10 mem-009)",
        "memories with more than one vector, each offered once: 1",
        "relevance scores that are infinite, left out: 1",
    ):
        assert part in notes
    assert check.check(imported.world) == []


def test_an_injection_that_is_left_out_was_still_an_access(tmp_path: Path, world: World) -> None:
    """The memory is dated after the first session that it was injected into, whose row is left out."""
    rows = (world.candidates["memory"] == EXAMPLE_MEMORY) & world.candidates["injected"]
    ends = sorted(world.sessions["ended_at"][world.candidate_sessions[rows]].tolist())
    assert len(ends) == 2
    path, later = build(tmp_path / "late.db"), format_time(ends[0] + 1)
    _changed(path, f"UPDATE memories SET created_at = '{later}' WHERE id = '{EXAMPLE_MEMORY}'")
    changed = read("signet", path).world
    assert changed.record("memories", EXAMPLE_MEMORY)["prior_accesses"] == 7 - 1
    last = changed.candidate_memories == changed.memories.row_of[EXAMPLE_MEMORY]
    assert access_counts(changed)[last & changed.candidates["injected"]].tolist() == [6]


def _circle(path: Path) -> None:
    _changed(
        path,
        "UPDATE entity_attributes SET superseded_by = 'att-05', status = 'superseded' WHERE id = 'att-02'",
        "UPDATE memories SET created_at = '2026-01-20 09:30:00' WHERE id = 'mem-005'",
    )


def _no_such_newer(path: Path) -> None:
    _changed(path, "UPDATE entity_attributes SET superseded_by = 'att-99' WHERE id = 'att-05'")


def _older(path: Path) -> None:
    _changed(path, "UPDATE memories SET created_at = '2026-01-01 00:00:00' WHERE id = 'mem-002'")


@pytest.mark.parametrize(
    ("change", "says"),
    [(_circle, "in a circle"), (_no_such_newer, "by an attribute that is not there"), (_older, "by an older memory")],
)
def test_supersessions_that_cannot_be(tmp_path: Path, change: Callable[[Path], None], says: str) -> None:
    path = build(tmp_path / "odd.db")
    change(path)
    imported = read("signet", path)
    assert any(f"supersessions {says}, unlinked: 1" in note for note in imported.notes)
    assert check.check(imported.world) == []


def test_files_that_are_no_database(tmp_path: Path) -> None:
    good = build(tmp_path / "good.db").read_bytes()
    cases = {
        "empty.db": (b"", UsageError, "is empty"),
        "text.db": (b"these are notes, not a database" * 9, UsageError, "not a SQLite database"),
        "short.db": (good[:60], UsageError, "cut off"),
        "torn.db": (good[:100] + b"\xee" * 4000 + good[4100:], StoreError, "damaged"),
        "half.db": (good[: len(good) // 2], StoreError, "damaged"),
    }
    for name, (data, kind, says) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(kind, match=says) as caught:
            read("signet", path)
        assert name in caught.value.message
        assert caught.value.hint
    with pytest.raises(UsageError, match="no file"):
        read("signet", tmp_path / "absent.db")
    with pytest.raises(UsageError, match="is a folder"):
        read("signet", tmp_path)


def test_a_damaged_copy_with_a_log_is_named_as_given(tmp_path: Path) -> None:
    data = bytearray(build(tmp_path / "torn.db").read_bytes())
    data[18:20] = b"\x02\x02"
    data[100:4100] = b"\xee" * 4000
    (tmp_path / "torn.db").write_bytes(data)
    (tmp_path / "torn.db-wal").write_bytes(b"")
    with pytest.raises(StoreError, match="damaged") as caught:
        read("signet", tmp_path / "torn.db")
    assert str(tmp_path / "torn.db") in caught.value.message


@pytest.mark.skipif(sys.platform == "darwin", reason="names of files are always UTF-8 there")
def test_a_file_named_in_another_encoding(tmp_path: Path, world: World) -> None:
    state = read("signet", build(tmp_path / "memories.db").rename(tmp_path / os.fsdecode(b"caf\xe9.db"))).world
    assert state.manifest.scenario["file"] == "caf\ufffd.db"
    assert tree.write(MemoryObjects(), state)
    assert state.memories == world.memories


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = build(tmp_path / "memories.db")
    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(UsageError, match="no permission to read") as caught:
        read("signet", path)
    assert "chmod" in caught.value.hint


def test_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memento.formats.reading.database._WAIT", 0.05)
    path = build(tmp_path / "memories.db")
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked by another program"):
        read("signet", path)
    other.rollback()
    other.close()


def test_formats_are_found_by_name() -> None:
    assert set(CATALOG) == {"locomo", "signet"}
    with pytest.raises(NotFound, match="no format named 'signe'") as caught:
        read("signe", "x")
    assert "signet" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-02-20T14:30:45Z", 1771597845),
        ("2026-02-20 14:30:45", 1771597845),
        ("2026-02-20T14:30:45.999+02:00", 1771597845),
        ("2026-02-20T14:30:60Z", 1771597860),
        ("2026-00-20T14:30:45Z", None),
        ("2026-02-30T14:30:45Z", None),
        ("2026-02-20T14:30", None),
        ("", None),
        (None, None),
    ],
)
def test_stamps(text: str | None, seconds: int | None) -> None:
    assert parse_stamp(text) == seconds
