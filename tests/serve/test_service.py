"""The methods, held against the reference."""

from __future__ import annotations

import json
import math
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from formats.signet_fixture import minimal
from train.signet_reference import Session, Trainer, drawn, logits, read_sgpt

from memento.serve.scorers import SignetScorer, opened
from memento.train.signet import double

from .conftest import NOW, Client
from .loading import sessions


def params(session: Session, **more: Any) -> dict[str, Any]:
    """A session as the daemon would send it."""
    return {
        "context_embedding": session.context,
        "candidate_embeddings": [e or [] for e in session.embeddings],
        "candidate_features": session.features,
        "project_slot": session.project,
        **more,
    }


def reference(dimension: int = 4) -> Trainer:
    return Trainer({name: value.numpy() for name, value in double(dimension).state_dict().items()})


def test_scores_are_the_reference_s_the_best_first(ask: Client) -> None:
    session = drawn(3, candidates=9, dimension=4, texts=True)
    names = [f"m{place}" for place in range(9)]
    answer = ask("score", **params(session, candidate_ids=names, candidate_texts=session.texts, agent_id="default"))
    expected = torch.softmax(logits(reference().weights, session), 0).detach().numpy()
    given = {one["id"]: one["score"] for one in answer["scores"]}
    np.testing.assert_allclose([given[name] for name in names], expected, atol=1e-12)
    assert [one["score"] for one in answer["scores"]] == sorted(given.values(), reverse=True)


def test_equals_stay_in_the_order_given_and_columns_may_be_left_out(ask: Client) -> None:
    same = {
        "context_embedding": [1, 2, 3, 4],
        "candidate_ids": ["z", "a", "z"],
        "candidate_embeddings": [[1, 0, 0, 0]] * 3,
    }
    answer = ask("score", **same)
    assert [one["id"] for one in answer["scores"]] == ["z", "a", "z"]
    assert answer["scores"][0]["score"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"candidate_ids": ["a"]}, "candidate_ids and candidate_embeddings length mismatch"),
        ({"candidate_texts": ["x"]}, "candidate_ids and candidate_texts length mismatch"),
        ({"candidate_features": [[0.0] * 17]}, "candidate_ids and candidate_features length mismatch"),
        ({"candidate_features": [[0.0] * 16] * 2}, "candidate_features row has invalid dimension"),
        ({"context_embedding": [1.0]}, "query embedding dim mismatch: expected 4, got 1"),
        ({"candidate_ids": [], "candidate_embeddings": []}, "cannot score empty candidate set"),
        ({"candidate_embeddings": [[1.0] * 4, [1.0] * 3]}, "candidate b must provide either native embedding or text"),
        ({"candidate_embeddings": [[1.0] * 4, None]}, "candidate b must provide either native embedding or text"),
    ],
)
def test_what_cannot_be_scored_is_told_in_the_sidecar_s_words(
    ask: Client, change: dict[str, Any], message: str
) -> None:
    request = {"context_embedding": [1.0] * 4, "candidate_ids": ["a", "b"], "candidate_embeddings": [[1.0] * 4] * 2}
    assert ask("score", **request | change) == {"code": -32000, "message": message}


def test_train_steps_as_the_reference_and_is_counted(ask: Client) -> None:
    trainer = reference()
    for step in range(5):
        session = drawn(step, dimension=4)
        answer = ask("train", **params(session, labels=session.labels))
        assert answer["step"] == step + 1
        assert answer["loss"] == pytest.approx(trainer.step(session), abs=1e-11)
    status = ask("status")
    assert (status["trained"], status["training_pairs"], status["model_version"]) == (True, 30, 6)
    assert status["last_trained"] == NOW


def test_train_refuses_what_the_sidecar_refuses(ask: Client) -> None:
    session = drawn(0, dimension=4)
    assert "length mismatch" in ask("train", **params(session, labels=[1.0]))["message"]
    for temperature in (0.0, -1.0):
        answer = ask("train", **params(session, labels=session.labels, temperature=temperature))
        assert answer == {"code": -32000, "message": "temperature must be > 0"}
    assert ask("train", context_embedding=[0.0] * 4, candidate_embeddings=[], labels=[])["step"] == 0
    assert not ask("status")["trained"]


def test_a_database_trains_as_the_reference(ask: Client, database: Path) -> None:
    found = sessions(database, 4)
    answer = ask("train_from_db", db_path=str(database))
    assert len(found) == 7
    assert answer["samples_used"] == 7  # ten or fewer are canary and training set at once
    assert answer["samples_skipped"] == 1
    assert answer["step"] == 21
    assert answer["loss"] == pytest.approx(reference().epochs(found, 3), abs=1e-10)
    assert 0 < answer["canary_score_variance"] < 1
    assert answer["canary_topk_stability"] == 1.0  # no session has more than five candidates
    assert answer["checkpoint_saved"] is False
    status = ask("status")
    assert (status["training_pairs"], status["model_version"]) == (7, 2)


def test_the_newest_ten_are_held_out(ask: Client, tmp_path: Path) -> None:
    path = many(tmp_path / "many.db")
    found = sessions(path, 4)
    answer = ask("train_from_db", db_path=str(path), epochs=2, temperature=0.7)
    assert answer["samples_used"] == len(found) - 10
    trainer = reference()
    before = [torch.softmax(logits(trainer.weights, s), 0).detach().numpy() for s in found[:10]]
    for _ in range(2):
        losses = [trainer.step(session, 0.7) for session in found[10:]]
    after = [torch.softmax(logits(trainer.weights, s), 0).detach().numpy() for s in found[:10]]
    first = (
        [set(np.argsort(-x, kind="stable")[:5]) for x in before],
        [set(np.argsort(-x, kind="stable")[:5]) for x in after],
    )
    stability = np.mean([len(a & b) / min(5, len(x)) for a, b, x in zip(*first, after, strict=True)])
    assert answer["loss"] == pytest.approx(np.mean(losses), abs=1e-10)
    assert answer["canary_topk_stability"] == pytest.approx(stability)
    assert answer["canary_score_variance"] == pytest.approx(np.var(np.concatenate(after)), abs=1e-10)


def many(path: Path, count: int = 25) -> Path:
    """Sessions of eight candidates, some without a vector, one with a vector of another length, one with two."""
    minimal(path)
    draw = np.random.default_rng(2)
    with sqlite3.connect(path) as db:
        for memory in range(30):
            db.execute(
                "INSERT INTO memories VALUES (?, ?, ?, ?, ?, ?, 0, NULL)",
                (f"x{memory}", f"memory {memory} of the Dark mode", f"2026-01-{memory % 28 + 1:02d} 08:00:00",
                 None if memory == 3 else float(draw.uniform()), memory, int(memory == 7)),
            )  # fmt: skip
            if memory % 5:
                vector = draw.normal(size=3 if memory == 6 else 4).astype("<f4").tobytes()
                db.execute("INSERT INTO embeddings VALUES (?, 'memory', ?, 4)", (f"x{memory}", vector))
        db.execute("INSERT INTO embeddings VALUES ('x8', 'memory', ?, 4)", (b"\0" * 16,))
        db.execute("INSERT INTO embeddings VALUES ('x9', 'document', ?, 4)", (b"\0" * 16,))
        for session in range(count):
            at = f"2026-03-{session + 1:02d}T{session % 24:02d}:30:00Z"
            row = (
                f"y{session}",
                "abc"[session % 3] if session % 4 else None,
                float(draw.uniform()),
                0.9,
                session % 3,
                at,
            )
            db.execute("INSERT INTO session_scores VALUES (?, ?, ?, ?, ?, ?)", row)
            for rank, memory in enumerate(draw.permutation(30)[:8].tolist()):
                injected = int(rank < 3)
                db.execute(
                    "INSERT INTO session_memories VALUES (?, ?, 0.5, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (f"y{session}", f"x{memory}", injected, float(draw.uniform()) if injected and memory % 2 else None,
                     int(draw.integers(0, 4)), "ka_traversal" if memory % 3 else "effective", rank,
                     None if memory % 4 else 200, memory, None if memory % 2 else 5, memory % 2),
                )  # fmt: skip
    db.close()
    return path


def test_a_checkpoint_is_saved_where_the_canary_holds(ask: Client, database: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    assert ask("train_from_db", db_path=str(database), checkpoint_path=str(path))["checkpoint_saved"]
    weights = read_sgpt(path.read_bytes())
    np.testing.assert_array_equal(weights["gate"], ask.service.served.replica.weights["gate"])
    again = Client(opened(path))
    session = drawn(1, dimension=4)
    request = params(session, candidate_ids=list("abcdef"))
    assert again("score", **request) == ask("score", **request)
    nowhere = str(tmp_path / "none" / "model.bin")
    said: list[str] = []
    ask.service.say = said.append
    assert not ask("train_from_db", db_path=str(database), checkpoint_path=nowhere)["checkpoint_saved"]
    assert len(said) == 1
    assert said[0].startswith(f"{nowhere} was not saved: ")
    assert not ask("train_from_db", db_path=str(database))["checkpoint_saved"]
    assert len(said) == 1, "none was asked for"
    assert ask("save_checkpoint", path=nowhere)["code"] == -32000
    assert ask("save_checkpoint", path=str(path), flags=2) == {"saved": True}
    assert path.read_bytes()[8] == 2


def test_an_empty_database_is_no_error(ask: Client, database: Path) -> None:
    answer = ask("train_from_db", db_path=str(database), min_confidence=1.0)
    assert (answer["samples_used"], answer["loss"], answer["canary_topk_stability"]) == (0, 0.0, 1.0)
    assert answer["samples_skipped"] == 13
    assert ask("train_from_db", db_path=str(database), limit=0)["samples_used"] == 0
    assert not ask("status")["trained"]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE session_memories SET fts_hit_count = NULL", "fts_hit_count is NULL"),
        ("UPDATE session_memories SET structural_density = 2.5", "structural_density is real"),
        ("UPDATE memories SET is_deleted = NULL", "is_deleted is NULL"),
        ("UPDATE embeddings SET vector = 'text'", "vector is text"),
        ("ALTER TABLE memories DROP COLUMN pinned", "no column pinned"),
    ],
)
def test_a_database_that_stops_the_sidecar_is_an_error(ask: Client, tmp_path: Path, statement: str, words: str) -> None:
    path = minimal(tmp_path / "bad.db")
    with sqlite3.connect(path) as db:
        db.execute(statement)
    db.close()
    answer = ask("train_from_db", db_path=str(path))
    assert answer["code"] == -32000
    assert words in answer["message"]
    assert not ask("status")["trained"]


def test_a_month_that_is_none_ends_nothing(ask: Client, tmp_path: Path) -> None:
    path = minimal(tmp_path / "month.db")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE session_scores SET created_at = '2026-00-01T00:00:00Z' WHERE session_key = 'sess-02'")
    db.close()
    assert math.isfinite(ask("train_from_db", db_path=str(path))["loss"])


def test_paths_that_are_no_database(ask: Client, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", Path(__file__)):
        assert ask("train_from_db", db_path=str(path))["code"] == -32000
    assert ask("train_from_db", db_path="a\0b")["code"] in (-32000, -32603)


def test_numbers_past_all_bounds_are_answered(ask: Client) -> None:
    request = {
        "context_embedding": [1e308] * 4,
        "candidate_ids": ["a", "b"],
        "candidate_embeddings": [[1e308] * 4, [1] * 4],
    }
    with np.errstate(all="ignore"):
        answer = ask("score", **request)
    assert json.dumps(answer)
    assert ask("score", **request | {"context_embedding": [1.0] * 4, "candidate_embeddings": [[1.0] * 4] * 2})["scores"]


def test_a_fresh_scorer_is_the_sidecar_s() -> None:
    assert SignetScorer(double(8)).replica.weights["gate"].shape == (1, 114)
