from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memento import rng
from memento.errors import InvalidFile, UsageError
from memento.formats import read
from memento.formats.locomo import CANDIDATES, choose
from memento.world import check, tree
from memento.world.objects import MemoryObjects
from memento.world.world import World

LIGHTHOUSE = Path(__file__).with_name("lighthouse.json")
REAL = Path(os.environ.get("MEMENTO_LOCOMO") or Path(__file__).with_name("locomo"))
"""The public conversations (github.com/snap-research/locomo), which are not part of this project."""


@pytest.fixture(scope="module")
def world() -> World:
    return read("locomo", LIGHTHOUSE).world


def _sample() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(LIGHTHOUSE.read_text())
    return value


def test_people_turns_facts_and_questions_become_records(world: World) -> None:
    people = {record["name"] for record in world.entities.records() if record["kind"] == "person"}
    assert people == {"Edda", "Rufus"}
    first = world.record("memories", "lighthouse-D1.1")
    assert first["text"] == "Edda: Rufus! I finally got the keys to the lighthouse at Tern Point."
    assert (first["kind"], first["entity"], first["origin"]) == ("episode", "lighthouse-Edda", "D1:1")
    assert first["created_at"] == 1709489100
    fact = world.record("memories", "lighthouse-F1.2")
    assert (fact["text"], fact["kind"], fact["origin"]) == ("Edda's sister is called Nell.", "attribute", "D1:5")
    assert len(world.memories) == 20 + 4
    assert len(world.sessions) == 3 + 7
    question = world.record("sessions", "lighthouse-Q1")
    assert question["topic"] == "lighthouse-Edda"
    asked, answered = world.record("turns", "lighthouse-Q1.0"), world.record("turns", "lighthouse-Q1.1")
    assert (asked["role"], asked["text"]) == ("user", "When does Edda move into the lighthouse?")
    assert (answered["text"], answered["cites"], answered["parent"]) == (
        "1 April 2024",
        ["lighthouse-D1.3"],
        asked["id"],
    )


def test_midnight_is_twelve_am_and_captions_are_kept(world: World) -> None:
    assert world.record("sessions", "lighthouse-S2")["started_at"] == 1712017200
    assert (
        world.record("memories", "lighthouse-D1.7")["text"]
        == "Edda: [image: a spiral staircase with peeling green paint]"
    )
    assert "[image: a dark loaf" in world.record("turns", "lighthouse-S1.3")["text"]


def test_evidence_is_observed_relevance(world: World) -> None:
    rows = world.candidates.records()
    relevant = {(row["session"], row["memory"]) for row in rows if row["relevance"] == 1.0}
    expected = {
        "Q1": ["D1.3"], "Q2": ["D1.5", "D2.4"], "Q3": ["D3.1"], "Q4": ["D3.2", "D3.4"], "Q6": ["D1.1"],
    }  # fmt: skip
    assert relevant == {(f"lighthouse-{q}", f"lighthouse-{m}") for q, ms in expected.items() for m in ms}
    assert {row["relevance"] for row in world.candidates.records()} == {0.0, 1.0}
    assert all(row["used"] == (row["relevance"] == 1.0) for row in world.candidates.records())


def test_every_turn_is_offered_where_there_are_few_and_ranks_are_complete(world: World) -> None:
    sizes = np.diff(world.offsets)
    assert sorted(sizes.tolist()) == [0] * 5 + [20] * 5
    for low, high in zip(world.offsets, world.offsets[1:], strict=False):
        assert sorted(world.candidates["rank"][low:high].tolist()) == list(range(high - low))


def test_questions_come_after_the_last_sitting_and_nothing_is_wrong(world: World) -> None:
    asked = [row for row in world.sessions.records() if "-Q" in row["id"]]
    last = world.record("sessions", "lighthouse-S3")["ended_at"]
    assert min(row["started_at"] for row in asked) > last
    assert len({row["started_at"] for row in asked}) == len(asked)
    assert check.check(world) == []


def test_notes_count_what_was_odd() -> None:
    notes = "\n".join(read("locomo", LIGHTHOUSE).notes)
    assert "evidence repaired: 2" in notes
    assert "D1:5; D2:4 -> D1:5, D2:4" in notes
    assert "D:3:01 -> D3:1" in notes
    assert "evidence that names no turn: 2 (such as lighthouse D9:4 · lighthouse D)" in notes
    assert "questions without evidence, kept without candidates: 1 " in notes
    assert "adversarial questions without evidence, kept without candidates: 1 " in notes
    assert "adversarial questions without an answer: 2" in notes
    assert "observed facts of another shape, left out: 1" in notes
    assert "dates of sittings that the file does not hold: 1 (such as lighthouse session_4)" in notes


def test_weeks_lead_to_the_same_tree_as_the_whole_world() -> None:
    imported = read("locomo", LIGHTHOUSE)
    store = MemoryObjects()
    at = store.add_tree([])
    for week in imported.weeks:
        at = tree.apply(store, at, week.delta)
        assert tree.read(store, at).manifest.clock == week.time
        assert check.check(tree.read(store, at)) == []
    assert at == tree.write(store, imported.world)
    times = [week.time for week in imported.weeks]
    assert times == sorted(set(times))
    assert imported.weeks[0].message == "LoCoMo, week of 2024-02-26: 10 memories, 1 session, 4 entities"


def test_import_is_the_same_twice() -> None:
    assert read("locomo", LIGHTHOUSE).world == read("locomo", LIGHTHOUSE).world


def test_long_names_and_texts_fit_a_world(tmp_path: Path) -> None:
    value, speaker = _sample(), "Edda of Tern Point " * 15
    for key, turns in value.items():
        for turn in turns if isinstance(turns, list) and key.startswith("session_") else ():
            turn["speaker"] = turn["speaker"].replace("Edda", speaker)
    value["speaker_a"] = value["speaker_a"].replace("Edda", speaker)
    value["sample_id"] = "long " * 60
    value["session_1"][0]["text"] = "w" * 200_000
    path = tmp_path / "long.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    imported = read("locomo", path)
    assert check.check(imported.world) == []
    assert len(imported.world.memories) == 20 + 4
    assert len(imported.world.aspects) > 0
    assert any(note.startswith("person ids changed to fit: 1") for note in imported.notes)
    assert any("cut to 100000 characters" in note for note in imported.notes)


@pytest.mark.skipif(sys.platform == "darwin", reason="names of files are always UTF-8 there")
def test_names_that_are_no_text_are_mended(tmp_path: Path) -> None:
    """Lone surrogates, as JSON's escapes and names of files in another encoding have them."""
    value = _sample()
    value["qa"][0]["evidence"] = ["D\ud800"]
    path = tmp_path / os.fsdecode(b"caf\xe9.json")
    path.write_text(json.dumps(value), encoding="utf-8")
    given = tmp_path / "given.json"
    given.write_text(json.dumps({**value, "sample_id": "a\ud800\0b"}), encoding="utf-8")
    for file, project in ((path, "caf\ufffd"), (given, "a\ufffd\ufffdb")):
        imported = read("locomo", file)
        assert set(imported.world.sessions["project"]) == {project}
        assert tree.write(MemoryObjects(), imported.world)
        assert "names with characters that were replaced: 1" in "\n".join(imported.notes)
        "\n".join(imported.notes).encode()


def test_nested_list_and_folder_give_one_project_each(tmp_path: Path) -> None:
    flat = _sample()
    talk = {key: value for key, value in flat.items() if not key.endswith(("observation", "summary")) and key != "qa"}
    observed = {key: value for key, value in flat.items() if key.endswith("observation")}
    nested = [
        {"sample_id": f"conv-{n}", "qa": flat["qa"], "conversation": talk, "observation": observed} for n in (1, 2)
    ]
    (tmp_path / "all.json").write_text(json.dumps(nested))
    both = read("locomo", tmp_path / "all.json").world
    assert set(both.sessions["project"]) == {"conv-1", "conv-2"}
    assert both.record("memories", "conv-2-F1.1")["text"] == "Edda got the keys to the lighthouse at Tern Point."
    (tmp_path / "all.json").unlink()
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(flat))
    folder = read("locomo", tmp_path).world
    assert set(folder.sessions["project"]) == {"a", "b"}
    assert len(folder.memories) == len(both.memories) == 48
    assert check.check(folder) == []


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    value = _sample()
    del value["speaker_b"], value["session_2_date_time"]
    value["session_1_date_time"] = "some day in March"
    value["session_1"][0] = {"speaker": "Edda", "text": 5}
    value["session_3"] = "gone"
    value["qa"][0] = {"answer": "no question"}
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(value))
    with pytest.raises(InvalidFile) as caught:
        read("locomo", path)
    told = str(caught.value)
    for part in (
        "speaker_b is missing", "session_2_date_time is missing", "'some day in March' is not like",
        "session_1, turn 1: missing or not text: dia_id, text", "session_3 is a list of turns, not text",
        "qa, entry 1: no question", "6 faults",
    ):  # fmt: skip
        assert part in told


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b'{"speaker_a": "A", "session_1": [', "not JSON, or only a part of it: line 1, column"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[]", "a list without conversations"),
        (b"7", "a conversation is an object, not a number"),
        (b"{}", "no session_1"),
        (b"[" * 100_000, "not JSON"),
        (b'[{"conversation": 3}]', "conversation is an object, not a number"),
    ],
)
def test_files_that_are_no_conversation(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(data)
    with pytest.raises(InvalidFile, match=r"bad\.json") as caught:
        read("locomo", path)
    assert says in str(caught.value)
    assert "LoCoMo" in caught.value.hint


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read("locomo", tmp_path / "absent.json")
    with pytest.raises(UsageError, match=r"no \.json file"):
        read("locomo", tmp_path)


def test_others_are_drawn_without_regard_to_the_evidence() -> None:
    scores = np.arange(300, dtype=np.float64)[::-1].copy()
    keys = rng.keys(1, [str(row) for row in range(300)])
    plain, forced = choose(scores, keys, [3], 50), choose(scores, keys, [3, 280], 50)
    assert len(plain) == len(forced) == 50
    assert forced == sorted(forced)
    assert {3, 280} <= set(forced)
    assert len(set(plain) & set(forced)) >= 49
    first = sum(row < 25 for row in plain)
    assert 3 <= first <= 25


def test_evidence_without_shared_words_has_no_place_of_its_own() -> None:
    places = []
    for number in range(400):
        keys = rng.keys(number, [str(row) for row in range(300)])
        places.append(choose(np.zeros(300), keys, [number % 300], 50).index(number % 300))
    assert 21 < np.mean(places) < 28
    assert np.mean(np.array(places) >= 40) == pytest.approx(0.2, abs=0.07)


@pytest.mark.skipif(not any(REAL.glob("*.json")), reason="no LoCoMo files here (set MEMENTO_LOCOMO to their folder)")
def test_the_real_conversations() -> None:
    imported = read("locomo", REAL)
    world = imported.world
    assert check.check(world) == []
    assert len(imported.weeks) > 20
    sizes = np.diff(world.offsets)
    assert set(sizes.tolist()) == {0, CANDIDATES}
    questions = sizes > 0
    relevance = world.candidates["relevance"]
    found = np.add.reduceat(relevance, world.offsets[:-1][questions])
    assert found.min() >= 1
    share = np.array([relevance[world.candidates["rank"] // 10 == tenth].mean() for tenth in range(5)])
    assert share[0] > 3 * share[1]
    assert share[1:].max() < 2.5 * share[1:].min()
