"""Other models behind the same requests, and what a server starts with."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from train.conftest import toy

from memento.errors import UsageError
from memento.formats import sgpt, signet
from memento.models.base import Batch
from memento.models.lambdamart import LambdaMart
from memento.models.signet import Signet
from memento.render.rendering import Spec, render
from memento.serve.scorers import SignetScorer, TorchScorer, fresh, opened, require_dimension, resumed
from memento.train import Run, checkpoint, train
from memento.train.config import Config
from memento.train.signet import double
from memento.validate.evaluate import unseen

from .conftest import Client


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    small = toy(sessions=12, candidates=5, dimension=8)
    return {name: train([(small, 1.0)], model=name, epochs=1) for name in ("interaction", "linear", "signet")}


def request(count: int = 6, dimension: int = 8) -> dict[str, object]:
    draw = np.random.default_rng(1)
    return {
        "context_embedding": draw.normal(size=dimension).tolist(),
        "candidate_ids": [f"m{place}" for place in range(count)],
        "candidate_embeddings": draw.normal(size=(count, dimension)).tolist(),
        "candidate_features": draw.uniform(size=(count, 17)).tolist(),
    }


def expected(run: Run, asked: dict[str, object], turned: bool) -> dict[str, float]:
    """The model's own scores; with `turned` the weekday's angle is a seventh of a turn less."""
    features = torch.tensor(asked["candidate_features"])
    if turned:
        angle = torch.atan2(features[:, 5], features[:, 6]) - 2 * torch.pi / 7
        size = features[:, 5:7].norm(dim=1)
        features[:, 5], features[:, 6] = size * angle.sin(), size * angle.cos()
    batch = Batch(
        features=features[None],
        mask=torch.ones(1, len(features), dtype=torch.bool),
        contexts=torch.tensor([asked["context_embedding"]]),
        candidates=torch.tensor([asked["candidate_embeddings"]]),
    )
    scores = torch.softmax(run.scorer.score(batch)[0].double(), 0)
    return dict(zip(asked["candidate_ids"], scores.tolist(), strict=True))  # type: ignore[call-overload]


@pytest.mark.parametrize("model", ["interaction", "linear"])
@pytest.mark.parametrize("sunday", [True, False])
def test_a_model_of_memento_s_answers_as_it_scores(runs: dict[str, Run], model: str, sunday: bool) -> None:
    client = Client(TorchScorer(runs[model], sunday))
    asked = request()
    answer = client("score", **asked)
    given = {one["id"]: one["score"] for one in answer["scores"]}
    assert given == pytest.approx(expected(runs[model], asked, sunday), abs=1e-5)
    assert client("status")["native_dimensions"] == 8


def test_it_takes_candidates_without_an_embedding(runs: dict[str, Run]) -> None:
    client = Client(TorchScorer(runs["interaction"]))
    asked = request(3)
    asked["candidate_embeddings"] = [None, [], [1.0] * 8]
    blank = request(3) | {"candidate_embeddings": [[0.0] * 8, [0.0] * 8, [1.0] * 8]}
    assert client("score", **asked) == client("score", **blank)


def test_it_learns_and_keeps_what_it_learned(runs: dict[str, Run], tmp_path: Path) -> None:
    checkpoint.save(runs["interaction"], tmp_path / "before")
    client = Client(opened(tmp_path / "before"))
    asked = request() | {"labels": [1.0, 0, 0, 0, 0, 0]}
    asked.pop("candidate_ids")
    losses = [client("train", **asked)["loss"] for _ in range(30)]
    assert losses[-1] < losses[0] / 2
    assert client("status")["model_version"] == 31
    assert client("save_checkpoint", path=str(tmp_path / "after")) == {"saved": True}
    again = Client(opened(tmp_path / "after"))
    assert again("score", **request()) == client("score", **request())
    assert checkpoint.load(tmp_path / "after").sources == runs["interaction"].sources


@pytest.mark.parametrize("model", ["interaction", "linear"])
def test_numbers_beyond_its_own_are_refused_and_change_nothing(runs: dict[str, Run], model: str) -> None:
    client = Client(TorchScorer(runs[model]))
    before = client("score", **request())
    huge = request()
    huge["candidate_features"][0][0] = huge["candidate_embeddings"][0][0] = 1e300  # type: ignore[index]
    infinite = request() | {"candidate_features": [[1e300] * 17] * 6, "candidate_embeddings": [[1e300] * 8] * 6}
    assert client("score", **infinite)["code"] == -32000
    asked = {name: value for name, value in huge.items() if name != "candidate_ids"}
    assert client("train", **asked, labels=[0, 1.0, 0, 0, 0, 0])["step"] == 0
    assert client("score", **request()) == before


def test_equal_servers_learn_alike(runs: dict[str, Run], database: Path, tmp_path: Path) -> None:
    small = toy(sessions=12, candidates=5, dimension=4)
    checkpoint.save(train([(small, 1.0)], model="interaction", epochs=1), tmp_path / "four")
    answers = []
    for _ in range(2):
        torch.manual_seed(len(answers))
        client = Client(opened(tmp_path / "four"))
        answer = client("train_from_db", db_path=str(database), epochs=2, checkpoint_path=str(tmp_path / "saved"))
        answers.append(answer | {"duration_ms": 0})
    assert answers[0] == answers[1]
    assert answers[0]["samples_used"] == 7
    assert answers[0]["checkpoint_saved"]
    assert isinstance(opened(tmp_path / "saved"), TorchScorer)


def test_a_saved_checkpoint_knows_the_sessions_that_it_learned_from(database: Path, tmp_path: Path) -> None:
    """Under the ids that an import gives them, so that no evaluation asks of them."""
    odd = tmp_path / "odd.db"
    odd.write_bytes(database.read_bytes())
    with closing(sqlite3.connect(odd)) as opened_, opened_:
        for table in ("session_scores", "session_memories"):
            opened_.execute(f"UPDATE {table} SET session_key = 'the @ first' WHERE session_key = 'sess-01'")
    run = train([(toy(sessions=12, candidates=5, dimension=4), 1.0)], model="linear", epochs=1)
    client = Client(TorchScorer(run))
    client("train_from_db", db_path=str(odd))
    client("save_checkpoint", path=str(tmp_path / "after"))
    imported = render(signet.read(odd).world, Spec(labels="observed", dimension=4))
    assert len(imported) == 7
    assert not len(unseen(imported, checkpoint.load(tmp_path / "after").seen))
    assert len(unseen(imported, run.seen)) == 7


def test_trees_are_served_and_refuse_to_learn_by_the_session(tmp_path: Path) -> None:
    run = train([(toy(sessions=12, candidates=5, dimension=8), 1.0)], model="linear", epochs=1)
    trees = replace(run, scorer=LambdaMart(), config=Config.of("lambdamart", {}), history=(), best=-1)
    checkpoint.save(trees, tmp_path / "trees")
    client = Client(opened(tmp_path / "trees"))
    assert len(client("score", **request())["scores"]) == 6
    asked = {name: value for name, value in request().items() if name != "candidate_ids"}
    refused = client("train", **asked, labels=[1.0, 0, 0, 0, 0, 0])
    assert refused["code"] == -32000
    assert "lambdamart" in refused["message"]
    assert client("status")["model_version"] == 1


def test_signet_checkpoints_of_both_kinds_are_served_alike(runs: dict[str, Run], tmp_path: Path) -> None:
    checkpoint.save(runs["signet"], tmp_path / "ours")
    sgpt.write(runs["signet"].scorer, tmp_path / "theirs")
    ours, theirs = (opened(tmp_path / name) for name in ("ours", "theirs"))
    assert isinstance(ours, SignetScorer)
    assert Client(ours)("score", **request()) == Client(theirs)("score", **request())


def test_what_the_flag_of_the_sidecar_starts_with(runs: dict[str, Run], tmp_path: Path) -> None:
    first = double(8).gate.detach().numpy()
    served, words = resumed(tmp_path / "none", 8)
    assert "no checkpoint at" in words
    (tmp_path / "broken").write_bytes(b"SGPT")
    served, words = resumed(tmp_path / "broken", 8)
    assert "the weights are the first ones" in words
    np.testing.assert_array_equal(served.replica.weights["gate"], first)  # type: ignore[attr-defined]
    sgpt.write(Signet(4), tmp_path / "other")
    served, words = resumed(tmp_path / "other", 8)
    assert "embeddings of 4 numbers, not 8" in words
    assert served.dimension == 8
    served, words = resumed(tmp_path / "other", 4)
    assert (served.dimension, words) == (4, "")
    with pytest.raises(UsageError, match="--native-dim says 8"):
        require_dimension(served, 8, tmp_path / "other")
    require_dimension(fresh(4), None, tmp_path)
    assert json.dumps(Client(fresh(4))("status"))
